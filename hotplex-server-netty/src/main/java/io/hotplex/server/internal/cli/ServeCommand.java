package io.hotplex.server.internal.cli;

import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.hooks.Hooks;
import io.hotplex.server.HotPlexServer;
import io.hotplex.server.KeyConfig;
import io.hotplex.server.ServerConfig;
import io.hotplex.server.internal.auth.TokenFile;
import io.hotplex.server.internal.config.FileWatch;
import io.hotplex.server.internal.config.Settings;
import io.hotplex.server.internal.providers.HookTypes;
import io.hotplex.server.internal.providers.ProviderTypes;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;

/** {@code hotplex serve}: the gateway, until it is told to stop. */
final class ServeCommand {
    static final Set<String> FLAGS = Set.of("--check", "--debug", "--help");
    static final Set<String> VALUED = Set.of("--config", "--set", "--host", "--port");

    private static final Duration LONG = Duration.ofDays(1);
    /** More than a server takes for good-byes and its threads: 3 s each for the listener, the last words, the loops. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(15);

    private final Surroundings surroundings;
    private final Arguments arguments;
    private final Lane out;
    private final Lane err;
    private final Settings.Sources sources;
    /** What was loaded last, which tells which files to watch. */
    private final AtomicReference<Settings> latest = new AtomicReference<>();

    ServeCommand(Surroundings surroundings, Arguments arguments, Lane out, Lane err) {
        this.surroundings = surroundings;
        this.arguments = arguments;
        this.out = out;
        this.err = err;
        this.sources = Configured.forServer(arguments.one("--config"), arguments, surroundings);
    }

    /** Serves. The result is the exit code. */
    @SuppressWarnings("try") // the watch is there to be closed
    int run() {
        if (!arguments.operands().isEmpty()) {
            throw new UsageException("serve takes no operands");
        }
        Settings first = Settings.load(sources);
        if (arguments.has("--check")) {
            ConfigCommand.check(first, surroundings.environment(), out);
            return ExitCode.OK;
        }
        latest.set(first);
        FileWatch watch = FileWatch.of(() -> watched(Objects.requireNonNull(latest.get())));
        Settings settings = Settings.load(sources); // again, after the first look: what changes from now on is noticed
        latest.set(settings);
        ProviderTypes types = ProviderTypes.find(settings.providerDirectories());
        types.broken().forEach(broken -> err.line(broken.describe()));
        types.types().stream()
                .filter(type -> type.origin() != null)
                .forEach(type -> err.line("hotplex: provider " + type.name() + ", " + type.describe()));
        settings.notices().forEach(notice -> err.line("hotplex: " + notice));
        ProcessLauncher launcher = Launchers.open(settings.engine());
        // Whatever ends this JVM must not leave agents behind; after a proper end this does nothing.
        Runtime.getRuntime().addShutdownHook(new Thread(launcher::close, "hotplex-cli-exit"));
        Hooks hooks = hooks(settings);
        try (launcher;
                HotPlexServer server = start(settings, types, launcher, hooks);
                watch) {
            TerminationSignals.handle(grace(settings), signal -> server.stop(), launcher::close);
            watch.start(() -> reload(settings, server));
            server.metricsAddress()
                    .ifPresent(address -> out.line("hotplex: metrics on " + url(settings, address) + "/metrics"));
            out.line(ready(settings, server.address()));
            while (!server.awaitStop(LONG)) {
                // a server runs for days
            }
            err.line("hotplex: stopping; a second signal stops at once");
            return ExitCode.OK;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return ExitCode.INTERRUPTED;
        }
    }

    private Hooks hooks(Settings settings) {
        HookTypes types = HookTypes.find(settings.engine().get(EngineConfig.STATE_DIRECTORY));
        types.broken().forEach(broken -> err.line(broken.describe()));
        return HooksCommand.builder(settings, types, surroundings).open();
    }

