package io.hotplex.benchmarks;

import io.hotplex.api.Engine;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.TurnResult;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.Launch;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.provider.claude.ClaudeProviderFactory;
import io.hotplex.testkit.model.FakeModelServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What does a hot turn of a real Claude Code cost through the engine, compared with a bare pipe to the same program,
 * and with {@code claude -p} for every prompt?
 *
 * <p>The model is a {@link FakeModelServer} that answers at once with 20 pieces of text, so nearly all of the time is
 * Claude's own. In turns: a turn through the engine, until the caller has its result; and a turn over a
 * {@link PipeDriver} to a process with the same arguments and environment, until the {@code result} line. Two processes
 * of one program differ by several percent for as long as they live, so ten pairs of processes are compared, and each
 * side's figure is the median of its processes' medians. What the engine adds by itself is small beside that, so it is
 * measured directly as well: a turn without the time from the prompt's write to the arrival of the result line. After
 * each pair follows a {@code claude -p}, from its start to its exit.
 */
final class HotTurnClaude implements Benchmark {
    private static final String PROMPT = "SAY 20 tokens";
    private static final double BARE_FACTOR = 1.05;
    private static final double ONE_SHOT_FACTOR = 10;
    private static final int PAIRS = 10;
    private static final int TURNS_PER_PAIR = 30;
    private static final int WARM_UP_TURNS = 5;

    @Override
    public String name() {
        return "hot-turn-claude";
    }

    @Override
    public String question() {
        return "What does a hot turn of a real Claude Code cost, against a bare pipe and against claude -p?";
    }

    @Override
    public @Nullable String missing(Options options) {
        return options.missingClaude();
    }

    @Override
    public List<Result> run(Options options) throws Exception {
        List<Result> results = new ArrayList<>();
        for (Path claude : options.claudes()) {
            // each version with a model and directories of its own
            try (FakeModelServer model = FakeModelServer.start();
                    Scratch scratch = new Scratch()) {
                results.addAll(measure(claude, model, scratch, options.quick()));
            }
        }
        return results;
    }

    private static List<Result> measure(Path claude, FakeModelServer model, Scratch scratch, boolean quick)
            throws Exception {
        Path work = scratch.directory("work");
        Figures figures = new Figures();
        ProviderConfig provider = provider(claude, model, scratch);
        EngineConfig config = EngineConfig.builder()
                .set(EngineConfig.STATE_DIRECTORY, scratch.directory("state"))
                .build();
        warmUp(config, scratch, quick);
        StampingLauncher launcher = new StampingLauncher(); // the engine closes it
        try (Engine engine = HotPlex.builder()
                .config(config)
                .provider(provider)
                .launcher(launcher)
                .build()) {
            Map<String, String> environment = environment(engine, provider, work);
            for (int i = 0; i < (quick ? 1 : PAIRS); i++) {
                Session session =
                        engine.open(SessionSpec.builder("pair-" + i, work).build());
                List<String> command = launch(provider, session.spec()).command();
                if (i % 2 == 0) { // each is started first equally often
                    engineTurn(session);
                }
                try (PipeDriver pipe = new PipeDriver(command, work, environment)) {
                    bareTurn(pipe);
                    turns(session, pipe, launcher, quick ? 2 : TURNS_PER_PAIR, figures);
                }
                session.close().toCompletableFuture().join();
                figures.oneShot.add(oneShot(claude, work, environment));
            }
            return figures.results(version(claude, environment));
        }
    }

    private static void turns(Session session, PipeDriver pipe, StampingLauncher launcher, int count, Figures figures)
            throws IOException {
        Samples ours = new Samples();
        InTurn.Side hot = () -> {
            long elapsed = engineTurn(session);
            ours.add(elapsed - launcher.agentNanos());
            return elapsed;
        };
        InTurn.measure(WARM_UP_TURNS, hot, () -> bareTurn(pipe));
        ours.clear();
        InTurn measured = InTurn.measure(count, hot, () -> bareTurn(pipe));
        figures.add(measured.ours(), measured.theirs(), ours);
    }

    /** Brings our code and the driver's to the state of a JVM that has served for a while. */
    private static void warmUp(EngineConfig config, Scratch scratch, boolean quick) throws IOException {
        String agent = EchoAgent.write(scratch.root()).toString();
        ProviderConfig echo = ProviderConfig.of("claude").with("command", agent);
        EventThroughput throughput = new EventThroughput();
        long events = 0;
        try (Engine engine = HotPlex.builder().config(config).provider(echo).build();
                PipeDriver pipe = new PipeDriver(List.of(agent), scratch.root(), System.getenv())) {
            Session session =
                    engine.open(SessionSpec.builder("warm-up", scratch.root()).build());
            for (int i = 0; i < (quick ? 5 : 5_000); i++) {
                engineTurn(session);
                bareTurn(pipe);
                events += i % 20 == 0 ? throughput.events() : 0;
            }
        }
        if (events == 0) {
            throw new IllegalStateException("the recorded conversation has no events");
        }
    }

    /** What was measured with one version. */
    private static final class Figures {
        final Samples oneShot = new Samples();
        private final Samples hot = new Samples();
        private final Samples ours = new Samples();
        private final Samples bare = new Samples();
        private final Samples hotMedians = new Samples();
        private final Samples bareMedians = new Samples();
        private final List<Double> ratios = new ArrayList<>();

