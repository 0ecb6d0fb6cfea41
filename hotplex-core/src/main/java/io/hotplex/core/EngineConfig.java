package io.hotplex.core;

import static io.hotplex.core.config.ValueType.amount;
import static io.hotplex.core.config.ValueType.choice;
import static io.hotplex.core.config.ValueType.count;
import static io.hotplex.core.config.ValueType.duration;
import static io.hotplex.core.config.ValueType.flag;
import static io.hotplex.core.config.ValueType.listOf;
import static io.hotplex.core.config.ValueType.orNone;
import static io.hotplex.core.config.ValueType.path;
import static io.hotplex.core.config.ValueType.size;
import static io.hotplex.core.config.ValueType.text;

import io.hotplex.api.Confinement;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.ResourceLimits;
import io.hotplex.api.spi.GuardConfig;
import io.hotplex.api.spi.JournalConfig;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.LauncherConfig.GuardianMode;
import io.hotplex.api.spi.ToolGuard;
import io.hotplex.core.config.ConfigKey;
import io.hotplex.core.config.ConfigTable;
import io.hotplex.core.config.ConfigValues;
import io.hotplex.core.config.ValueType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The settings of an engine. Immutable and thread-safe.
 *
 * <p>Each setting is a typed {@link ConfigKey}; the constants below are the table that reading, defaults, documentation
 * and checks come from:
 *
 * <pre>{@code
 * EngineConfig config = EngineConfig.builder()
 *         .set(EngineConfig.TURN_TIMEOUT, Duration.ofMinutes(10))
 *         .build();
 * Duration limit = config.get(EngineConfig.TURN_TIMEOUT);
 * }</pre>
 *
 * As text, durations are written {@code 500ms}, {@code 30s}, {@code 10m}, {@code 2h}; sizes {@code 65536},
 * {@code 16KiB}, {@code 64MiB}, {@code 1GiB}; lists are separated by commas.
 */
public final class EngineConfig {
    private static final ConfigTable KEYS = new ConfigTable("the engine");

    private static final int MANY = 1_000_000;
    private static final long GIB = 1L << 30;
    /**
     * By how much a prompt may grow on its way to an agent: quotes and line ends become two bytes each in JSON, images
     * a third more in base64. A text of nothing but control characters would grow by six; it ends the process.
     */
    private static final int PROMPT_GROWTH = 2;

    private static final Pattern NAMESPACE_TEXT = Pattern.compile("[A-Za-z0-9._-]{1,64}");
    private static final Pattern PROVIDER_TEXT = Pattern.compile("(?:[a-z0-9][a-z0-9-]{0,62})?");
    /** A password in it would be seen wherever settings are printed. */
    private static final Pattern URL_TEXT = Pattern.compile("(?:jdbc:(?!.*[?&;]password=)[^\\s@]+)?");

    private static final Pattern HOST_TEXT = Pattern.compile("(?:\\*\\.)?[A-Za-z0-9.:_-]{1,253}");

    private static final Pattern VARIABLE_TEXT = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*\\*?");

    public static final ConfigKey<String> NAMESPACE = key(
            "namespace",
            text("1 to 64 letters, digits, dots, dashes or underscores", NAMESPACE_TEXT),
            "default",
            "Makes the ids of conversations in agents distinct; engines of one namespace share them.");
    public static final ConfigKey<String> DEFAULT_PROVIDER = key(
            "default-provider",
            text("a provider's name, or nothing", PROVIDER_TEXT),
            "",
            "Provider of sessions that name none; empty is the first configured one.");
    public static final ConfigKey<Path> STATE_DIRECTORY =
            key("state-directory", path(), "~/.hotplex", "Where the engine keeps its files.");
    public static final ConfigKey<List<Path>> WORK_DIR_ROOTS = key(
            "work-dir-roots",
            listOf(path()),
            "",
            "Directories that working directories must lie in; empty allows any existing directory.");

    public static final ConfigKey<Integer> MAX_SESSIONS =
            key("max-sessions", count(1, MANY), "10000", "Sessions of the engine that do not sleep.");
    public static final ConfigKey<Integer> MAX_SESSIONS_PER_OWNER =
            key("max-sessions-per-owner", count(1, MANY), "1000", "Sessions of one owner that do not sleep.");
    public static final ConfigKey<Integer> MAX_PROCESSES =
            key("max-processes", count(1, MANY), "64", "Agent processes that live at the same time.");
    public static final ConfigKey<Integer> MAX_STARTING_PROCESSES =
            key("max-starting-processes", count(1, MANY), "4", "Agent processes that start at the same time.");

