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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * What does OpenCode's protocol cost against our own, on the same server?
 *
 * <p>Agents answer at once ({@link EchoAgent}). A client of OpenCode's protocol sends a prompt with
 * {@code prompt_async}, and waits until {@code session.idle} is on its stream of events; one of {@code /ws/v2} waits
 * for the terminal event; a subscriber of the engine for the same. All of them in turn, in the same rounds, each with
 * 1, 2, 4 or 8 sessions at once, until all of them are done.
 */
final class OpenCodeGateway implements Benchmark {
    private static final int[] AT_ONCE = {1, 2, 4, 8};
    private static final int ROUNDS = 300;
    private static final int WARM_UP = 300;
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
        try (Scratch scratch = new Scratch()) {
            String agent = EchoAgent.write(scratch.root()).toString();
            EngineConfig config = EngineConfig.fromProperties(
                    Map.of("state-directory", scratch.directory("state").toString(), "max-processes", "64"));
            try (Engine engine = HotPlex.builder()
                            .config(config)
                            .provider(ProviderConfig.of("claude").with("command", agent))
                            .build();
                    HotPlexServer server = server(engine, scratch.root());
                    GatewayClient own = new GatewayClient(HttpClient.newHttpClient(), server.address(), KEY);
                    OpenCodeClient client = new OpenCodeClient(server.address())) {
                BlockingQueue<Long> ends = new LinkedBlockingQueue<>();
                List<String> theirs = new ArrayList<>();
                List<String> ours = new ArrayList<>();
                List<Session> engines = new ArrayList<>();
                List<Result> results = new ArrayList<>();
                for (int n : AT_ONCE) {
                    while (ours.size() < n) {
                        String id = "own-" + ours.size();
                        own.follow(id, scratch.root().toString());
                        ours.add(id);
                        theirs.add(client.open());
                        Session session = engine.open(SessionSpec.builder("alone-" + engines.size(), scratch.root())
                                .build());
                        session.subscribe(0, record -> {
                            if (record.event() instanceof AgentEvent.Terminal) {
                                ends.add(System.nanoTime());
                            }
                        });
                        engines.add(session);
                    }
                    results.add(compare(
                            n,
                            options.quick(),
                            () -> client.turns(theirs),
                            () -> own.turns(ours, "ping"),
                            () -> turns(engines, ends)));
                }
                return results;
            }
        }
    }

    /** Takes turns in all sessions at once, until all are over; in nanoseconds. */
    private interface Turns {
        long run() throws IOException, InterruptedException;
    }

    private static Result compare(int n, boolean quick, Turns openCode, Turns own, Turns alone)
            throws IOException, InterruptedException {
        Samples theirs = new Samples();
        Samples ours = new Samples();
        Samples engine = new Samples();
        int rounds = quick ? 2 : ROUNDS;
        for (int round = quick ? -1 : -WARM_UP; round < rounds; round++) {
            if (round == 0) {
                List.of(theirs, ours, engine).forEach(Samples::clear);
            }
            theirs.add(openCode.run());
            ours.add(own.run());
            engine.add(alone.run());
        }
        return new Result(
                n + " at once, all done, p50",
                "us",
                theirs.p50(),
                ours.p50(),
                null,
                Map.of("p99", theirs.p99(), "ownP99", ours.p99(), "engineP50", engine.p50(), "n", theirs.count()));
    }

    private static long turns(List<Session> sessions, BlockingQueue<Long> ends) throws InterruptedException {
        long start = System.nanoTime();
        sessions.forEach(session -> session.submit(Prompt.of("ping")));
        return last(sessions.size(), ends) - start;
    }

    private static long last(int count, BlockingQueue<Long> ends) throws InterruptedException {
        long last = 0;
        for (int i = 0; i < count; i++) {
            Long end = ends.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
            if (end == null) {
                throw new IllegalStateException("a turn did not end");
            }
            last = Math.max(last, end);
        }
        return last;
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
        private final BlockingQueue<Idle> idle = new LinkedBlockingQueue<>();
        private final List<String> opened = new CopyOnWriteArrayList<>();
        private final CompletableFuture<Void> reading;

        private record Idle(String session, long nanos) {}

        OpenCodeClient(InetSocketAddress server) {
            base = URI.create("http://127.0.0.1:" + server.getPort());
            reading = http.sendAsync(request("/event").build(), HttpResponse.BodyHandlers.ofLines())
                    .thenAcceptAsync(response -> response.body().forEach(this::line));
        }

        private HttpRequest.Builder request(String path) {
            return HttpRequest.newBuilder(base.resolve(path)).header("Authorization", "Bearer " + KEY);
        }

        private void line(String line) {
            // the stream tells of all sessions of its owner, of those of the other clients as well
            if (line.contains("\"type\":\"session.idle\"")) {
                opened.stream()
                        .filter(line::contains)
                        .findFirst()
                        .ifPresent(session -> idle.add(new Idle(session, System.nanoTime())));
            }
        }

        String open() throws IOException, InterruptedException {
            String session = post("/session", "{}");
            int begin = session.indexOf("\"id\":\"") + 6;
            String id = session.substring(begin, session.indexOf('"', begin));
            opened.add(id);
            return id;
        }

        long turns(List<String> sessions) throws InterruptedException {
            long start = System.nanoTime();
            List<CompletableFuture<HttpResponse<String>>> taken = sessions.stream()
                    .map(session -> http.sendAsync(
                            posting(
                                    "/session/" + session + "/prompt_async",
                                    "{\"parts\":[{\"type\":\"text\",\"text\":\"ping\"}]}"),
                            HttpResponse.BodyHandlers.ofString()))
                    .toList();
            taken.forEach(one -> check(one.join())); // a prompt that was refused has no end
            long last = start;
            Set<String> running = new HashSet<>(sessions);
            while (!running.isEmpty()) { // a session may be told to be idle more than once
                Idle next = idle.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
                if (next == null) {
                    throw new IllegalStateException(
                            "a turn did not end on the stream, which is " + (reading.isDone() ? "over" : "open"));
                }
                last = running.remove(next.session()) ? Math.max(last, next.nanos()) : last;
            }
            return last - start;
        }

        private HttpRequest posting(String path, String body) {
            return request(path)
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(body))
                    .build();
        }

        private static String check(HttpResponse<String> response) {
            if (response.statusCode() >= 300) {
                throw new IllegalStateException(response.uri().getPath() + ": " + response.statusCode());
            }
            return response.body();
        }

        private String post(String path, String body) throws IOException, InterruptedException {
            return check(http.send(posting(path, body), HttpResponse.BodyHandlers.ofString()));
        }

        @Override
        public void close() {
            reading.cancel(true);
        }
    }
}
