package io.hotplex.benchmarks;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.TurnResult;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessListener;
import io.hotplex.api.spi.ProcessSpec;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.os.OsLaunchers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * How much does the engine add to a hot turn, when the agent answers at once?
 *
 * <p>The agent is {@link EchoAgent} on all sides. In every round, in changing order: a turn of a session without
 * subscriber, until its result completes; a turn of a session with one, until that sees the terminal event; a ping-pong
 * by one thread that writes and then blocks in {@code read}; a ping-pong through our launcher alone, until its I/O
 * thread has the line; and a task handed to another thread through an executor like the engine's, until it runs there.
 * The bare ping-pong wakes no other thread of ours, so it cannot deliver to one; the goal grants the engine that one
 * hand-off.
 */
final class HotTurnEcho implements Benchmark {
    private static final double FACTOR = 1.15;

    @Override
    public String name() {
        return "hot-turn-echo";
    }

    @Override
    public String question() {
        return "How much does the engine add to a hot turn, when the agent answers at once?";
    }

    @Override
    public List<Result> run(Options options) throws Exception {
        int warmUp = options.quick() ? 20 : 30_000;
        int rounds = options.quick() ? 50 : 20_000;
        try (Scratch scratch = new Scratch()) {
            String agent = EchoAgent.write(scratch.root()).toString();
            EngineConfig config = EngineConfig.builder()
                    .set(EngineConfig.STATE_DIRECTORY, scratch.directory("state"))
                    .build();
            ProviderConfig provider = ProviderConfig.of("claude").with("command", agent);
            try (Engine engine =
                            HotPlex.builder().config(config).provider(provider).build();
                    PipeDriver bare = new PipeDriver(List.of(agent), scratch.root(), Map.of());
                    LauncherPingPong launcher = new LauncherPingPong(agent, scratch.root());
                    HandOff handOff = new HandOff()) {
                Session alone =
                        engine.open(SessionSpec.builder("alone", scratch.root()).build());
                WatchedSession watched = new WatchedSession(engine.open(
                        SessionSpec.builder("watched", scratch.root()).build()));
                Figures figures = new Figures();
                Random order = new Random(1);
                byte[] line = PipeDriver.prompt(UUID.randomUUID().toString(), "ping");
                List<Action> actions = Arrays.asList(
                        () -> turn(alone, figures),
                        () -> figures.bare.add(timed(bare, line)),
                        () -> figures.seen.add(watched.turn()),
                        () -> figures.launcher.add(launcher.turn(line)),
                        () -> figures.handOff.add(handOff.once()));
                for (int i = 0; i < warmUp + rounds; i++) {
                    if (i == warmUp) {
                        figures.clear();
                    }
                    // nobody always comes after the same one, whose threads may still run or have woken the cores
                    Collections.shuffle(actions, order);
                    for (Action action : actions) {
                        action.run();
                    }
                }
                return figures.results();
            }
        }
    }

    private static void turn(Session session, Figures figures) {
        long start = System.nanoTime();
        long completed = session.submit(Prompt.of("ping"))
                .result()
                .thenApply(HotTurnEcho::completedAt)
                .toCompletableFuture()
                .join();
        figures.joined.add(System.nanoTime() - start);
        figures.completed.add(completed - start);
    }

    private static long completedAt(TurnResult result) {
        long now = System.nanoTime();
        if (!result.completed()) {
            throw new IllegalStateException("the turn ended with " + result.end());
        }
        return now;
    }

    /** Measures one thing once. */
    private interface Action {
        void run() throws IOException, InterruptedException;
    }

    private static long timed(PipeDriver bare, byte[] line) throws IOException {
        long start = System.nanoTime();
        bare.turn(line);
        return System.nanoTime() - start;
    }

    /** What was measured. */
    private static final class Figures {
        final Samples completed = new Samples();
        final Samples joined = new Samples();
        final Samples seen = new Samples();
        final Samples bare = new Samples();
        final Samples launcher = new Samples();
        final Samples handOff = new Samples();

        void clear() {
            List.of(completed, joined, seen, bare, launcher, handOff).forEach(Samples::clear);
        }

        List<Result> results() {
            List<Result> results = new ArrayList<>();
            results.add(compared("result completes", completed, true));
            results.add(compared("subscriber sees the end", seen, true));
            results.add(compared("caller has joined the result", joined, false));
            results.add(compared("launcher alone, line on its I/O thread", launcher, false));
            results.add(compared("one thread hand-off", handOff, false));
            return results;
        }

        private Result compared(String measure, Samples samples, boolean judged) {
            double allowed = FACTOR * bare.p50() + handOff.p50();
            Result.Goal goal = new Result.Goal(
                    String.format(Locale.ROOT, "<= %.2f x bare + hand-off = %.1f", FACTOR, allowed),
                    samples.p50() <= allowed);
            Map<String, Object> details = Map.of(
                    "p99", samples.p99(), "baselineP99", bare.p99(), "handOff", handOff.p50(), "n", samples.count());
            return new Result(measure + ", p50", "us", samples.p50(), bare.p50(), judged ? goal : null, details);
        }
    }

    /** A session whose turns are measured by its subscriber. Confined to its caller, but for the subscriber's call. */
    private static final class WatchedSession {
        private final Session session;
        private final BlockingQueue<Long> ends = new ArrayBlockingQueue<>(1);

        WatchedSession(Session session) {
            this.session = session;
            session.subscribe(0, record -> {
                if (record.event() instanceof AgentEvent.Terminal) {
                    ends.add(System.nanoTime());
                }
            });
        }

        long turn() throws InterruptedException {
            long start = System.nanoTime();
            var result = session.submit(Prompt.of("ping")).result();
            long end = ends.take();
            completedAt(result.toCompletableFuture().join());
            return end - start;
        }
    }

    /** The agent behind our launcher without an engine. Confined to its caller, but for the listener's calls. */
    private static final class LauncherPingPong implements ProcessListener, AutoCloseable {
        private final BlockingQueue<Long> answers = new ArrayBlockingQueue<>(1);
        private final ProcessLauncher launcher = new OsLaunchers().open(LauncherConfig.DEFAULT);
        private final AgentProcess process;

        LauncherPingPong(String agent, Path workDir) {
            process = launcher.launch(new ProcessSpec("ping-pong", List.of(agent), workDir, List.of(), Map.of()), this);
        }

        long turn(byte[] line) throws InterruptedException {
            long start = System.nanoTime();
            if (!process.write(line)) {
                throw new IllegalStateException("the agent takes no input");
            }
            return answers.take() - start;
        }

        @Override
        public void onLine(AgentLine line) {
            answers.add(System.nanoTime());
        }

        @Override
        public void onOutputEnd() {
            // it ends with us
        }

        @Override
        public void onExit(Exit exit) {
            // it ends with us
        }

        @Override
        public void close() {
            launcher.close();
        }
    }

    /** One hop to another thread, through an executor like the engine's. */
    private static final class HandOff implements AutoCloseable {
        private final BlockingQueue<Long> arrivals = new ArrayBlockingQueue<>(1);
        private final ExecutorService executor =
                new ThreadPoolExecutor(0, Integer.MAX_VALUE, 10, TimeUnit.SECONDS, new SynchronousQueue<>());

        long once() throws InterruptedException {
            long start = System.nanoTime();
            executor.execute(() -> arrivals.add(System.nanoTime()));
            return arrivals.take() - start;
        }

        @Override
        public void close() {
            executor.shutdown();
        }
    }
}
