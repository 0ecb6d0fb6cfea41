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
 * Claude's own. In turns: a turn through the engine, until the caller has its result; a turn over a {@link PipeDriver}
 * to a process with the same arguments and environment, until the {@code result} line; and, every few rounds, a
 * {@code claude -p} from its start to its exit.
 */
final class HotTurnClaude implements Benchmark {
    private static final String PROMPT = "SAY 20 tokens";
    private static final double BARE_FACTOR = 1.05;
    private static final double ONE_SHOT_FACTOR = 10;

    @Override
    public String name() {
        return "hot-turn-claude";
    }

    @Override
    public String question() {
        return "What does a hot turn of a real Claude Code cost, against a bare pipe and against claude -p?";
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
        int warmUp = quick ? 1 : 10;
        int rounds = quick ? 2 : 100;
        int oneShotEvery = quick ? 1 : 10;
        Path work = scratch.directory("work");
        ProviderConfig provider = provider(claude, model, scratch);
        EngineConfig config = EngineConfig.builder()
                .set(EngineConfig.STATE_DIRECTORY, scratch.directory("state"))
                .build();
        SessionSpec spec = SessionSpec.builder("hot", work).build();
        Samples hot = new Samples();
        Samples bare = new Samples();
        Samples oneShot = new Samples();
        String version;
        try (Engine engine = HotPlex.builder().config(config).provider(provider).build()) {
            Session session = engine.open(spec);
            engineTurn(session);
            Launch same = launch(provider, spec);
            Map<String, String> environment = environment(session, same);
            version = version(claude, environment);
            try (PipeDriver pipe = new PipeDriver(same.command(), work, environment)) {
                for (int i = -warmUp; i < rounds; i++) {
                    Samples hotNow = i < 0 ? new Samples() : hot;
                    Samples bareNow = i < 0 ? new Samples() : bare;
                    if (i % 2 == 0) { // each comes after the other, and after itself, equally often
                        hotNow.add(engineTurn(session));
                        bareNow.add(bareTurn(pipe));
                    } else {
                        bareNow.add(bareTurn(pipe));
                        hotNow.add(engineTurn(session));
                    }
                    if (i >= 0 && i % oneShotEvery == 0) {
                        oneShot.add(oneShot(claude, work, environment));
                    }
                }
            }
        }
        return results(version, hot, bare, oneShot);
    }

    private static List<Result> results(String version, Samples hot, Samples bare, Samples oneShot) {
        boolean nearBare = hot.p50() <= BARE_FACTOR * bare.p50();
        boolean fast = oneShot.p50() >= ONE_SHOT_FACTOR * hot.p50();
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("claude", version);
        details.put("p99", hot.p99() / 1000);
        details.put("baselineP99", bare.p99() / 1000);
        details.put("n", hot.count());
        Map<String, Object> oneShotDetails = new LinkedHashMap<>(details);
        oneShotDetails.put("baselineP99", oneShot.p99() / 1000);
        oneShotDetails.put("baselineN", oneShot.count());
        return List.of(
                new Result(
                        version + ": hot against a bare pipe, p50",
                        "ms",
                        hot.p50() / 1000,
                        bare.p50() / 1000,
                        new Result.Goal("<= 1.05", nearBare),
                        details),
                new Result(
                        version + ": hot against claude -p, p50",
                        "ms",
                        hot.p50() / 1000,
                        oneShot.p50() / 1000,
                        new Result.Goal("<= 0.10", fast),
                        oneShotDetails));
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

    /** The variables of the engine's process, which differ from those of this JVM. */
    private static Map<String, String> environment(Session session, Launch launch) throws IOException {
        Path environ = Path.of("/proc/" + session.info().pid() + "/environ");
        if (!Files.isReadable(environ)) {
            return launch.environment();
        }
        Map<String, String> environment = new LinkedHashMap<>();
        for (String assignment : Files.readString(environ).split("\0", -1)) {
            int name = assignment.indexOf('=');
            if (name > 0) {
                environment.put(assignment.substring(0, name), assignment.substring(name + 1));
            }
        }
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
