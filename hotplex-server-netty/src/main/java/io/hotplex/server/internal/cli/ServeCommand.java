package io.hotplex.server.internal.cli;

import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.server.HotPlexServer;
import io.hotplex.server.ServerConfig;
import io.hotplex.server.internal.auth.TokenFile;
import io.hotplex.server.internal.providers.ProviderTypes;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** {@code hotplex serve}: the gateway, until it is told to stop. */
final class ServeCommand {
    private final Surroundings surroundings;
    private final Arguments arguments;
    private final Lane out;
    private final Lane err;

    ServeCommand(Surroundings surroundings, Arguments arguments, Lane out, Lane err) {
        this.surroundings = surroundings;
        this.arguments = arguments;
        this.out = out;
        this.err = err;
    }

    /** Serves. The result is the exit code. */
    int run() {
        if (!arguments.operands().isEmpty()) {
            throw new UsageException("serve takes no operands");
        }
        Settings settings = Settings.load(arguments.one("--config"), arguments.all("--set"), surroundings);
        ProviderTypes types = ProviderTypes.find(settings.providerDirectories());
        types.broken().forEach(broken -> err.line(broken.describe()));
        Agents agents = Agents.choose(settings, types, null, surroundings.environment());
        HotPlex engine = HotPlex.builder().config(settings.engine());
        types.droppedIn().forEach(engine::factory);
        agents.providers().forEach(engine::provider);
        Path state = settings.engine().get(EngineConfig.STATE_DIRECTORY);
        CountDownLatch stop = new CountDownLatch(1);
        try (HotPlexServer server = HotPlexServer.builder()
                .config(serverConfig())
                .engine(engine)
                .key(TokenFile.readOrMake(state))
                .start()) {
            InterruptSignal.handle(stop::countDown);
            out.line("hotplex: listening on http://" + server.address().getHostString() + ":"
                    + server.address().getPort() + ", the key is in " + TokenFile.in(state));
            stop.await();
            return ExitCode.OK;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return ExitCode.INTERRUPTED;
        }
    }

    private ServerConfig serverConfig() {
        ServerConfig.Builder config = ServerConfig.builder();
        String host = arguments.one("--host");
        if (host != null) {
            config.set(ServerConfig.HOST.name(), host);
        }
        String port = arguments.one("--port");
        if (port != null) {
            config.set(ServerConfig.PORT.name(), port);
        }
        return config.build();
    }
}
