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
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * What does the gateway add to a turn, and how fast is one stream through it?
 *
 * <p>Turns: 40 agents that answer at once ({@link EchoAgent}); clients of {@code /ws/v2} in this JVM take them in turn,
 * each waiting for the end of one before the next. Baselines of the same rounds: the engine without a server, until a
 * subscriber sees the end, a {@code ping} on the same connections, and a bare ping-pong through pipes. Streams: one
 * turn of many small deltas ({@link BurstProvider}), until the client has its end; every offset is counted, joined
 * records for all that they stand for. Once with joining ({@code merge-backlog} as it is) and once without.
 */
final class Gateway implements Benchmark {
    private static final int AGENTS = 40;
    private static final double ADDED_MICROS = 300;
    private static final double EVENTS_PER_SECOND = 50_000;
    private static final String KEY = "benchmark-key";

    @Override
    public String name() {
        return "gateway";
    }

    @Override
    public String question() {
        return "What does the gateway add to a turn, and how fast is one stream through it?";
    }

    @Override
    public List<Result> run(Options options) throws Exception {
        List<Result> results = new ArrayList<>();
        try (Scratch scratch = new Scratch()) {
            turns(options, scratch, results);
        }
        for (boolean merging : List.of(true, false)) {
            try (Scratch scratch = new Scratch()) {
                results.add(stream(options, scratch, merging));
            }
        }
        return results;
    }

    // ---- turns

    private static void turns(Options options, Scratch scratch, List<Result> results) throws Exception {
        int warmUp = options.quick() ? 2 : 300; // after 10,000 turns they get no faster
        int rounds = options.quick() ? 2 : 150; // of every agent
        String agent = EchoAgent.write(scratch.root()).toString();
        try (Engine engine = HotPlex.builder()
                        .config(config(scratch).build())
                        .provider(ProviderConfig.of("claude").with("command", agent))
                        .build();
                HotPlexServer server = server(engine);
                PipeDriver bare = new PipeDriver(List.of(agent), scratch.root(), Map.of())) {
            HttpClient http = HttpClient.newHttpClient();
            for (int clients : List.of(1, 16)) {
                List<Client> group = new ArrayList<>();
                for (int i = 0; i < clients; i++) {
                    group.add(new Client(new GatewayClient(http, server.address(), KEY), engine));
                }
                for (int i = 0; i < AGENTS; i++) {
                    group.get(i % clients).take("c" + clients + "-" + i, scratch.root());
                }
                byte[] line = PipeDriver.prompt(UUID.randomUUID().toString(), "ping");
                ExecutorService threads = Executors.newFixedThreadPool(clients);
                Samples through = new Samples();
                Samples alone = new Samples();
                Samples ping = new Samples();
                Samples pipe = new Samples();
                long elapsed = 0;
                for (int round = 0; round < warmUp + rounds; round++) {
                    if (round == warmUp) {
                        List.of(through, alone, ping, pipe).forEach(Samples::clear);
                        elapsed = 0;
                    }
                    long start = System.nanoTime();
                    through.addAll(all(threads, group, Client::throughTheServer));
                    elapsed += System.nanoTime() - start;
                    alone.addAll(all(threads, group, Client::withoutIt));
                    ping.addAll(all(threads, group, Client::ping));
                    for (int i = 0; i < AGENTS; i++) {
                        long begin = System.nanoTime();
                        bare.turn(line);
                        pipe.add(System.nanoTime() - begin);
                    }
                }
                threads.shutdown();
                for (Client client : group) {
                    client.close();
                }
                results.add(compared(clients, through, alone, ping, pipe, elapsed));
            }
        }
    }

    private static Result compared(
            int clients, Samples through, Samples alone, Samples ping, Samples pipe, long elapsedNanos) {
        double allowed = alone.p50() + ADDED_MICROS;
        Result.Goal goal = new Result.Goal(
                String.format(Locale.ROOT, "<= engine + %.0f = %.1f", ADDED_MICROS, allowed), through.p50() <= allowed);
        Long resident = Machine.residentBytes();
        Map<String, Object> details = Map.of(
                "p99", through.p99(),
                "baselineP99", alone.p99(),
                "pingP50", ping.p50(),
                "pipeP50", pipe.p50(),
                "turnsPerSecond", Math.round(through.count() / (elapsedNanos / 1e9)),
                "residentMegabytes", resident == null ? -1 : resident >> 20,
                "n", through.count());
        String who = clients == 1 ? "1 client" : clients + " clients";
        return new Result(
                who + ", " + AGENTS + " agents, turn p50",
                "us",
                through.p50(),
                alone.p50(),
                clients == 1 ? goal : null,
                details);
    }

    private interface Round {
        Samples run(Client client) throws InterruptedException;
    }

    /** Lets all clients do a round at the same time. */
    private static Samples all(ExecutorService threads, List<Client> clients, Round round)
            throws InterruptedException, ExecutionException {
        List<Future<Samples>> running = new ArrayList<>();
        for (Client client : clients) {
            running.add(threads.submit(() -> round.run(client)));
        }
        Samples all = new Samples();
        for (Future<Samples> one : running) {
            all.addAll(one.get());
        }
        return all;
    }