    public static final ConfigKey<Duration> ADMISSION_TIMEOUT =
            key("admission-timeout", duration(), "30s", "How long a turn waits for a free process slot.");
    public static final ConfigKey<Duration> IDLE_TIMEOUT = key(
            "idle-timeout",
            duration(),
            "30m",
            "A process that was idle for this long is closed; its session stays, and sleeps in a durable journal.");
    public static final ConfigKey<Duration> START_TIMEOUT =
            key("start-timeout", duration(), "60s", "From an agent's launch until it is ready.");
    public static final ConfigKey<Duration> TURN_TIMEOUT =
            key("turn-timeout", duration(), "30m", "From a turn's start to its end, unless its prompt says otherwise.");
    public static final ConfigKey<Duration> FIRST_OUTPUT_TIMEOUT =
            key("first-output-timeout", duration(), "5m", "From a turn's start until the agent says something.");
    public static final ConfigKey<Duration> INTERRUPT_GRACE = key(
            "interrupt-grace", duration(), "5s", "How long an interrupted turn may take before its process is killed.");
    public static final ConfigKey<Duration> SETTING_TIMEOUT =
            key("setting-timeout", duration(), "30s", "How long an agent may take to confirm a changed setting.");
    public static final ConfigKey<Duration> EOF_GRACE =
            key("eof-grace", duration(), "2s", "From closing an agent's input to the termination signal.");
    public static final ConfigKey<Duration> TERM_GRACE =
            key("term-grace", duration(), "2s", "From the termination signal to the kill signal.");
    public static final ConfigKey<Duration> SHUTDOWN_TIMEOUT =
            key("shutdown-timeout", duration(), "15s", "How long closing the engine waits for its processes to end.");

    public static final ConfigKey<Integer> CRASH_LOOP_LIMIT =
            key("crash-loop-limit", count(1, MANY), "3", "So many crashes within the window suspend starts.");
    public static final ConfigKey<Duration> CRASH_LOOP_WINDOW =
            key("crash-loop-window", duration(), "5m", "The time in which crashes are counted.");
    public static final ConfigKey<Duration> CRASH_LOOP_PAUSE =
            key("crash-loop-pause", duration(), "1m", "How long starts stay suspended.");

    public static final ConfigKey<Long> PROMPT_MAX_BYTES = key(
            "prompt-max-bytes", size(1, GIB), "16MiB", "Largest prompt: text, instructions and attachments together.");
    public static final ConfigKey<Integer> QUEUE_MAX_TURNS = key(
            "queue-max-turns",
            count(1, MANY),
            "32",
            "Turns that may wait in one session; twice as many when each replaces those before it.");
    public static final ConfigKey<Integer> IDEMPOTENCY_MAX_IDS = key(
            "idempotency-max-ids",
            count(1, MANY),
            "1024",
            "Client ids of prompts that a session remembers, while the results of their turns have at most 1 MiB.");
    public static final ConfigKey<Integer> TURN_HISTORY_MAX = key(
            "turn-history-max",
            count(1, MANY),
            "100",
            "Ended turns that a session remembers, while their results have at most 1 MiB.");
    public static final ConfigKey<Integer> PENDING_REQUESTS_MAX = key(
            "pending-requests-max",
            count(1, MANY),
            "64",
            "Permission requests and questions of one session that its agent waits for.");

    public static final ConfigKey<Duration> PERMISSION_TIMEOUT = key(
            "permission-timeout",
            duration(),
            "24h",
            "How long people have to answer a permission request or a question, unless a rule says otherwise.");

