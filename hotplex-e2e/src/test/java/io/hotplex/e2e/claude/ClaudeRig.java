package io.hotplex.e2e.claude;

import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.EventRecord;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.ToolRules;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnResult;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.e2e.Told;
import io.hotplex.testkit.LeakChecks;
import io.hotplex.testkit.model.FakeModelServer;
import io.hotplex.testkit.model.ModelRequest;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A home directory, a work directory, a model server, and engines that drive one version of Claude Code with them.
 * Every process carries a marker of its own, so that closing can tell whether one is left. Confined to its test.
 */
final class ClaudeRig implements AutoCloseable {
    /** Far above what anything here takes; a test that waits so long has failed. */
    private static final Duration LIMIT = Duration.ofSeconds(45);

    private static final Duration POLL = Duration.ofMillis(5);

    final FakeModelServer model = FakeModelServer.start(0, true);
    final Path home;
    final Path work;
    final Path state;
    private final ClaudeVersion version;
    private final String marker = "hotplex-e2e-" + UUID.randomUUID();
    private final List<Engine> engines = new ArrayList<>();

    ClaudeRig(ClaudeVersion version, Path directory) {
        this.version = version;
        home = directory(directory, "home");
        work = directory(directory, "work");
        state = directory(directory, "state");
        directory(directory, "tmp");
    }

    /** @param settings key, value, key, value … */
    Engine engine(String... settings) {
        return engine(Map.of(), settings);
    }

    /** @param more settings of the provider */
    Engine engine(Map<String, String> more, String... settings) {
        Map<String, String> config = new LinkedHashMap<>();
        config.put("state-directory", state.toString());
        config.put("eof-grace", "1s");
        config.put("term-grace", "1s");
        for (int i = 0; i < settings.length; i += 2) {
            config.put(settings[i], settings[i + 1]);
        }
        Map<String, String> provider = new LinkedHashMap<>(provider());
        provider.putAll(more);
        Engine engine = HotPlex.builder()
                .config(EngineConfig.fromProperties(config))
                .provider(ProviderConfig.of("claude", "claude", provider))
                .build();
        engines.add(engine);
        return engine;
    }

    private Map<String, String> provider() {
        return Map.ofEntries(
                Map.entry("command", version.program().toString()),
                Map.entry("environment.HOME", home.toString()),
                Map.entry("environment.TMPDIR", home.resolveSibling("tmp").toString()),
                Map.entry("environment.LANG", "C.UTF-8"),
                Map.entry("environment.SHELL", "/bin/sh"),
                Map.entry("environment.NO_PROXY", "127.0.0.1"),
                Map.entry("environment.no_proxy", "127.0.0.1"),
                Map.entry("environment.ANTHROPIC_BASE_URL", model.baseUri().toString()),
                Map.entry("environment.ANTHROPIC_API_KEY", "made-up"),
                Map.entry("environment.E2E_MARKER", marker));
    }

