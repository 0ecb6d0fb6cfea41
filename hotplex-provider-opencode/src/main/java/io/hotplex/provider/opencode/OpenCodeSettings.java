package io.hotplex.provider.opencode;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.ProviderConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A provider's settings, read and checked once. Immutable; values are not printed. */
final class OpenCodeSettings {
    private static final Set<String> KEYS = Set.of(
            "enabled",
            "command",
            "command-args",
            "process",
            "server-idle",
            "recycle-turns",
            "recycle-memory-mb",
            "model",
            "agent",
            "permission-mode",
            "allow-permission-bypass",
            "tools",
            "allowed-tools",
            "disallowed-tools",
            "append-system-prompt",
            "snapshots",
            "environment.",
            "inherit");

    /** What we set ourselves: one that is given would be lost, or let somebody else in. */
    private static final Set<String> OURS =
            Set.of("OPENCODE_SERVER_PASSWORD", "OPENCODE_SERVER_USERNAME", "OPENCODE_PERMISSION");

    /** A day of work of a busy team; memory settles long before. */
    private static final int DEFAULT_RECYCLE_TURNS = 1_000;

    /** Some three times what a server settles at. */
    private static final int DEFAULT_RECYCLE_MEMORY_MB = 1_500;

    private static final Duration DEFAULT_IDLE = Duration.ofMinutes(1);
    private static final int MEGABYTE = 20;

    /** A server says that it lives every ten seconds. */
    private static final Duration SILENCE_LIMIT = Duration.ofSeconds(35);

    /** A turn is aborted in about as long. */
    private static final Duration ABORT_PAUSE = Duration.ofMillis(100);

    private final ProviderConfig config;

    private OpenCodeSettings(ProviderConfig config) {
        this.config = config;
    }

    /** @throws HotPlexException CONFIG_INVALID, naming the key */
    static OpenCodeSettings of(ProviderConfig config) {
        config.allowOnly(KEYS);
        OpenCodeSettings settings = new OpenCodeSettings(config);
        settings.check();
        return settings;
    }

    private void check() {
        if (command().isBlank()) {
            throw invalid("command", "must not be empty");
        }
        config.flag("enabled", true);
        oneOf("process", List.of("shared", "per-session"));
        oneOf("snapshots", List.of("off", "on", "config"));
        limits();
        String problem = Permissions.problem(permissionMode(), bypassAllowed());
        if (problem != null) {
            throw invalid("permission-mode", problem);
        }
        for (String tool : allowedTools()) {
            if (disallowedTools().contains(tool)) {
                throw invalid("allowed-tools", "'" + tool + "' is in disallowed-tools as well");
            }
        }
        environment().forEach((name, value) -> {
            if (name.isEmpty() || name.indexOf('=') >= 0 || name.indexOf('\0') >= 0 || value.indexOf('\0') >= 0) {
                throw invalid("environment.", "a name is empty or has '=', or a NUL byte occurs");
            }
            if (OURS.contains(name)) {
                throw invalid("environment." + name, "is set by HotPlex");
            }
        });
    }

    private void oneOf(String key, List<String> values) {
        String value = config.text(key);
        if (value != null && !values.contains(value)) {
            throw invalid(key, "'" + value + "' (expected: " + String.join(", ", values) + ")");
        }
    }

    private HotPlexException invalid(String key, String what) {
        return new HotPlexException(ErrorCode.CONFIG_INVALID, "provider." + config.name() + "." + key + ": " + what);
    }

    /** Whether a variable of the environment is ours alone to set. */
    static boolean ours(String variable) {
        return OURS.contains(variable);
    }

    String command() {
        String command = config.text("command");
        return command == null ? "opencode" : command.strip();
    }

    List<String> commandArguments() {
        return config.list("command-args");
    }

    /** Whether every session has a server for itself. */
    boolean processPerSession() {
        return "per-session".equals(config.text("process"));
    }

    ServerLimits limits() {
        String idle = config.text("server-idle");
        Duration duration = idle == null ? DEFAULT_IDLE : ProviderConfig.parseDuration(idle);
        if (duration == null || duration.compareTo(Duration.ofDays(365)) > 0) {
            throw invalid("server-idle", "'" + idle + "' (expected: a duration such as 30s or 10m, at most 365d)");
        }
        return new ServerLimits(
                duration,
                config.number("recycle-turns", DEFAULT_RECYCLE_TURNS, 0, Integer.MAX_VALUE),
                (long) config.number("recycle-memory-mb", DEFAULT_RECYCLE_MEMORY_MB, 0, Integer.MAX_VALUE) << MEGABYTE,
                SILENCE_LIMIT,
                ABORT_PAUSE);
    }

    @Nullable
    String model() {
        return config.text("model");
    }

    @Nullable
    String agent() {
        return config.text("agent");
    }

    @Nullable
    String permissionMode() {
        return config.text("permission-mode");
    }

    boolean bypassAllowed() {
        return config.flag("allow-permission-bypass", false);
    }

    /** {@code null} when unset, empty for no tools. */
    @Nullable
    List<String> tools() {
        return config.text("tools") == null ? null : list("tools");
    }

    List<String> allowedTools() {
        return list("allowed-tools");
    }

    List<String> disallowedTools() {
        return list("disallowed-tools");
    }

    @Nullable
    String appendSystemPrompt() {
        return config.text("append-system-prompt");
    }

    /** Whether OpenCode keeps snapshots of the work directory, or {@code null} when its own configuration says. */
    @Nullable
    Boolean snapshots() {
        String value = config.text("snapshots");
        return "config".equals(value) ? null : (Boolean) "on".equals(value);
    }

    Map<String, String> environment() {
        return config.section("environment.");
    }

    List<String> inherit() {
        return config.list("inherit");
    }

    /** Splits at commas that are not inside of parentheses: {@code read,bash(git log *, git diff *)} has two items. */
    private List<String> list(String key) {
        String value = config.text(key);
        List<String> items = new ArrayList<>();
        StringBuilder item = new StringBuilder();
        int depth = 0;
        for (char c : (value == null ? "" : value + ",").toCharArray()) {
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
            if (c == ',' && depth <= 0) {
                if (!item.toString().isBlank()) {
                    items.add(item.toString().strip());
                }
                item.setLength(0);
                depth = 0;
            } else {
                item.append(c);
            }
        }
        if (!item.toString().isBlank()) {
            throw invalid(key, "a parenthesis is not closed");
        }
        return List.copyOf(items);
    }

    @Override
    public String toString() {
        return "OpenCodeSettings[" + config.name() + "]";
    }
}
