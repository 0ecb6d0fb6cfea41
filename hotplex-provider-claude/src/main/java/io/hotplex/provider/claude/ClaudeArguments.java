package io.hotplex.provider.claude;

import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.LaunchRequest;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The command line of a session. Immutable.
 *
 * <p>Every value is written as {@code --flag=value}, so that one which begins with a dash cannot become a flag, and one
 * that is empty stays the value of its flag.
 */
final class ClaudeArguments {
    private static final String DEFAULT_MODE = "default";

    private final ClaudeSettings settings;
    private final SessionSpec spec;

    ClaudeArguments(ClaudeSettings settings, SessionSpec spec) {
        this.settings = settings;
        this.spec = spec;
    }

    /** Everything after the program. */
    List<String> list(LaunchRequest.Start start) {
        List<String> arguments = new ArrayList<>(settings.commandArguments());
        arguments.addAll(List.of("-p", "--input-format", "stream-json", "--output-format", "stream-json"));
        // stream-json output demands it
        arguments.add("--verbose");
        arguments.add("--include-partial-messages");
        // tells which prompts a turn has taken in
        arguments.add("--replay-user-messages");
        arguments.addAll(List.of("--permission-prompt-tool", "stdio"));
        conversation(arguments, start);
        value(arguments, "--model", model());
        // said even when it is the default: otherwise settings files of the work directory would decide
        arguments.add("--permission-mode=" + (permissionMode() == null ? DEFAULT_MODE : permissionMode()));
        if (settings.bypassAllowed()) {
            // without it, a living process cannot be switched to the mode
            arguments.add("--allow-dangerously-skip-permissions");
        }
        tools(arguments);
        value(arguments, "--system-prompt", systemPrompt());
        value(arguments, "--append-system-prompt", appendSystemPrompt());
        value(arguments, "--mcp-config", mcpConfig());
        if (strictMcpConfig()) {
            arguments.add("--strict-mcp-config");
        }
        // said even when it is the default: without the flag a later default would change what runs
        arguments.add("--setting-sources=" + String.join(",", settings.settingSources()));
        value(arguments, "--max-turns", settings.maxTurns() < 0 ? null : Integer.toString(settings.maxTurns()));
        if (settings.bare()) {
            arguments.add("--bare");
        }
        arguments.addAll(settings.extraArguments());
        return arguments;
    }

    private static void conversation(List<String> arguments, LaunchRequest.Start start) {
        switch (start.mode()) {
            case NEW -> arguments.add("--session-id=" + start.agentSessionId());
            case RESUME -> arguments.add("--resume=" + start.agentSessionId());
            case FORK -> {
                arguments.add("--resume=" + start.forkedFrom());
                arguments.add("--fork-session");
                arguments.add("--session-id=" + start.agentSessionId());
            }
        }
    }

    private void tools(List<String> arguments) {
        List<String> available = availableTools();
        value(arguments, "--tools", available == null ? null : String.join(",", available));
        value(arguments, "--allowedTools", joined(allowedTools()));
        value(arguments, "--disallowedTools", joined(deniedTools()));
    }

    /** {@code null} for Claude's own set. */
    @Nullable
    List<String> availableTools() {
        return spec.tools().available() == null
                ? settings.tools()
                : spec.tools().available();
    }

    List<String> allowedTools() {
        return spec.tools().allowed().isEmpty()
                ? settings.allowedTools()
                : spec.tools().allowed();
    }

    /** Denial wins, so what either side denies is denied. */
    List<String> deniedTools() {
        Set<String> denied = new LinkedHashSet<>(settings.disallowedTools());
        denied.addAll(spec.tools().denied());
        return List.copyOf(denied);
    }

    @Nullable
    String model() {
        return spec.model() == null ? settings.model() : spec.model();
    }

    @Nullable
    String permissionMode() {
        return spec.permissionMode() == null ? settings.permissionMode() : spec.permissionMode();
    }

    @Nullable
    String systemPrompt() {
        return spec.systemPrompt() == null ? settings.systemPrompt() : spec.systemPrompt();
    }

    @Nullable
    String appendSystemPrompt() {
        return spec.appendSystemPrompt() == null ? settings.appendSystemPrompt() : spec.appendSystemPrompt();
    }

    @Nullable
    String mcpConfig() {
        return spec.mcpConfig() == null ? settings.mcpConfig() : spec.mcpConfig();
    }

    boolean strictMcpConfig() {
        return spec.strictMcpConfig() || settings.strictMcpConfig();
    }

    private static @Nullable String joined(List<String> items) {
        return items.isEmpty() ? null : String.join(",", items);
    }

    private static void value(List<String> arguments, String flag, @Nullable String value) {
        if (value != null) {
            arguments.add(flag + "=" + value);
        }
    }
}
