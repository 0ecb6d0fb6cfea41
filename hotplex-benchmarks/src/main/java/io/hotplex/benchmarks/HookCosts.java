package io.hotplex.benchmarks;

import io.hotplex.api.Engine;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.TurnResult;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.testkit.model.FakeModelServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What do hooks and telemetry add to a hot turn, and how many events a second does a webhook take?
 *
 * <p>All that there is, as {@link Tellers} has it, beside one session of one engine with SQLite as {@code serve} has
 * it. Two processes of an agent differ by more than hooks cost, so both sides are turns of the same process, in blocks
 * that take turns: in those of the baseline nobody is told that there is something to read, and the blocks of ours
 * begin when everybody has read what came in between. Agents: one that answers at once, one that says 20 words in 40
 * ms, and real ones where they are installed.
 *
 * <p>The webhook: sessions that burst text deltas, told with their content, in batches, to a receiver on this machine.
 * Baseline: one thread that posts a body of as many events to the same receiver, again and again.
 */
final class HookCosts implements Benchmark {
    private static final double GOAL = 1.03;
    private static final double GOAL_EVENTS = 10_000;

    @Override
    public String name() {
        return "hooks";
    }

    @Override
    public String question() {
        return "What do hooks and telemetry add to a hot turn, and how many events a second does a webhook take?";
    }

    @Override
    public @Nullable String missing(Options options) {
        return options.missingClaude();
    }

    @Override
    public List<Result> run(Options options) throws Exception {
        List<Result> results = new ArrayList<>();
        try (Scratch scratch = new Scratch();
                FakeModelServer model = FakeModelServer.start()) {
            boolean quick = options.quick();
            ProviderConfig claude = ProviderConfig.of("claude");
            results.addAll(turns(
                    "echo",
                    claude.with("command", EchoAgent.write(scratch.root()).toString()),
                    scratch.directory("echo"),
                    quick ? new Plan(1, 5, 5) : new Plan(20, 500, 5_000)));
            results.addAll(turns(
                    "20 words in 40 ms",
                    claude.with("command", EchoAgent.write(scratch.root(), 20).toString()),
                    scratch.directory("words"),
                    quick ? new Plan(1, 3, 1) : new Plan(10, 50, 100)));
            for (Path program : options.claudes()) {
                ProviderConfig real = claude.with("command", program.toString())
                        .with("environment.HOME", scratch.directory("home").toString())
                        .with("environment.ANTHROPIC_BASE_URL", model.baseUri().toString())
                        .with("environment.ANTHROPIC_API_KEY", "sk-ant-benchmark");
                Path state = scratch.directory("claude-" + results.size());
                results.addAll(turns(null, real, state, quick ? new Plan(1, 3, 1) : new Plan(10, 40, 40)));
            }
            results.add(WebhookThroughput.measure(scratch.directory("webhook"), quick, GOAL_EVENTS));
        }
        return results;
    }

    /** How much is measured: of each side so many blocks of so many turns, after some for warm-up. */
    private record Plan(int blocks, int turns, int warmUp) {}

    private static String version(Engine engine) {
        return "Claude Code " + engine.probe(null).toCompletableFuture().join().version();
    }

    /** @param name of the agent, or {@code null} for what it tells itself */
    private static List<Result> turns(@Nullable String name, ProviderConfig provider, Path directory, Plan plan)
            throws Exception {
        Samples with = new Samples();
        Samples without = new Samples();
        EngineConfig config = EngineConfig.builder()
                .set(EngineConfig.STATE_DIRECTORY, directory.resolve("state"))
                .set(EngineConfig.JOURNAL, "sqlite")
                .build();
        try (Tellers tellers = Tellers.open(directory);
                Engine engine = HotPlex.builder()
                        .config(config)
                        .provider(provider)
                        .listener(tellers.listener())
                        .reader(tellers.reader())
                        .build()) {
            tellers.watch(engine);
            Session session = engine.open(SessionSpec.builder("s", directory).build());
            tellers.tell(true);
            for (int i = 0; i < plan.warmUp; i++) {
                turn(session);
            }
            for (int block = 0; block < 2 * plan.blocks; block++) {
                boolean told =
                        (block & 1) == (block >> 1 & 1); // theirs, ours, ours, theirs: so neither is always later
                tellers.tell(true);
                tellers.awaitQuiet();
                tellers.tell(told);
                for (int i = 0; i < plan.turns; i++) {
                    (told ? with : without).add(turn(session));
                }
            }
            tellers.tell(true);
            tellers.awaitQuiet();
            Map<String, Object> details = new LinkedHashMap<>();
            details.put("n", with.count());
            details.put("delivered", tellers.delivered());
            details.put("spans", tellers.requests("/v1/traces"));
            details.put("meanAddedMicros", with.mean() - without.mean());
            String agent = name == null ? version(engine) : name;
            boolean judged = !agent.equals("echo");
            return List.of(
                    compared(agent + ": turn, p50", with.p50(), without.p50(), judged, details),
                    compared(agent + ": turn, p99", with.p99(), without.p99(), judged, details));
        }
    }

    private static Result compared(
            String measure, double with, double without, boolean judged, Map<String, Object> details) {
        Map<String, Object> all = new LinkedHashMap<>(details);
        all.put("addedMicros", with - without);
        Result.Goal goal = judged ? new Result.Goal("<= " + GOAL, with <= GOAL * without) : null;
        return new Result(measure, "us", with, without, goal, all);
    }

    /** Nanoseconds from the prompt until its result completes. */
    private static long turn(Session session) {
        long start = System.nanoTime();
        TurnResult result = session.submit(Prompt.of("SAY 20 tokens"))
                .result()
                .toCompletableFuture()
                .join();
        long took = System.nanoTime() - start;
        if (!result.completed()) {
            throw new IllegalStateException("the turn ended with " + result.end());
        }
        return took;
    }
}
