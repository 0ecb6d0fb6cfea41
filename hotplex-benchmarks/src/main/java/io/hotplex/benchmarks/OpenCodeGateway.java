package io.hotplex.benchmarks;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.server.HotPlexServer;
import io.hotplex.server.ServerConfig;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * What does OpenCode's protocol cost against our own, on the same server?
 *
 * <p>Agents answer at once ({@link EchoAgent}). A client of OpenCode's protocol sends a prompt with
 * {@code prompt_async}, and waits until {@code session.idle} is on its stream of events; one of {@code /ws/v2} waits
 * for the terminal event; a subscriber of the engine for the same. All of them in turn, in the same rounds.
 */
final class OpenCodeGateway implements Benchmark {
    private static final int AGENTS = 8;
    private static final int LIMIT_SECONDS = 60;
    private static final String KEY = "benchmark-key";

    @Override
    public String name() {
        return "opencode-gateway";
    }

    @Override
    public String question() {
        return "What does OpenCode's protocol cost against our own, on the same server?";
    }

    @Override
    public List<Result> run(Options options) throws Exception {
        int warmUp = options.quick() ? 2 : 300;
        int rounds = options.quick() ? 2 : 300; // of every agent
        Samples openCode = new Samples();
        Samples own = new Samples();
        Samples alone = new Samples();
        try (Scratch scratch = new Scratch()) {
            String agent = EchoAgent.write(scratch.root()).toString();
            EngineConfig config = EngineConfig.fromProperties(
                    Map.of("state-directory", scratch.directory("state").toString(), "max-processes", "64"));
            try (Engine engine = HotPlex.builder()
                            .config(config)
                            .provider(ProviderConfig.of("claude").with("command", agent))
                            .build();
                    HotPlexServer server = server(engine, scratch.root());
                    GatewayClient native2 = new GatewayClient(HttpClient.newHttpClient(), server.address(), KEY);
                    OpenCodeClient client = new OpenCodeClient(server.address())) {
                BlockingQueue<Long> ends = new LinkedBlockingQueue<>();
                List<String> theirs = new ArrayList<>();
                List<Session> engines = new ArrayList<>();
                for (int i = 0; i < AGENTS; i++) {
                    native2.follow("own-" + i, scratch.root().toString());
                    theirs.add(client.open());
                    Session session = engine.open(
                            SessionSpec.builder("alone-" + i, scratch.root()).build());
                    session.subscribe(0, record -> {
                        if (record.event() instanceof AgentEvent.Terminal) {
                            ends.add(System.nanoTime());
                        }
                    });
                    engines.add(session);
                }
                for (int round = 0; round < warmUp + rounds; round++) {
                    if (round == warmUp) {
                        List.of(openCode, own, alone).forEach(Samples::clear);
                    }
                    for (int i = 0; i < AGENTS; i++) {
                        openCode.add(client.turn(theirs.get(i)));
                        own.add(native2.turn("own-" + i, "ping"));
                        alone.add(turn(engines.get(i), ends));
                    }
                }
            }
        }
        Map<String, Object> details = Map.of(
                "p99", openCode.p99(),
                "ownP99", own.p99(),
                "engineP50", alone.p50(),
                "n", openCode.count());
        return List.of(new Result(
                "1 client, " + AGENTS + " agents, turn p50", "us", openCode.p50(), own.p50(), null, details));
    }

    private static long turn(Session session, BlockingQueue<Long> ends) throws InterruptedException {
        long start = System.nanoTime();
        session.submit(Prompt.of("ping"));
        Long end = ends.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
        if (end == null) {
            throw new IllegalStateException("the turn did not end");
        }
        return end - start;
    }

    private static HotPlexServer server(Engine engine, Path workDir) {
        return HotPlexServer.builder()
                .config(ServerConfig.builder()
                        .set(ServerConfig.PORT, 0)
                        .set(ServerConfig.REQUESTS_PER_SECOND_PER_ADDRESS, 1_000_000)
                        .set(ServerConfig.DEFAULT_WORK_DIR, workDir)
                        .build())
                .engine(engine)
                .key(KEY)
                .start();
    }

    /** Waits for the ends of turns on its stream of events. Confined to its caller, but for the stream's lines. */
    private static final class OpenCodeClient implements AutoCloseable {
        private final HttpClient http = HttpClient.newHttpClient();
        private final URI base;
        private final BlockingQueue<Long> idle = new LinkedBlockingQueue<>();
        private final java.util.concurrent.CompletableFuture<Void> reading;

        OpenCodeClient(InetSocketAddress server) {
            base = URI.create("http://127.0.0.1:" + server.getPort());
            reading = http.sendAsync(request("/event").build(), HttpResponse.BodyHandlers.ofLines())
                    .thenAcceptAsync(response -> response.body().forEach(this::line));
        }

        private HttpRequest.Builder request(String path) {
            return HttpRequest.newBuilder(base.resolve(path)).header("Authorization", "Bearer " + KEY);
        }

        private void line(String line) {
            if (line.contains("\"type\":\"session.idle\"")) {
                idle.add(System.nanoTime());
            }
        }

        String open() throws IOException, InterruptedException {
            String session = post("/session", "{}");
            int begin = session.indexOf("\"id\":\"") + 6;
            return session.substring(begin, session.indexOf('"', begin));
        }

        long turn(String session) throws IOException, InterruptedException {
            long start = System.nanoTime();
            post("/session/" + session + "/prompt_async", "{\"parts\":[{\"type\":\"text\",\"text\":\"ping\"}]}");
            Long end = idle.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
            if (end == null) {
                throw new IllegalStateException("the turn did not end");
            }
            return end - start;
        }

        private String post(String path, String body) throws IOException, InterruptedException {
            HttpRequest request = request(path)
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(body))
                    .build();
            HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() >= 300) {
                throw new IllegalStateException(path + ": " + response.statusCode());
            }
            return response.body();
        }

        @Override
        public void close() {
            reading.cancel(true);
        }
    }
}
