package io.hotplex.benchmarks;

import io.hotplex.api.Engine;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnResult;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.testkit.model.FakeModelServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What does a hot turn of a real OpenCode cost through the engine, compared with OpenCode's own HTTP interface?
 *
 * <p>The model is a {@link FakeModelServer} that answers at once with 20 pieces of text, so nearly all of the time is
 * OpenCode's own. In turns: 1, 2, 4 or 8 sessions of the engine get a prompt each, until all have their results; and as
 * many conversations get the same prompt from an {@link OpenCodeDriver}, until all are idle. Both speak with the same
 * process, so that no two processes are compared; it sends its events to both all the time.
 */
final class HotTurnOpenCode implements Benchmark {
    private static final String PROMPT = "SAY 20 tokens";
    private static final double FACTOR = 1.05;
    private static final int[] AT_ONCE = {1, 2, 4, 8};
    private static final int ROUNDS = 40;
    private static final int WARM_UP = 10;

    @Override
    public String name() {
        return "hot-turn-opencode";
    }

    @Override
    public String question() {
        return "What does a hot turn of a real OpenCode cost, against its own HTTP interface?";
    }

    @Override
    public @Nullable String missing(Options options) {
        return options.opencode() == null ? "OpenCode: run npm ci in hotplex-e2e, and this below the repository" : null;
    }

    @Override
    public List<Result> run(Options options) throws Exception {
        Path opencode = options.opencode();
        if (opencode == null) {
            return List.of();
        }
        try (FakeModelServer model = FakeModelServer.start();
                Scratch scratch = new Scratch();
                Engine engine = HotPlex.builder()
                        .config(EngineConfig.builder()
                                .set(EngineConfig.STATE_DIRECTORY, scratch.directory("state"))
                                .build())
                        .provider(provider(opencode, model, scratch))
                        .build()) {
            Path work = scratch.directory("work").toRealPath();
            List<Result> results = new ArrayList<>();
            List<Session> sessions = new ArrayList<>();
            List<String> conversations = new ArrayList<>();
            OpenCodeDriver driver = null;
            for (int n : AT_ONCE) {
                while (sessions.size() < n) {
                    Session session = engine.open(
                            SessionSpec.builder("s" + sessions.size(), work).build());
                    engineTurns(List.of(session));
                    if (driver == null) {
                        long pid = Objects.requireNonNull(session.info().pid(), "no process");
                        driver = new OpenCodeDriver(pid, work);
                    }
                    sessions.add(session);
                    conversations.add(driver.open());
                }
                results.add(compare(sessions, conversations, Objects.requireNonNull(driver), options.quick()));
            }
            return results;
        }
    }

    private static Result compare(
            List<Session> sessions, List<String> conversations, OpenCodeDriver driver, boolean quick)
            throws IOException {
        InTurn.Side engine = () -> engineTurns(sessions);
        InTurn.Side itself = () -> directTurns(conversations, driver);
        InTurn.measure(quick ? 0 : WARM_UP, engine, itself);
        InTurn measured = InTurn.measure(quick ? 2 : ROUNDS, engine, itself);
        Samples ours = measured.ours();
        Samples direct = measured.theirs();
        boolean near = ours.p50() <= FACTOR * direct.p50();
        return new Result(
                sessions.size() + " at once, all done, p50",
                "ms",
                ours.p50() / 1000,
                direct.p50() / 1000,
                new Result.Goal("<= " + FACTOR, near),
                Map.of("n", ours.count(), "p99", ours.p99() / 1000, "baselineP99", direct.p99() / 1000));
    }

    private static long engineTurns(List<Session> sessions) {
        long start = System.nanoTime();
        List<Turn> turns = sessions.stream()
                .map(session -> session.submit(Prompt.of(PROMPT)))
                .toList();
        for (Turn turn : turns) {
            TurnResult result = turn.result().toCompletableFuture().join();
            if (!result.completed()) {
                throw new IllegalStateException("the turn ended with " + result.end());
            }
        }
        return System.nanoTime() - start;
    }

    private static long directTurns(List<String> conversations, OpenCodeDriver driver) {
        long start = System.nanoTime();
        List<CompletableFuture<Long>> turns = conversations.stream()
                .map(conversation -> driver.turn(conversation, PROMPT))
                .toList();
        return turns.stream().mapToLong(CompletableFuture::join).max().orElseThrow() - start;
    }

    /** Nothing of it is looked up in a network. */
    private static ProviderConfig provider(Path opencode, FakeModelServer model, Scratch scratch) throws IOException {
        Path config = scratch.directory("config/opencode");
        Path file = Files.writeString(
                scratch.root().resolve("opencode.json"),
                "{\"autoupdate\":false,\"share\":\"disabled\",\"model\":\"fake/fake-1\",\"small_model\":\"fake/fake-1\","
                        + "\"enabled_providers\":[\"fake\"],\"lsp\":false,\"formatter\":false,\"provider\":{\"fake\":{"
                        + "\"npm\":\"@ai-sdk/openai-compatible\",\"options\":{\"baseURL\":\"" + model.chatUri()
                        + "\",\"apiKey\":\"none\"},\"models\":{\"fake-1\":{\"tool_call\":true,"
                        + "\"limit\":{\"context\":128000,\"output\":8192}}}}}}");
        Files.writeString(scratch.root().resolve("models.json"), "{}");
        String plugin = "{\"dependencies\":{\"@opencode-ai/plugin\":\"1.18.33\"}}";
        Files.createDirectories(config.resolve("node_modules"));
        Files.writeString(config.resolve("package.json"), plugin);
        Files.writeString(
                config.resolve("package-lock.json"), "{\"lockfileVersion\":3,\"packages\":{\"\":" + plugin + "}}");
        return ProviderConfig.of("opencode")
                .with("command", opencode.toString())
                .with("environment.HOME", scratch.directory("home").toString())
                .with("environment.XDG_CONFIG_HOME", scratch.directory("config").toString())
                .with("environment.XDG_DATA_HOME", scratch.directory("data").toString())
                .with("environment.XDG_CACHE_HOME", scratch.directory("cache").toString())
                .with(
                        "environment.XDG_STATE_HOME",
                        scratch.directory("opencode-state").toString())
                .with("environment.OPENCODE_CONFIG", file.toString())
                .with(
                        "environment.OPENCODE_MODELS_PATH",
                        scratch.root().resolve("models.json").toString())
                .with("environment.OPENCODE_DISABLE_MODELS_FETCH", "1")
                .with("environment.OPENCODE_DISABLE_DEFAULT_PLUGINS", "1")
                .with("environment.OPENCODE_DISABLE_PROJECT_CONFIG", "1");
    }
}