    public static final ConfigKey<String> GUARD = key(
            "guard",
            choice("on", "required", "off"),
            "on",
            "Whether the guards that are on the class path look at prompts and tool calls; required wants some, and agents that tell of every call.");
    public static final ConfigKey<Boolean> GUARD_DEFAULT_RULES =
            key("guard-default-rules", flag(), "true", "Whether the rules that come with the guard are used.");
    public static final ConfigKey<List<Path>> GUARD_RULES = key(
            "guard-rules",
            listOf(path()),
            "",
            "Files with further rules, or directories of them; a change is in force a second later.");
    public static final ConfigKey<List<Path>> GUARD_ROOTS = key(
            "guard-roots",
            listOf(path()),
            "",
            "Where tools may write besides the work directory and what is temporary.");
    public static final ConfigKey<String> GUARD_OUTSIDE_WRITES = key(
            "guard-outside-writes",
            choice("allow", "ask", "deny"),
            "ask",
            "What becomes of a tool call that writes elsewhere, links resolved.");
    public static final ConfigKey<String> GUARD_OUTSIDE_READS = key(
            "guard-outside-reads",
            choice("allow", "ask", "deny"),
            "allow",
            "What becomes of a tool call that reads elsewhere, links resolved; secrets have rules of their own.");
    public static final ConfigKey<List<String>> GUARD_HOSTS = key(
            "guard-hosts",
            listOf(text("a host name, an address, or * and a domain", HOST_TEXT)),
            "",
            "Hosts that tools may name, *.example.org for all below; others are denied. Empty allows any.");
    public static final ConfigKey<Optional<Duration>> GUARD_BYPASS_MAX = key(
            "guard-bypass-max",
            orNone(duration()),
            "none",
            "How long an operator may switch the guards off for a session; none is never.");

    public static final ConfigKey<Boolean> REDACT_SECRETS = key(
            "redact-secrets",
            flag(),
            "true",
            "Whether keys and tokens are taken out of events and the log: those that the engine knows, and what looks like one.");

    public static final ConfigKey<String> JOURNAL = key(
            "journal",
            text("memory, or a kind of durable journal that is on the class path", PROVIDER_TEXT),
            "memory",
            "Where sessions and their events are kept: memory, sqlite or postgresql.");
    public static final ConfigKey<String> JOURNAL_URL = key(
            "journal-url",
            text("a JDBC URL without a password, or nothing", URL_TEXT),
            "",
            "The database of a postgresql journal; its password comes from the password file of PostgreSQL.");
    public static final ConfigKey<String> JOURNAL_ACKNOWLEDGEMENT = key(
            "journal-acknowledgement",
            choice("memory", "written", "synced"),
            "written",
            "What an event has survived when readers see it: nothing, the end of the JVM, a loss of power.");
    public static final ConfigKey<Long> JOURNAL_BACKLOG_BYTES = key(
            "journal-backlog-bytes",
            size(1 << 10, 1L << 40),
            "64MiB",
            "What may wait to be written to a durable journal before reading from agents pauses.");
    public static final ConfigKey<Duration> JOURNAL_KEEP =
            key("journal-keep", duration(), "720h", "How long a durable journal keeps events.");
    public static final ConfigKey<Long> JOURNAL_KEEP_BYTES = key(
            "journal-keep-bytes", size(1 << 10, 1L << 50), "16GiB", "What a durable journal keeps of all sessions.");
    public static final ConfigKey<Long> JOURNAL_KEEP_BYTES_PER_SESSION = key(
            "journal-keep-bytes-per-session",
            size(1 << 10, 1L << 50),
            "1GiB",
            "What a durable journal keeps of one session.");
    public static final ConfigKey<Integer> JOURNAL_KEEP_RECORDS_PER_SESSION = key(
            "journal-keep-records-per-session",
            count(1, Integer.MAX_VALUE),
            "1000000",
            "Records that a durable journal keeps of one session.");
    public static final ConfigKey<Integer> JOURNAL_KEEP_SESSIONS = key(
            "journal-keep-sessions",
            count(1, MANY),
            "100000",
            "Sleeping sessions that a durable journal keeps; beyond that those go that were unused for longest.");
    public static final ConfigKey<String> QUEUED_TURNS_AFTER_RESTART = key(
            "queued-turns-after-restart",
            choice("run", "cancel"),
            "run",
            "What becomes of prompts that waited in a durable journal when the last engine ended.");
    public static final ConfigKey<Long> JOURNAL_MAX_BYTES = key(
            "journal-max-bytes", size(1 << 10, 1L << 44), "256MiB", "Memory of the journals of all sessions together.");
    public static final ConfigKey<Long> JOURNAL_MAX_BYTES_PER_SESSION = key(
            "journal-max-bytes-per-session", size(1 << 10, 1L << 44), "16MiB", "Memory of the journal of one session.");
    public static final ConfigKey<Integer> SUBSCRIPTION_BATCH =
            key("subscription-batch", count(1, 65_536), "256", "Records that a subscription reads at once.");
    public static final ConfigKey<Integer> MERGE_BACKLOG = key(
            "merge-backlog",
            count(1, Integer.MAX_VALUE),
            "512",
            "A subscriber that is more records behind gets adjacent text deltas merged.");
    public static final ConfigKey<Long> MAILBOX_MAX_BYTES = key(
            "mailbox-max-bytes",
            size(1, GIB),
            "8MiB",
            "Output that may wait for a session's owner before reading from its agent pauses.");