    /** A client with sessions of its own, and subscribers that see the same turns without the server. */
    private static final class Client implements AutoCloseable {
        private final GatewayClient gateway;
        private final Engine engine;
        private final List<String> sessions = new ArrayList<>();
        private final BlockingQueue<Long> ends = new LinkedBlockingQueue<>();

        Client(GatewayClient gateway, Engine engine) {
            this.gateway = gateway;
            this.engine = engine;
        }

        void take(String id, Path workDir) throws InterruptedException {
            gateway.follow(id, workDir.toString());
            sessions.add(id);
            Session alone =
                    engine.open(SessionSpec.builder(id + "-alone", workDir).build());
            alone.subscribe(0, record -> {
                if (record.event() instanceof AgentEvent.Terminal) {
                    ends.add(System.nanoTime());
                }
            });
        }

        Samples throughTheServer() throws InterruptedException {
            Samples samples = new Samples();
            for (String id : sessions) {
                samples.add(gateway.turn(id, "ping"));
            }
            return samples;
        }

        /** What client, sockets and a worker take, of whatever a message asks for. */
        Samples ping() throws InterruptedException {
            Samples samples = new Samples();
            for (int i = 0; i < sessions.size(); i++) {
                samples.add(gateway.ping());
            }
            return samples;
        }

        Samples withoutIt() throws InterruptedException {
            Samples samples = new Samples();
            for (String id : sessions) {
                long start = System.nanoTime();
                engine.session(id + "-alone").orElseThrow().submit(Prompt.of("ping"));
                samples.add(ends.take() - start);
            }
            return samples;
        }

        @Override
        public void close() {
            gateway.close();
        }
    }

    // ---- one stream

    private static Result stream(Options options, Scratch scratch, boolean merging) throws Exception {
        int count = options.quick() ? 1_000 : 200_000;
        int rounds = options.quick() ? 1 : 9;
        EngineConfig.Builder config = config(scratch)
                .set(EngineConfig.JOURNAL_MAX_BYTES, 1L << 30)
                .set(EngineConfig.JOURNAL_MAX_BYTES_PER_SESSION, 512L << 20);
        if (!merging) {
            config.set(EngineConfig.MERGE_BACKLOG, Integer.MAX_VALUE);
        }
        try (Engine engine = HotPlex.builder()
                        .config(config.build())
                        .provider(new BurstProvider())
                        .build();
                HotPlexServer server = server(engine);
                GatewayClient client = new GatewayClient(HttpClient.newHttpClient(), server.address(), KEY)) {
            Samples through = new Samples();
            Samples alone = new Samples();
            long missing = 0;
            for (int i = 0; i < rounds; i++) {
                client.follow("s" + i, scratch.root().toString());
                client.stream("s" + i, "1", 4); // starts the process
                long start = System.nanoTime();
                missing += client.stream("s" + i, Integer.toString(count), count + 2L);
                through.add(System.nanoTime() - start);
                client.send("{\"type\":\"close\",\"session\":\"s" + i + "\"}");
                client.await("\"type\":\"closed\"");
                alone.add(withoutServer(engine, "alone" + i, scratch.root(), count));
            }
            double rate = count / (through.p50() / 1e6);
            Result.Goal goal = new Result.Goal(
                    String.format(Locale.ROOT, ">= %.0f, none missing", EVENTS_PER_SECOND),
                    rate >= EVENTS_PER_SECOND && missing == 0);
            return new Result(
                    "one stream, " + (merging ? "joining deltas" : "record by record"),
                    "ev/s",
                    rate,
                    count / (alone.p50() / 1e6),
                    merging ? goal : null,
                    Map.of("missing", missing, "events", count, "rounds", rounds));
        }
    }

    private static long withoutServer(Engine engine, String id, Path workDir, int count) throws InterruptedException {
        Session session = engine.open(SessionSpec.builder(id, workDir).build());
        BlockingQueue<Long> ends = new LinkedBlockingQueue<>();
        session.subscribe(0, record -> {
            if (record.event() instanceof AgentEvent.Terminal) {
                ends.add(System.nanoTime());
            }
        });
        session.submit(Prompt.of("1"));
        ends.take();
        long start = System.nanoTime();
        session.submit(Prompt.of(Integer.toString(count)));
        long elapsed = ends.take() - start;
        session.close().toCompletableFuture().join();
        return elapsed;
    }

    // ---- small things

    private static EngineConfig.Builder config(Scratch scratch) {
        return EngineConfig.builder()
                .set(EngineConfig.STATE_DIRECTORY, scratch.directory("state"))
                .set(EngineConfig.MAX_PROCESSES, 4 * AGENTS)
                .set(EngineConfig.IDLE_TIMEOUT, java.time.Duration.ofHours(1));
    }

    private static HotPlexServer server(Engine engine) {
        return HotPlexServer.builder()
                .config(ServerConfig.builder().set(ServerConfig.PORT, 0).build())
                .engine(engine)
                .key(KEY)
                .start();
    }
}
