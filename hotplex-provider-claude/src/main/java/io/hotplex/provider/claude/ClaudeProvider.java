package io.hotplex.provider.claude;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.Executables;
import io.hotplex.api.spi.Launch;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProviderProbe;
import io.hotplex.api.spi.VersionProbe;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Claude Code as one configured agent. Immutable and thread-safe. */
final class ClaudeProvider implements AgentProvider {
    private static final String INSTALL =
            "install it with 'npm install -g @anthropic-ai/claude-code', or name the program in the setting 'command'";

    /** Linux takes no longer argument (MAX_ARG_STRLEN), the flag and the final NUL included. */
    private static final int MAX_ARGUMENT_BYTES = 128 * 1024 - 1;

    private static final Pattern UUID =
            Pattern.compile("\\p{XDigit}{8}-\\p{XDigit}{4}-\\p{XDigit}{4}-\\p{XDigit}{4}-\\p{XDigit}{12}");

    private final String name;
    private final ClaudeSettings settings;
    private final ClaudeEnvironment environment;

    /** @param parent the JVM's environment */
    ClaudeProvider(String name, ClaudeSettings settings, Function<String, @Nullable String> parent) {
        this.name = name;
        this.settings = settings;
        this.environment = new ClaudeEnvironment(settings, parent);
    }

    @Override
    public String name() {
        return name;
    }

    /** All of them; but one that runs bare runs no hooks. */
    @Override
    public Set<Capability> capabilities() {
        return settings.bare()
                ? EnumSet.complementOf(EnumSet.of(Capability.TOOL_GUARD))
                : EnumSet.allOf(Capability.class);
    }

    @Override
    public void check(SessionSpec spec) {
        ClaudeArguments arguments = new ClaudeArguments(settings, spec);
        checkPermissionMode(arguments.permissionMode());
        checkTools(arguments);
        checkMcp(spec, arguments);
        checkId("resumeAgentSession", spec.resumeAgentSession());
        checkId("forkAgentSession", spec.forkAgentSession());
        checkArgument("model", arguments.model());
        checkArgument("systemPrompt", arguments.systemPrompt());
        checkArgument("appendSystemPrompt", arguments.appendSystemPrompt());
        checkArgument("mcpConfig", arguments.mcpConfig());
        List<String> available = arguments.availableTools();
        checkArgument("tools.available", available == null ? null : String.join(",", available));
        checkArgument("tools.allowed", String.join(",", arguments.allowedTools()));
        checkArgument("tools.denied", String.join(",", arguments.deniedTools()));
        if (program(environment.additions(spec)).isEmpty()) {
            throw new HotPlexException(
                    ErrorCode.PROVIDER_UNAVAILABLE,
                    "Claude Code ('" + settings.command() + "') was not found on the PATH: " + INSTALL);
        }
    }

    private void checkPermissionMode(@Nullable String mode) {
        String problem = mode == null ? null : PermissionModes.problem(mode, settings.bypassAllowed());
        if (problem != null) {
            ErrorCode code = PermissionModes.BYPASS.equals(mode) ? ErrorCode.NOT_SUPPORTED : ErrorCode.INVALID_ARGUMENT;
            throw new HotPlexException(code, "permissionMode: " + problem);
        }
    }

    private static void checkTools(ClaudeArguments arguments) {
        for (String tool : arguments.allowedTools()) {
            if (arguments.deniedTools().contains(tool)) {
                throw new HotPlexException(
                        ErrorCode.OPTIONS_CONFLICT,
                        "tool '" + tool + "' is allowed, but the provider or the session denies it: remove one");
            }
        }
    }

    private static void checkMcp(SessionSpec spec, ClaudeArguments arguments) {
        String config = spec.mcpConfig();
        if (config != null && !ClaudeJson.isObject(config)) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT,
                    "mcpConfig: not a JSON object (files belong into the setting mcp-config)");
        }
        if (arguments.strictMcpConfig() && arguments.mcpConfig() == null) {
            throw new HotPlexException(
                    ErrorCode.OPTIONS_CONFLICT, "strictMcpConfig needs mcpConfig: give the servers or drop it");
        }
    }

    private static void checkId(String option, @Nullable String id) {
        if (id != null && !UUID.matcher(id).matches()) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT, option + ": Claude Code names its conversations by UUID");
        }
    }

    private static void checkArgument(String option, @Nullable String value) {
        if (value == null) {
            return;
        }
        if (value.indexOf('\0') >= 0) {
            throw new HotPlexException(ErrorCode.INVALID_ARGUMENT, option + ": has a NUL character");
        }
        int bytes = value.getBytes(StandardCharsets.UTF_8).length;
        int limit = MAX_ARGUMENT_BYTES - 64;
        if (bytes > limit) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT,
                    option + ": " + bytes + " bytes (expected: at most " + limit + ", the system's limit of one"
                            + " argument)");
        }
    }

    @Override
    public Launch launch(LaunchRequest request) {
        SessionSpec spec = request.spec();
        Map<String, String> added = environment.additions(spec);
        List<String> command = new ArrayList<>();
        command.add(program(added).map(Path::toString).orElse(settings.command()));
        command.addAll(new ClaudeArguments(settings, spec).list(request.start(), request.guarded()));
        return new Launch(
                command,
                added,
                environment.inherit(),
                environment.state(spec, added),
                environment.settingsFiles(added),
                new ClaudeProtocol(request.start(), settings.bypassAllowed(), request.guarded()));
    }

    @Override
    public ProviderProbe probe(ProcessLauncher launcher, Duration limit) {
        Map<String, String> added = environment.defaults();
        Optional<Path> program = program(added);
        if (program.isEmpty()) {
            return new ProviderProbe(false, null, null, "'" + settings.command() + "' was not found: " + INSTALL);
        }
        List<String> command = new ArrayList<>();
        command.add(program.get().toString());
        command.addAll(settings.commandArguments());
        command.add("--version");
        return new VersionProbe(name, "version", settings.inherit(), added).run(launcher, command, limit);
    }

    private Optional<Path> program(Map<String, String> added) {
        return Executables.find(settings.command(), environment.path(added));
    }

    @Override
    public String toString() {
        return "ClaudeProvider[" + name + "]";
    }
}