    public static final ConfigKey<String> LAUNCHER = key(
            "launcher", choice("auto", "posix", "job-object", "portable"), "auto", "How agent processes are started.");
    public static final ConfigKey<Integer> IO_THREADS =
            key("io-threads", count(1, 64), "1", "Threads that read from and write to agents.");
    public static final ConfigKey<Long> MAX_LINE_BYTES = key(
            "max-line-bytes",
            size(1 << 10, GIB),
            "64MiB",
            "Longest line of an agent; the rest of a longer one is dropped.");
    public static final ConfigKey<Long> STDIN_QUEUE_BYTES = key(
            "stdin-queue-bytes",
            size(1 << 10, GIB),
            "64MiB",
            "Bytes that may wait to be written to one agent; at least twice prompt-max-bytes, since a prompt grows as it is encoded.");
    public static final ConfigKey<Integer> STDERR_TAIL_LINES = key(
            "stderr-tail-lines",
            count(0, 10_000),
            "20",
            "Last lines of an agent's error output that are kept for reports.");
    public static final ConfigKey<Duration> DRAIN_TIMEOUT = key(
            "drain-timeout",
            duration(),
            "1s",
            "How long output is read after an agent ended while others hold its pipes.");
    public static final ConfigKey<String> GUARDIAN = key(
            "guardian",
            choice("on", "required", "off"),
            "on",
            "A process that kills the agents when this one is killed; required refuses to start agents without it.");
    public static final ConfigKey<Duration> SWEEP_TIMEOUT = key(
            "sweep-timeout",
            duration(),
            "5s",
            "How long, after an agent ended, descendants that left its process group are searched for and killed; at most 1m.");
    public static final ConfigKey<List<String>> INHERIT_ENVIRONMENT = key(
            "inherit-environment",
            listOf(text("the name of an environment variable, or a prefix and *", VARIABLE_TEXT)),
            "",
            "Environment variables that every agent inherits besides the basic ones; NAME* matches a prefix.");

