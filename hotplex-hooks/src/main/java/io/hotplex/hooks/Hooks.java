package io.hotplex.hooks;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.EventHookFactory;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.api.spi.HookStatus;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalReader;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.hooks.internal.delivery.RunningHooks;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Runs hooks beside an engine: each reads the journal from its own place, on threads of its own, and retries until its
 * receiver has every event. With a durable journal the place outlives the engine.
 *
 * <pre>{@code
 * Hooks hooks = Hooks.builder(Path.of("/var/lib/hotplex/hooks"))
 *         .hook(HookConfig.of("ops", "webhook", Map.of("url", "https://ops.example.com/hotplex")))
 *         .open();
 * Engine engine = HotPlex.builder().reader(hooks).build();
 * }</pre>
 *
 * <p>Thread-safe. The engine closes it.
 */
public final class Hooks implements JournalReader {
    private final RunningHooks running;
    private final List<SlackAnswers> slackAnswers;

    private Hooks(RunningHooks running, List<SlackAnswers> slackAnswers) {
        this.running = running;
        this.slackAnswers = List.copyOf(slackAnswers);
    }

    /** @param directory where hooks keep their places, and what they could not deliver */
    public static Builder builder(Path directory) {
        return new Builder(directory);
    }

    /** What reads the answers that come from Slack, for each hook that takes some. */
    public List<SlackAnswers> slackAnswers() {
        return slackAnswers;
    }

    /** How each hook is doing, in the order in which they were added. */
    public List<HookStatus> status() {
        return running.status();
    }

    /** Whether an engine has begun, and not ended, to let them read. */
    public boolean running() {
        return running.running();
    }

    /**
     * Where the traces of turns are known, as W3C Trace Context, or {@code null} for one that is not; else a turn has
     * the trace that its prompt came with. To be set before the engine opens.
     */
    public void traces(Function<String, @Nullable String> value) {
        running.traces(value);
    }

    @Override
    public void start(Journal journal) {
        running.start(journal);
    }

    @Override
    public void opened(SessionSpec spec, SessionLog log) {
        running.opened(spec, log);
    }

    @Override
    public void readable(String sessionId, long newest) {
        running.readable(sessionId, newest);
    }

    @Override
    public void completed(String sessionId) {
        running.completed(sessionId);
    }

    @Override
    public void deleting(String sessionId) {
        running.deleting(sessionId);
    }

    @Override
    public void deleted(String sessionId) {
        running.deleted(sessionId);
    }

    @Override
    public void close() {
        running.close();
    }

    /** Collects hooks. Not thread-safe. */
    public static final class Builder {
        private final Path directory;
        private final List<HookConfig> configs = new ArrayList<>();
        private final Map<String, EventHookFactory> factories = new HashMap<>();
        private Map<String, String> environment = Map.of();
        private Duration drainTimeout = Duration.ofSeconds(5);
        private Clock clock = Clock.systemUTC();

        private Builder(Path directory) {
            this.directory = Objects.requireNonNull(directory, "directory");
            for (EventHookFactory factory : ServiceLoader.load(EventHookFactory.class)) {
                factories.putIfAbsent(factory.type(), factory);
            }
        }

        /** Adds a hook. */
        public Builder hook(HookConfig value) {
            configs.add(value);
            return this;
        }

        /** Adds a type of hook besides those on the class path; it counts more than one of the same name there. */
        public Builder factory(EventHookFactory value) {
            factories.put(value.type(), value);
            return this;
        }

        /** Where secrets are that are configured as variables. */
        public Builder environment(Map<String, String> value) {
            environment = Map.copyOf(value);
            return this;
        }

        /** How long the end of the engine waits for what can still be delivered. */
        public Builder drainTimeout(Duration value) {
            drainTimeout = Objects.requireNonNull(value, "drainTimeout");
            return this;
        }

        /** Gives the time of day. */
        public Builder clock(Clock value) {
            clock = Objects.requireNonNull(value, "clock");
            return this;
        }

        /**
         * What operators do with one of the hooks, added or not.
         *
         * @throws HotPlexException CONFIG_INVALID when there is no hook of its type
         */
        public HookDesk desk(HookConfig hook) {
            return new HookDesk(directory, hook, factories, environment, clock);
        }

        /**
         * Makes the hooks; they begin with the engine.
         *
         * @throws HotPlexException CONFIG_INVALID when a setting is unknown, missing or cannot be used, or two hooks
         *     have one name; STATE_IN_USE when another engine runs a hook from the same directory. Then none is left
         */
        public Hooks open() {
            if (configs.stream().map(HookConfig::name).distinct().count() < configs.size()) {
                throw new HotPlexException(
                        ErrorCode.CONFIG_INVALID, "two hooks have one name (expected: each its own)");
            }
            List<SlackAnswers> answers = configs.stream()
                    .flatMap(config -> SlackAnswers.of(config, environment, clock).stream())
                    .toList();
            return new Hooks(
                    RunningHooks.open(directory, configs, factories, environment, drainTimeout, clock), answers);
        }
    }
}
