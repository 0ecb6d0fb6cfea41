package io.hotplex.provider.opencode;

import io.hotplex.api.Confinement;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.ResourceLimits;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.Executables;
import io.hotplex.api.spi.Launch;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessListener;
import io.hotplex.api.spi.ProcessSpec;
import io.hotplex.api.spi.ProviderProbe;
import io.hotplex.api.spi.VersionProbe;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** OpenCode as one configured agent. Thread-safe; holds the servers. */
final class OpenCodeProvider implements AgentProvider {
    private static final String INSTALL =
            "install it with 'npm install -g opencode-ai', or name the program in the setting 'command'";

    private static final Pattern CONVERSATION = Pattern.compile("ses_[0-9A-Za-z]{1,64}");

    private final String name;
    private final OpenCodeSettings settings;
    private final OpenCodeEnvironment environment;
    private final LongSupplier millis;
    private final Servers servers;

    /**
     * @param parent the JVM's environment
     * @param millis the wall clock
     */
    OpenCodeProvider(
            String name, OpenCodeSettings settings, Function<String, @Nullable String> parent, LongSupplier millis) {
        this(name, settings, settings.limits(), parent, millis);
    }

    /** One whose servers are given other limits than the settings say. */
    OpenCodeProvider(
            String name,
            OpenCodeSettings settings,
            ServerLimits limits,
            Function<String, @Nullable String> parent,
            LongSupplier millis) {
        this.name = name;
        this.settings = settings;
        this.millis = millis;
        environment = new OpenCodeEnvironment(settings, parent);
        servers = new Servers(name, limits);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Set<Capability> capabilities() {
        Set<Capability> capabilities = EnumSet.of(
                Capability.RESUME,
                Capability.FORK,
                Capability.INTERRUPT,
                Capability.PERMISSIONS,
                Capability.QUESTIONS,
                Capability.SET_MODEL,
                Capability.IMAGES);
        if (!Permissions.CONFIG.equals(settings.permissionMode())) { // there OpenCode's own rules decide what is asked
            capabilities.add(Capability.TOOL_GUARD);
        }
        return capabilities;
    }

    @Override
    public void check(SessionSpec spec) {
        String mode = spec.permissionMode();
        String problem = Permissions.problem(mode, settings.bypassAllowed());
        if (problem != null) {
            boolean bypass = "allow".equals(mode);
            throw new HotPlexException(
                    bypass ? ErrorCode.NOT_SUPPORTED : ErrorCode.INVALID_ARGUMENT, "permissionMode: " + problem);
        }
        unsupported("systemPrompt", spec.systemPrompt(), "use appendSystemPrompt, or an agent of OpenCode");
        unsupported("mcpConfig", spec.mcpConfig(), "name the servers in OpenCode's own configuration");
        for (String tool : spec.tools().allowed()) {
            if (settings.disallowedTools().contains(tool)) {
                throw new HotPlexException(
                        ErrorCode.OPTIONS_CONFLICT, "tool '" + tool + "' is allowed, but the provider denies it");
            }
        }
        checkId("resumeAgentSession", spec.resumeAgentSession());
        checkId("forkAgentSession", spec.forkAgentSession());
        if (spec.confinement() != null && !spec.confinement().network()) {
            throw new HotPlexException(
                    ErrorCode.OPTIONS_CONFLICT,
                    "confinement: OpenCode is spoken with over the loopback interface, so it needs the network");
        }
        if (program(environment.additions(spec, false)).isEmpty()) {
            throw new HotPlexException(
                    ErrorCode.PROVIDER_UNAVAILABLE,
                    "OpenCode ('" + settings.command() + "') was not found on the PATH: " + INSTALL);
        }
    }

    private static void unsupported(String option, @Nullable String value, String instead) {
        if (value != null) {
            throw new HotPlexException(
                    ErrorCode.NOT_SUPPORTED, option + ": OpenCode has no such thing for one session; " + instead);
        }
    }

    private static void checkId(String option, @Nullable String id) {
        if (id != null && !CONVERSATION.matcher(id).matches()) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT, option + ": OpenCode's conversations are named ses_… ");
        }
    }

    @Override
    public Launch launch(LaunchRequest request) {
        SessionSpec spec = request.spec();
        Map<String, String> added = environment.additions(spec, request.guarded());
        if (request.guarded()) {
            if (Permissions.CONFIG.equals(spec.permissionMode())) {
                throw new HotPlexException(
                        ErrorCode.NOT_SUPPORTED,
                        "permission-mode config: OpenCode's own rules decide then what runs unasked, and guards would"
                                + " not hear of it (expected: ask or allow; else guard=off)");
            }
            GuardPlugin.write(environment.guardPlugin(added));
        }
        List<String> command = new ArrayList<>();
        command.add(program(added).map(Path::toString).orElse(settings.command()));
        command.addAll(settings.commandArguments());
        SessionPlan plan = new SessionPlan(
                request.start(),
                spec.id(),
                spec.workDir().toString(),
                spec.model() == null ? settings.model() : spec.model(),
                settings.agent(),
                spec.appendSystemPrompt() == null ? settings.appendSystemPrompt() : spec.appendSystemPrompt(),
                Permissions.mode(spec.permissionMode() == null ? settings.permissionMode() : spec.permissionMode()),
                request.guarded() ? environment.permissions(spec) : null);
        return new Launch(
                        command,
                        added,
                        environment.inherit(),
                        environment.state(spec, added),
                        environment.settingsFiles(added),
                        new OpenCodeProtocol(plan, millis))
                .startedBy((launcher, process, listener) -> start(spec, added, launcher, process, listener));
    }

    private AgentProcess start(
            SessionSpec spec,
            Map<String, String> added,
            ProcessLauncher launcher,
            ProcessSpec process,
            ProcessListener listener) {
        boolean alone = settings.processPerSession() || isolated(spec);
        ServerKey key = new ServerKey(
                process.command(),
                process.inherit(),
                process.environment(),
                process.isolation(),
                spec.owner(),
                alone ? process.label() : null);
        ProcessSpec server = alone
                ? process
                : new ProcessSpec(
                        "opencode-" + name,
                        process.command(),
                        environment.home(spec, added),
                        process.inherit(),
                        process.environment(),
                        process.isolation());
        return servers.join(key, launcher, server, spec.workDir().toString(), listener);
    }

    /** What keeps one session's process in, would keep others in as well. */
    private static boolean isolated(SessionSpec spec) {
        return spec.confinement() != null && spec.confinement().kind() != Confinement.Kind.NONE
                || spec.limits() != null && !spec.limits().equals(ResourceLimits.NONE);
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
        return new VersionProbe(name, "OpenCode", environment.inherit(), added).run(launcher, command, limit);
    }

    private Optional<Path> program(Map<String, String> added) {
        return Executables.find(settings.command(), environment.path(added));
    }

    @Override
    public void close() {
        servers.close();
    }

    @Override
    public String toString() {
        return "OpenCodeProvider[" + name + "]";
    }
}