    /**
     * Another JVM, {@link KilledEngine}, in which an agent is given prompts; what it says goes to a file, see
     * {@link #otherJvmSaid}.
     *
     * @param engine settings of its engine besides the state directory
     * @param session model and mode of its session, where they matter
     */
    Process otherJvm(Map<String, String> engine, Map<String, String> session, String... prompts) {
        Map<String, String> config = new LinkedHashMap<>(engine);
        config.put("state-directory", state.toString());
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                KilledEngine.class.getName(),
                settings("provider", provider()),
                settings("engine", config),
                settings("session", session),
                work.toString()));
        command.addAll(List.of(prompts));
        try {
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output().toFile())
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String settings(String name, Map<String, String> values) {
        Properties properties = new Properties();
        properties.putAll(values);
        Path file = home.resolveSibling(name);
        try (OutputStream out = Files.newOutputStream(file)) {
            properties.store(out, null);
            return file.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path output() {
        return home.resolveSibling("output");
    }

    /** The whole lines that the other JVM said so far. */
    List<String> otherJvmSaid() {
        String text = read(output());
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }

    SessionSpec.Builder spec(String id) {
        return SessionSpec.builder(id, work);
    }

    /** A session whose agent runs commands without asking. */
    Session trusting(Engine engine, String id) {
        return engine.open(trusting(spec(id)));
    }

    static SessionSpec trusting(SessionSpec.Builder spec) {
        return spec.tools(new ToolRules(null, List.of("Bash"), List.of())).build();
    }

    Session open(Engine engine, String id) {
        return engine.open(spec(id).build());
    }

    static TurnResult run(Session session, String text) {
        return end(session.submit(Prompt.of(text)));
    }

    static TurnResult end(Turn turn) {
        try {
            return turn.result().toCompletableFuture().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("the turn did not end", e);
        }
    }

    /** Everything in the journal so far, and what comes. */
    static List<EventRecord> read(Session session) {
        return Told.of(session);
    }

    static <T extends AgentEvent> List<T> only(List<EventRecord> records, Class<T> type) {
        return Told.only(records, type);
    }

    /** The first event of a kind, waited for. */
    static <T extends AgentEvent> T first(List<EventRecord> records, Class<T> type) {
        return first(records, type, event -> true);
    }

    static <T extends AgentEvent> T first(List<EventRecord> records, Class<T> type, Predicate<T> condition) {
        until(
                type.getSimpleName() + " in " + records,
                () -> only(records, type).stream().anyMatch(condition));
        return only(records, type).stream().filter(condition).findFirst().orElseThrow();
    }

    static void until(String what, Callable<Boolean> condition) {
        await(what).pollDelay(Duration.ZERO).pollInterval(POLL).atMost(LIMIT).until(condition);
    }

    static long pid(Session session) {
        return Objects.requireNonNull(session.info().pid(), "the session has no process");
    }

    /** Requests for a message, oldest first. */
    List<ModelRequest> asked() {
        return model.requests().stream()
                .filter(r -> r.method().equals("POST") && r.path().matches("/v1/messages(\\?.*)?"))
                .toList();
    }

    /** What the model was last sent. */
    String lastBody() {
        List<ModelRequest> asked = asked();
        return asked.get(asked.size() - 1).body().orElseThrow();
    }

    /** Whether the newest request holds a word, which is how a conversation remembers. */
    boolean remembers(String word) {
        return lastBody().contains(word);
    }

    /**
     * Whether the agent has a prompt with this word, and its answer, on disk. It writes a little after it answered, so
     * an agent that is killed at once may have forgotten what was said last. The word alone does not tell: the prompt
     * is first written as one that waits, and such a line is no part of the conversation.
     */
    boolean writtenDown(String word) {
        return conversations().stream().anyMatch(file -> {
            List<String> lines = read(file).lines().toList();
            int prompt = -1;
            for (int i = 0; i < lines.size(); i++) {
                if (lines.get(i).contains("\"type\":\"user\"") && lines.get(i).contains(word)) {
                    prompt = i;
                }
            }
            return prompt >= 0
                    && lines.subList(prompt, lines.size()).stream()
                            .anyMatch(line -> line.contains("\"type\":\"assistant\""));
        });
    }

    /** The files in which the agent keeps its conversations. */
    List<Path> conversations() {
        Path projects = home.resolve(".claude/projects");
        if (!Files.isDirectory(projects)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(projects)) {
            return files.filter(file -> file.toString().endsWith(".jsonl")).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What is in the environment of all agents, and in that of whatever they start. */
    String marker() {
        return marker;
    }

    /** The processes that have the rig's marker in their environment: agents and everything below them. */
    List<Long> processes() {
        return LeakChecks.processesMarked(marker);
    }

    Path file(String name) {
        return work.resolve(name);
    }

    void touch(String name) {
        try {
            Files.createFile(file(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends everything, and fails when a process is left. */
    @Override
    public void close() {
        engines.forEach(Engine::close);
        model.close();
        LeakChecks.assertNoProcessMarked(marker);
    }

    private static Path directory(Path parent, String name) {
        try {
            return Files.createDirectory(parent.resolve(name)).toRealPath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
