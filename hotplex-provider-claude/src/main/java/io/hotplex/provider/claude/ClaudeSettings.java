package io.hotplex.provider.claude;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.ProviderConfig;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A provider's settings, read and checked once. Immutable; values are not printed. */
final class ClaudeSettings {
    private static final Set<String> KEYS = Set.of(
            "enabled",
            "command",
            "command-args",
            "model",
            "permission-mode",
            "allow-permission-bypass",
            "tools",
            "allowed-tools",
            "disallowed-tools",
            "system-prompt",
            "append-system-prompt",
            "mcp-config",
            "strict-mcp-config",
            "setting-sources",
            "max-retries",
            "max-turns",
            "bare",
            "extra-args",
            "config-directories",
            "environment.",
            "inherit");

    /** Arguments by which we speak with the process; given twice, they would break the protocol or the session. */
    private static final Set<String> OURS = Set.of(
            "-p",
            "--print",
            "--input-format",
            "--output-format",
            "--verbose",
            "--include-partial-messages",
            "--replay-user-messages",
            "--permission-prompt-tool",
            "--permission-mode",
            "--session-id",
            "--resume",
            "-r",
            "--continue",
            "-c",
            "--fork-session");

    private static final Set<String> BYPASSES =
            Set.of("--dangerously-skip-permissions", "--allow-dangerously-skip-permissions");

    private final ProviderConfig config;

    private ClaudeSettings(ProviderConfig config) {
        this.config = config;
    }

    /** @throws HotPlexException CONFIG_INVALID, naming the key */
    static ClaudeSettings of(ProviderConfig config) {
        config.allowOnly(KEYS);
        ClaudeSettings settings = new ClaudeSettings(config);
        settings.check();
        return settings;
    }

    private void check() {
        if (command().isBlank()) {
            throw invalid("command", "must not be empty");
        }
        config.flag("enabled", true);
        String mode = permissionMode();
        String problem = mode == null ? null : PermissionModes.problem(mode, bypassAllowed());
        if (problem != null) {
            throw invalid("permission-mode", problem);
        }
        for (String argument : extraArguments()) {
            String flag = argument.contains("=") ? argument.substring(0, argument.indexOf('=')) : argument;
            if (OURS.contains(flag)) {
                throw invalid("extra-args", flag + " is set by HotPlex");
            }
            if (BYPASSES.contains(flag) && !bypassAllowed()) {
                throw invalid("extra-args", flag + " needs allow-permission-bypass=true");
            }
        }
        for (String tool : allowedTools()) {
            if (disallowedTools().contains(tool)) {
                throw invalid("allowed-tools", "'" + tool + "' is in disallowed-tools as well");
            }
        }
        if (strictMcpConfig() && mcpConfig() == null) {
            throw invalid("strict-mcp-config", "needs mcp-config");
        }
        String mcp = mcpConfig();
        if (mcp != null && !ClaudeJson.isObject(mcp) && !isAbsolute(mcp)) {
            // Claude would look a relative path up in the work directory, which may be anybody's
            throw invalid("mcp-config", "neither a JSON object nor an absolute path");
        }
        if (config.text("config-directories") != null) {
            if (!isAbsolute(String.valueOf(config.text("config-directories")))) {
                throw invalid("config-directories", "not an absolute path");
            }
            if (environment().containsKey("CLAUDE_CONFIG_DIR")) {
                throw invalid("config-directories", "environment.CLAUDE_CONFIG_DIR is set as well");
            }
        }
        bare();
        maxRetries();
        maxTurns();
        checkEnvironment();
    }

    private static boolean isAbsolute(String path) {
        try {
            return Path.of(path).isAbsolute();
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private void checkEnvironment() {
        environment().forEach((name, value) -> {
            if (name.isEmpty() || name.indexOf('=') >= 0 || name.indexOf('\0') >= 0 || value.indexOf('\0') >= 0) {
                throw invalid("environment.", "a name is empty or has '=', or a NUL byte occurs");
            }
        });
    }

    private HotPlexException invalid(String key, String what) {
        return new HotPlexException(ErrorCode.CONFIG_INVALID, "provider." + config.name() + "." + key + ": " + what);
    }

    String command() {
        String command = config.text("command");
        return command == null ? "claude" : command.strip();
    }

    List<String> commandArguments() {
        return config.list("command-args");
    }

    @Nullable
    String model() {
        return config.text("model");
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
    String systemPrompt() {
        return config.text("system-prompt");
    }

    @Nullable
    String appendSystemPrompt() {
        return config.text("append-system-prompt");
    }

    @Nullable
    String mcpConfig() {
        return config.text("mcp-config");
    }

    boolean strictMcpConfig() {
        return config.flag("strict-mcp-config", false);
    }

    List<String> settingSources() {
        return config.text("setting-sources") == null
                ? List.of("user", "project", "local")
                : config.list("setting-sources");
    }

    /** {@code -1} for Claude's own default. */
    int maxRetries() {
        return config.number("max-retries", -1, 0, 100);
    }

    /** {@code -1} for no limit. */
    int maxTurns() {
        return config.number("max-turns", -1, 1, 10_000);
    }

    /** Whether hooks, ours among them, are left out. */
    boolean bare() {
        return config.flag("bare", false) || extraArguments().contains("--bare");
    }

    List<String> extraArguments() {
        return config.list("extra-args");
    }

    /** Where each owner of sessions has a directory with what Claude keeps; {@code null} when all share one. */
    @Nullable
    Path configDirectories() {
        String directory = config.text("config-directories");
        return directory == null ? null : Path.of(directory);
    }

    Map<String, String> environment() {
        return config.section("environment.");
    }

    List<String> inherit() {
        return config.list("inherit");
    }

    /** Splits at commas that are not inside of parentheses: {@code Read,Bash(git log:*, git diff:*)} has two items. */
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
        return "ClaudeSettings[" + config.name() + "]";
    }
}
