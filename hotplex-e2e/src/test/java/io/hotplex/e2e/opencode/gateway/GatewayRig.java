package io.hotplex.e2e.opencode.gateway;

import io.hotplex.api.Engine;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.e2e.opencode.OfflineOpenCode;
import io.hotplex.server.HotPlexServer;
import io.hotplex.server.ServerConfig;
import io.hotplex.testkit.model.FakeModelServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A gateway in front of one agent, and a home for OpenCode's clients. Confined to its test. */
final class GatewayRig implements AutoCloseable {
    static final String KEY = "e2e-secret-of-the-gateway";
    private static final long LIMIT_SECONDS = 60;

    final Path work;
    private final FakeModelServer model = FakeModelServer.start();
    private final OfflineOpenCode clients;
    private final Engine engine;
    private HotPlexServer server;

    GatewayRig(Backend backend, Path directory) {
        try {
            work = Files.createDirectories(directory.resolve("work")).toRealPath();
            Files.createFile(work.resolve("seen-by-the-tool.txt"));
            clients = OfflineOpenCode.in(Files.createDirectories(directory.resolve("clients")), model.chatUri());
            Path home = Files.createDirectories(directory.resolve("home"));
            engine = HotPlex.builder()
                    .config(EngineConfig.fromProperties(Map.of(
                            "state-directory", directory.resolve("state").toString(), "default-provider", "agent")))
                    .provider(backend.provider(home, model))
                    .build();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server = start(0);
    }

    private HotPlexServer start(int port) {
        return HotPlexServer.builder()
                .config(ServerConfig.builder()
                        .set(ServerConfig.PORT, port)
                        .set(ServerConfig.DEFAULT_WORK_DIR, work)
                        .build())
                .engine(engine)
                .key(KEY)
                .start();
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + server.address().getPort());
    }

    /** Another server in its place, with the same sessions. */
    void restart() {
        int port = server.address().getPort();
        server.close();
        server = start(port);
    }

    /** What OpenCode's clients need to know. */
    Map<String, String> environment() {
        Map<String, String> environment = new java.util.TreeMap<>(clients.environment());
        environment.put("PATH", System.getenv("PATH"));
        environment.put("OPENCODE_SERVER_PASSWORD", KEY);
        environment.put("NO_COLOR", "1");
        environment.put("TERM", "xterm-256color");
        return environment;
    }

    /** What a program said, and how it ended. */
    record Outcome(int exit, String output) {}

    /** Runs {@code opencode run --attach}. */
    Outcome attachedRun(String... arguments) {
        List<String> command =
                new ArrayList<>(List.of(OfflineOpenCode.program().toString(), "run", "--attach", uri().toString()));
        command.addAll(Arrays.asList(arguments));
        return run(command);
    }

    Outcome run(List<String> command) {
        try {
            Path output = Files.createTempFile(clients.root(), "output", ".txt");
            ProcessBuilder builder = new ProcessBuilder(command).directory(work.toFile());
            builder.environment().clear();
            builder.environment().putAll(environment());
            Process process = builder.redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            process.getOutputStream().close();
            boolean ended = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
            process.destroyForcibly();
            return new Outcome(ended ? process.exitValue() : -1, Files.readString(output, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    @Override
    public void close() {
        server.close();
        engine.close();
        model.close();
    }
}