        /** Takes the turns of one pair of processes. */
        void add(Samples hotTurns, Samples bareTurns, Samples oursOfTurns) {
            hot.addAll(hotTurns);
            ours.addAll(oursOfTurns);
            bare.addAll(bareTurns);
            hotMedians.add((long) (1000 * hotTurns.p50()));
            bareMedians.add((long) (1000 * bareTurns.p50()));
            ratios.add(Math.round(100 * hotTurns.p50() / bareTurns.p50()) / 100.0);
        }

        List<Result> results(String version) {
            Map<String, Object> details = new LinkedHashMap<>();
            details.put("claude", version);
            details.put("n", hot.count());
            details.put("p99", hot.p99() / 1000);
            Map<String, Object> pairs = new LinkedHashMap<>(details);
            pairs.put("baselineP99", bare.p99() / 1000);
            pairs.put("ratiosOfPairs", ratios.stream().sorted().toList());
            details.put("baselineN", oneShot.count());
            boolean nearBare = hotMedians.p50() <= BARE_FACTOR * bareMedians.p50();
            boolean fast = oneShot.p50() >= ONE_SHOT_FACTOR * hot.p50();
            return List.of(
                    new Result(
                            version + ": hot, bare pipe, p50",
                            "ms",
                            hotMedians.p50() / 1000,
                            bareMedians.p50() / 1000,
                            new Result.Goal("<= " + BARE_FACTOR, nearBare),
                            pairs),
                    new Result(
                            version + ": engine's part of it, p50",
                            "ms",
                            ours.p50() / 1000,
                            bareMedians.p50() / 1000,
                            null,
                            Map.of("p99", ours.p99() / 1000)),
                    new Result(
                            version + ": hot, claude -p, p50",
                            "ms",
                            hot.p50() / 1000,
                            oneShot.p50() / 1000,
                            new Result.Goal("<= 1/10", fast),
                            details));
        }
    }

    private static ProviderConfig provider(Path claude, FakeModelServer model, Scratch scratch) {
        return ProviderConfig.of("claude")
                .with("command", claude.toString())
                .with("environment.HOME", scratch.directory("home").toString())
                .with(
                        "environment.CLAUDE_CONFIG_DIR",
                        scratch.directory("home/.claude").toString())
                .with("environment.ANTHROPIC_BASE_URL", model.baseUri().toString())
                .with("environment.ANTHROPIC_API_KEY", "sk-ant-benchmark");
    }

    /** What the engine would start for a conversation of its own. */
    private static Launch launch(ProviderConfig config, SessionSpec spec) {
        AgentProvider provider = new ClaudeProviderFactory().create(config);
        LaunchRequest.Start start = new LaunchRequest.Start(
                LaunchRequest.Mode.NEW, UUID.randomUUID().toString(), null);
        return provider.launch(new LaunchRequest(spec, start));
    }

    /** The variables of a process of the engine, which differ from those of this JVM. */
    private static Map<String, String> environment(Engine engine, ProviderConfig provider, Path work)
            throws IOException {
        Session session = engine.open(SessionSpec.builder("environment", work).build());
        engineTurn(session);
        Path environ = Path.of("/proc/" + session.info().pid() + "/environ");
        Map<String, String> environment = new LinkedHashMap<>();
        if (Files.isReadable(environ)) {
            for (String assignment : Files.readString(environ).split("\0", -1)) {
                int name = assignment.indexOf('=');
                if (name > 0) {
                    environment.put(assignment.substring(0, name), assignment.substring(name + 1));
                }
            }
        } else {
            environment.putAll(System.getenv());
            environment.putAll(launch(provider, session.spec()).environment());
        }
        session.close().toCompletableFuture().join();
        return environment;
    }

    private static long engineTurn(Session session) {
        long start = System.nanoTime();
        TurnResult result =
                session.submit(Prompt.of(PROMPT)).result().toCompletableFuture().join();
        long elapsed = System.nanoTime() - start;
        if (!result.completed()) {
            throw new IllegalStateException("the turn ended with " + result.end());
        }
        return elapsed;
    }

    private static long bareTurn(PipeDriver pipe) throws IOException {
        byte[] prompt = PipeDriver.prompt(UUID.randomUUID().toString(), PROMPT);
        long start = System.nanoTime();
        pipe.turn(prompt);
        return System.nanoTime() - start;
    }

    private static long oneShot(Path claude, Path work, Map<String, String> environment)
            throws IOException, InterruptedException {
        long start = System.nanoTime();
        output(List.of(claude.toString(), "-p", PROMPT), work, environment);
        return System.nanoTime() - start;
    }

    private static String version(Path claude, Map<String, String> environment)
            throws IOException, InterruptedException {
        String text = output(List.of(claude.toString(), "--version"), null, environment);
        return text.isEmpty() ? claude.getFileName().toString() : "claude " + text.split(" ", 2)[0];
    }

    private static String output(List<String> command, @Nullable Path work, Map<String, String> environment)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
        if (work != null) {
            builder.directory(work.toFile());
        }
        builder.environment().clear();
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        try (InputStream out = process.getInputStream()) {
            String text = new String(out.readAllBytes(), StandardCharsets.UTF_8).strip();
            if (!process.waitFor(1, TimeUnit.MINUTES) || process.exitValue() != 0) {
                throw new IllegalStateException(command.get(0) + " failed: " + text);
            }
            return text;
        }
    }
}
