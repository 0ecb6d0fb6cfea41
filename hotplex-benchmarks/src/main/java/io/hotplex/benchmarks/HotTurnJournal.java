package io.hotplex.benchmarks;

import io.hotplex.api.Engine;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.TurnResult;
import io.hotplex.api.spi.EngineListener;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.testkit.model.FakeModelServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * What does a durable journal add to a hot turn of a real Claude Code?
 *
 * <p>The result of a turn completes when its terminal event is as safe as the journal promises. So what it adds is the
 * time from the event's append until then, and that is measured in every turn; processes of Claude differ by more than
 * it, so a comparison of turns alone would not show it. Beside it: the turns of sessions with each promise, of four
 * processes each in turns, against those of sessions whose journal is in memory.
 */
final class HotTurnJournal implements Benchmark {
    private static final String PROMPT = "SAY 20 tokens";
    private static final double GOAL = 0.05;
    private static final int PROCESSES = 4;
    private static final int TURNS = 30;
    private static final int WARM_UP_TURNS = 5;
    private static final List<String> PROMISES = List.of("none", "written", "synced");

    @Override
    public String name() {
        return "hot-turn-journal";
    }

    @Override
    public String question() {
        return "What does a durable journal add to a hot turn of a real Claude Code?";
    }

    @Override
    public @Nullable String missing(Options options) {
        return options.missingClaude();
    }

    @Override
    public List<Result> run(Options options) throws Exception {
        List<Result> results = new ArrayList<>();
        for (Path claude : options.claudes()) {
            try (FakeModelServer model = FakeModelServer.start();
                    Scratch scratch = new Scratch()) {
                results.addAll(measure(claude, model, scratch, options.quick()));
            }
        }
        return results;
    }

    private static List<Result> measure(Path claude, FakeModelServer model, Scratch scratch, boolean quick)
            throws Exception {
        ProviderConfig provider = ProviderConfig.of("claude")
                .with("command", claude.toString())
                .with("environment.HOME", scratch.directory("home").toString())
                .with("environment.ANTHROPIC_BASE_URL", model.baseUri().toString())
                .with("environment.ANTHROPIC_API_KEY", "sk-ant-benchmark");
        List<Side> sides = new ArrayList<>();
        try {
            for (String promise : PROMISES) {
                sides.add(new Side(promise, provider, scratch));
            }
            Random order = new Random(1);
            for (int process = 0; process < (quick ? 1 : PROCESSES); process++) {
                for (Side side : sides) {
                    side.open(process, scratch.directory("work"));
                }
                for (int i = 0; i < WARM_UP_TURNS + (quick ? 2 : TURNS); i++) {
                    boolean counts = i >= WARM_UP_TURNS;
                    List<Side> mixed = new ArrayList<>(sides);
                    Collections.shuffle(mixed, order);
                    mixed.forEach(side -> side.turn(counts));
                }
                sides.forEach(Side::close);
            }
            return results(sides);
        } finally {
            sides.forEach(side -> side.engine.close());
        }
    }

    private static List<Result> results(List<Side> sides) {
        Side memory = sides.get(0);
        String version = String.valueOf(
                memory.engine.probe(null).toCompletableFuture().join().version());
        List<Result> results = new ArrayList<>();
        for (Side side : sides.subList(1, sides.size())) {
            Map<String, Object> details = new LinkedHashMap<>();
            details.put("claude", version);
            details.put("turns", side.turns.count());
            details.put("addedP99Micros", side.added.p99());
            details.put("turnP50Micros", side.medians.p50());
            details.put("inMemoryAddedP50Micros", memory.added.p50());
            double added = side.added.p50() - memory.added.p50();
            results.add(new Result(
                    side.promise + ": added to a turn in memory, p50",
                    "µs",
                    added,
                    memory.medians.p50(),
                    new Result.Goal("<= " + GOAL, added <= GOAL * memory.medians.p50()),
                    details));
        }
        return results;
    }

    /** An engine with one promise, and one hot session of it at a time. */
    private static final class Side implements EngineListener {
        final String promise;
        final Engine engine;
        /** From the append of a terminal event until the result completes. */
        final Samples added = new Samples();

        final Samples turns = new Samples();
        /** Of each process. */
        final Samples medians = new Samples();

        private final Samples ofProcess = new Samples();
        private volatile long endedAt;
        private @Nullable Session session;

        Side(String promise, ProviderConfig provider, Scratch scratch) {
            this.promise = promise;
            boolean durable = !promise.equals("none");
            engine = HotPlex.builder()
                    .config(EngineConfig.builder()
                            .set(EngineConfig.STATE_DIRECTORY, scratch.directory("state-" + promise))
                            .set(EngineConfig.NAMESPACE, promise)
                            .set(EngineConfig.JOURNAL, durable ? "sqlite" : "memory")
                            .set(EngineConfig.JOURNAL_ACKNOWLEDGEMENT, durable ? promise : "memory")
                            .build())
                    .provider(provider)
                    .listener(this)
                    .build();
        }

        void open(int number, Path work) {
            session = engine.open(SessionSpec.builder("s" + number, work).build());
        }

        @Override
        public void onTurnEnded(String provider, TurnResult result) {
            endedAt = System.nanoTime();
        }

        void turn(boolean counts) {
            long start = System.nanoTime();
            TurnResult result = Objects.requireNonNull(session, "not open")
                    .submit(Prompt.of(PROMPT))
                    .result()
                    .toCompletableFuture()
                    .join();
            long now = System.nanoTime();
            if (!result.completed()) {
                throw new IllegalStateException("the turn ended with " + result.end());
            }
            if (counts) {
                added.add(now - endedAt);
                turns.add(now - start);
                ofProcess.add(now - start);
            }
        }

        /** Ends the process. */
        void close() {
            Objects.requireNonNull(session, "not open")
                    .close()
                    .toCompletableFuture()
                    .join();
            medians.add((long) (1000 * ofProcess.p50()));
            ofProcess.clear();
        }
    }
}
