package io.hotplex.provider.claude;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.LaunchRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
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
    private static final String SETTINGS = "--settings";

    private final ClaudeSettings settings;
    private final SessionSpec spec;

    ClaudeArguments(ClaudeSettings settings, SessionSpec spec) {
        this.settings = settings;
        this.spec = spec;
    }

    /**
     * Everything after the program.
     *
     * @param guarded whether every tool call is put before the guards
     */
    List<String> list(LaunchRequest.Start start, boolean guarded) {
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
        arguments.addAll(guarded ? guardedArguments(settings.extraArguments()) : settings.extraArguments());
        return arguments;
    }

    /**
     * With these the hooks of settings files do not run, and ours cannot be passed over. Such a file may lie in the
     * work directory, where the agent writes it by itself and has it obeyed at once: its hooks are commands that no
     * guard sees, and they exchange the input of calls that a guard has seen; its variables make Claude 2.1.197 run no
     * hook. What stands on the command line counts more than all of those files.
     */
    private static List<String> guardedArguments(List<String> extra) {
        List<String> arguments = new ArrayList<>();
        ObjectNode file = ClaudeJson.object();
        for (int i = 0; i < extra.size(); i++) {
            String argument = extra.get(i);
            if (argument.equals(SETTINGS) && i + 1 < extra.size()) {
                file.setAll(settings(extra.get(++i)));
            } else if (argument.startsWith(SETTINGS + "=")) {
                file.setAll(settings(argument.substring(SETTINGS.length() + 1)));
            } else {
                arguments.add(argument);
            }
        }
        ObjectNode variables = file.get("env") instanceof ObjectNode given ? given : file.putObject("env");
        variables.put("CLAUDE_CODE_SIMPLE", "0");
        file.put("disableAllHooks", true);
        arguments.add(SETTINGS + "=" + file);
        return arguments;
    }

    /** What the operator's own argument says: an object, or the file that has it. */
    private static ObjectNode settings(String value) {
        try {
            ObjectNode object = ClaudeJson.object(value);
            object = object == null ? ClaudeJson.object(Files.readString(Path.of(value))) : object;
            if (object != null) {
                return object;
            }
        } catch (IOException | InvalidPathException e) {
            // reported below
        }
        throw new HotPlexException(
                ErrorCode.CONFIG_INVALID,
                "extra-args: what " + SETTINGS + " names is no JSON object, nor a file with one");
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