    public static final ConfigKey<String> CONFINEMENT = key(
            "confinement",
            choice("none", "cgroup", "pid-namespace", "bubblewrap"),
            "none",
            "What agents are kept in, unless their session says otherwise.");
    public static final ConfigKey<Boolean> CONFINEMENT_STRICT = key(
            "confinement-strict",
            flag(),
            "false",
            "Whether an agent that cannot be confined or limited as asked is refused; else it gets the best there is.");
    public static final ConfigKey<Boolean> CONFINEMENT_NETWORK = key(
            "confinement-network",
            flag(),
            "true",
            "Whether confined agents may use the network; bubblewrap alone can take it away, and is strict then.");
    public static final ConfigKey<List<Path>> CONFINEMENT_WRITABLE_PATHS = key(
            "confinement-writable-paths",
            listOf(path()),
            "",
            "What agents in bubblewrap may write to besides their working directory and their own state.");
    public static final ConfigKey<List<Path>> CONFINEMENT_READ_ONLY_PATHS = key(
            "confinement-read-only-paths",
            listOf(path()),
            "",
            "What agents in bubblewrap may read although it lies where they see nothing, such as in a home directory.");
    public static final ConfigKey<List<Path>> CONFINEMENT_HIDDEN_PATHS = key(
            "confinement-hidden-paths",
            listOf(path()),
            "",
            "What agents in bubblewrap must not see besides the state directory, such as a file with keys.");
    public static final ConfigKey<Optional<Path>> CGROUP_PARENT = key(
            "cgroup-parent",
            orNone(path()),
            "none",
            "Control group (v2) in which those of agents are made; none is the engine's own.");
    public static final ConfigKey<Optional<Long>> LIMIT_MEMORY = key(
            "limit-memory",
            orNone(size(1 << 20, 1L << 50)),
            "none",
            "Memory of an agent with everything it starts; needs a control group with the memory controller.");
    public static final ConfigKey<Optional<Integer>> LIMIT_PROCESSES = key(
            "limit-processes",
            orNone(count(1, MANY)),
            "none",
            "Processes and threads of an agent with everything it starts; needs the pids controller.");
    public static final ConfigKey<Optional<Double>> LIMIT_CPUS = key(
            "limit-cpus",
            orNone(amount(0.01, 10_000)),
            "none",
            "Processors that an agent with everything it starts may keep busy; needs the cpu controller.");
    public static final ConfigKey<Optional<Integer>> LIMIT_OPEN_FILES =
            key("limit-open-files", orNone(count(16, 1 << 30)), "none", "Descriptors of each process of an agent.");
    public static final ConfigKey<Optional<Long>> LIMIT_CORE_SIZE = key(
            "limit-core-size", orNone(size(0, 1L << 50)), "none", "Size of a core dump of an agent; 0 for no dumps.");
    public static final ConfigKey<Optional<Integer>> LIMIT_USER_PROCESSES = key(
            "limit-user-processes",
            orNone(count(1, Integer.MAX_VALUE)),
            "none",
            "Agents cannot fork while their system user has more processes and threads than this; not for root.");
    public static final ConfigKey<Optional<Integer>> MAX_DESCENDANTS = key(
            "max-descendants",
            orNone(count(1, MANY)),
            "none",
            "An idle agent that has more processes beside its own is closed; the next prompt resumes it.");
    public static final ConfigKey<Optional<Long>> MAX_RSS = key(
            "max-rss",
            orNone(size(1 << 20, 1L << 50)),
            "none",
            "An idle agent that holds more memory, with everything it started, is closed; the next prompt resumes it.");

    private final ConfigValues values;

    private EngineConfig(ConfigValues values) {
        this.values = values;
    }

    /** A builder that has every default. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Reads settings from text; keys that are not there have their defaults.
     *
     * @throws HotPlexException CONFIG_INVALID for an unknown key, an unreadable value, or settings that contradict each
     *     other
     */
    public static EngineConfig fromProperties(Map<String, String> properties) {
        Builder builder = builder();
        properties.forEach(builder::set);
        return builder.build();
    }

    /** Every key, in the order of documentation. */
    public static List<ConfigKey<?>> keys() {
        return KEYS.keys();
    }

    /** The value of a setting. */
    public <T> T get(ConfigKey<T> key) {
        return values.get(key);
    }

    /** The part of the settings that a process launcher needs. */
    public LauncherConfig launcherConfig() {
        return LauncherConfig.builder()
                .kind(get(LAUNCHER))
                .ioThreads(get(IO_THREADS))
                .maxLineBytes(Math.toIntExact(get(MAX_LINE_BYTES)))
                .stdinQueueBytes(Math.toIntExact(get(STDIN_QUEUE_BYTES)))
                .stderrTailLines(get(STDERR_TAIL_LINES))
                .drainTimeout(get(DRAIN_TIMEOUT))
                .inherit(get(INHERIT_ENVIRONMENT))
                .cgroupParent(get(CGROUP_PARENT).orElse(null))
                .guardian(GuardianMode.valueOf(get(GUARDIAN).toUpperCase(Locale.ROOT)))
                .stateDirectory(get(STATE_DIRECTORY))
                .sweepTimeout(get(SWEEP_TIMEOUT))
                .build();
    }

    /** What agents are kept in, and what they may use, unless their session says otherwise. */
    public Confinement confinement() {
        return new Confinement(
                Confinement.Kind.valueOf(
                        get(CONFINEMENT).toUpperCase(Locale.ROOT).replace('-', '_')),
                get(CONFINEMENT_STRICT),
                get(CONFINEMENT_NETWORK),
                get(CONFINEMENT_WRITABLE_PATHS),
                get(CONFINEMENT_READ_ONLY_PATHS));
    }