    private HotPlexServer start(Settings settings, ProviderTypes types, ProcessLauncher launcher, Hooks hooks) {
        Agents agents = Agents.choose(settings, types, null, surroundings.environment());
        HotPlex engine = HotPlex.builder()
                .config(agents.inForce(settings.engine()))
                .launcher(launcher)
                .logRedaction(surroundings.logs());
        types.droppedIn().forEach(engine::factory);
        agents.providers().forEach(engine::provider);
        if (agents.stopgap()) {
            err.line("hotplex: " + Agents.STOPGAP);
        }
        Path state = settings.engine().get(EngineConfig.STATE_DIRECTORY);
        return HotPlexServer.builder()
                .config(settings.server())
                .engine(engine)
                .environment(surroundings.environment())
                .tokenDirectory(state)
                .hooks(hooks)
                .readyCheck("state-directory", () -> Files.isWritable(state))
                .start();
    }

    /** One line, for people and for scripts that wait for it. */
    private String ready(Settings settings, InetSocketAddress address) {
        Path token = TokenFile.in(settings.engine().get(EngineConfig.STATE_DIRECTORY));
        boolean open = settings.server().get(ServerConfig.AUTHENTICATION).equals("none");
        boolean other = !settings.server().clientKeys().isEmpty()
                || surroundings.environment().keySet().stream().anyMatch(name -> name.startsWith("HOTPLEX_API_KEY"));
        String key = open ? "no key is needed" : other ? "keys are configured" : "the key is in " + token;
        return "hotplex: listening on " + url(settings, address) + ", " + key;
    }

    private static String url(Settings settings, InetSocketAddress address) {
        String host = address.getAddress() instanceof Inet6Address
                ? "[" + address.getAddress().getHostAddress() + "]"
                : address.getAddress().getHostAddress();
        String scheme = settings.server().get(ServerConfig.TLS_CERTIFICATE).isPresent() ? "https" : "http";
        return scheme + "://" + host + ":" + address.getPort();
    }

    /** What an orderly end takes at most, if all that it waits for takes as long as it may. */
    private static Duration grace(Settings settings) {
        return settings.server()
                .get(ServerConfig.DRAIN_TIMEOUT)
                .plus(settings.engine().get(EngineConfig.SHUTDOWN_TIMEOUT))
                .plus(LAST_WORDS);
    }

    private static List<Path> watched(Settings settings) {
        List<Path> files = new ArrayList<>();
        if (settings.file() != null) {
            files.add(settings.file());
        }
        settings.server().clientKeys().forEach(key -> key.get(KeyConfig.FILE).ifPresent(files::add));
        return files;
    }

    /** The providers as they are configured. */
    private static List<String> texts(Settings settings) {
        return settings.providers().stream()
                .map(provider -> {
                    List<String> parts = new ArrayList<>(List.of(provider.name(), provider.type()));
                    provider.keys().stream().sorted().forEach(key -> parts.add(key + "=" + provider.text(key)));
                    return String.join("\n", parts);
                })
                .toList();
    }

    private static List<String> hookTexts(Settings settings) {
        return settings.hooks().stream()
                .map(hook -> hook.name() + "\n" + hook.type() + "\n" + new TreeMap<>(hook.settings()))
                .toList();
    }

    /** On the watch's thread. What is wrong changes nothing. */
    private void reload(Settings before, HotPlexServer server) {
        try {
            Settings now = Settings.load(sources);
            latest.set(now); // also when it is refused below: a key's file may be what is wrong
            List<String> restart = new ArrayList<>(server.reload(now.server()));
            before.engine().toProperties().forEach((key, value) -> {
                if (!value.equals(now.engine().toProperties().get(key))) {
                    restart.add(key);
                }
            });
            if (!texts(before).equals(texts(now))) {
                restart.add("provider");
            }
            if (!hookTexts(before).equals(hookTexts(now))) {
                restart.add("hook");
            }
            err.line("hotplex: configuration read again: keys, hosts, origins and rates are in force"
                    + (restart.isEmpty() ? "" : "; needs a restart: " + String.join(", ", restart)));
        } catch (HotPlexException e) {
            err.line("hotplex: configuration not changed: " + e.code() + ": " + e.getMessage());
        }
    }
}