    /** What agents may use at most, unless their session says otherwise. */
    public ResourceLimits limits() {
        return new ResourceLimits(
                get(LIMIT_MEMORY).orElse(null),
                get(LIMIT_PROCESSES).orElse(null),
                get(LIMIT_CPUS).orElse(null),
                get(LIMIT_OPEN_FILES).orElse(null),
                get(LIMIT_CORE_SIZE).orElse(null),
                get(LIMIT_USER_PROCESSES).orElse(null));
    }

    /** The part of the settings that guards need. */
    public GuardConfig guardConfig() {
        return new GuardConfig(
                get(GUARD_DEFAULT_RULES),
                get(GUARD_RULES),
                get(GUARD_ROOTS),
                action(GUARD_OUTSIDE_WRITES),
                action(GUARD_OUTSIDE_READS),
                get(GUARD_HOSTS));
    }

    private ToolGuard.Action action(ConfigKey<String> key) {
        return get(key).equals("allow")
                ? ToolGuard.Action.NONE // it has nothing against it, which is no permission
                : ToolGuard.Action.valueOf(get(key).toUpperCase(Locale.ROOT));
    }

    /** The part of the settings that a durable journal needs. */
    public JournalConfig journalConfig() {
        String url = get(JOURNAL_URL);
        return new JournalConfig(
                get(JOURNAL),
                get(STATE_DIRECTORY),
                url.isEmpty() ? null : url,
                false,
                JournalConfig.Acknowledgement.valueOf(
                        get(JOURNAL_ACKNOWLEDGEMENT).toUpperCase(Locale.ROOT)),
                get(JOURNAL_BACKLOG_BYTES),
                get(JOURNAL_MAX_BYTES),
                new JournalConfig.Retention(
                        get(JOURNAL_KEEP),
                        get(JOURNAL_KEEP_BYTES),
                        get(JOURNAL_KEEP_BYTES_PER_SESSION),
                        get(JOURNAL_KEEP_RECORDS_PER_SESSION)));
    }

    /** All settings as text, defaults included; {@link #fromProperties} reads it. In the order of {@link #keys()}. */
    public Map<String, String> toProperties() {
        return values.toProperties();
    }

    @Override
    public String toString() {
        return "EngineConfig" + values;
    }

    private static <T> ConfigKey<T> key(String name, ValueType<T> type, String defaultText, String description) {
        return KEYS.key(name, type, defaultText, description);
    }

    /** Collects settings. Not thread-safe. */
    public static final class Builder {
        private final ConfigValues.Builder values = ConfigValues.builder(KEYS);

        private Builder() {}

        /**
         * Sets a value.
         *
         * @throws HotPlexException CONFIG_INVALID when the value is out of the key's range
         */
        public <T> Builder set(ConfigKey<T> key, T value) {
            values.set(key, value);
            return this;
        }

        /**
         * Sets a value from text.
         *
         * @throws HotPlexException CONFIG_INVALID when the key is unknown or its value cannot be read
         */
        public Builder set(String name, String text) {
            values.set(name, text);
            return this;
        }

        /**
         * The settings.
         *
         * @throws HotPlexException CONFIG_INVALID when settings contradict each other
         */
        public EngineConfig build() {
            ConfigValues config = values.build();
            if (config.get(JOURNAL_MAX_BYTES_PER_SESSION) > config.get(JOURNAL_MAX_BYTES)) {
                throw contradiction(config, JOURNAL_MAX_BYTES_PER_SESSION, "at most", JOURNAL_MAX_BYTES);
            }
            if (config.get(STDIN_QUEUE_BYTES) < PROMPT_GROWTH * config.get(PROMPT_MAX_BYTES)) {
                throw contradiction(
                        config, STDIN_QUEUE_BYTES, "at least " + PROMPT_GROWTH + " times", PROMPT_MAX_BYTES);
            }
            if (!config.get(CONFINEMENT_NETWORK) && !config.get(CONFINEMENT).equals("bubblewrap")) {
                throw contradiction(config, CONFINEMENT_NETWORK, "true, unless bubblewrap is", CONFINEMENT);
            }
            return new EngineConfig(config);
        }

        private static HotPlexException contradiction(
                ConfigValues config, ConfigKey<?> key, String relation, ConfigKey<?> other) {
            return new HotPlexException(
                    ErrorCode.CONFIG_INVALID,
                    key + ": '" + config.print(key) + "' (expected: " + relation + " " + other + ", which is "
                            + config.print(other) + ")");
        }
    }
}
