package io.hotplex.e2e.opencode;

import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.EventRecord;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnResult;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.e2e.Told;
import io.hotplex.provider.opencode.OpenCodeProviderFactory;
import io.hotplex.testkit.LeakChecks;
import io.hotplex.testkit.model.FakeModelServer;
import io.hotplex.testkit.model.ModelRequest;
import io.hotplex.testkit.record.RecordingProvider;
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

/**
 * An offline home of OpenCode, a model server, and engines that drive the real program with them. Every process carries
 * a marker of its own, so that closing can tell whether one is left. Confined to its test.
 *
 * <p>With {@code -Dhotplex.record=DIRECTORY} the conversations are written down there.
 */
final class OpenCodeRig implements AutoCloseable {
    /** Far above what anything here takes; a test that waits so long has failed. */
    private static final Duration LIMIT = Duration.ofSeconds(45);

    private static final Duration POLL = Duration.ofMillis(5);

    final FakeModelServer model = FakeModelServer.start(0, true);
    final OfflineOpenCode home;
    final Path work;
    final Path state;
    private final String marker = "hotplex-e2e-" + UUID.randomUUID();
    private final List<Engine> engines = new ArrayList<>();

    OpenCodeRig(Path directory) {
        home = OfflineOpenCode.in(directory.resolve("opencode"), model.chatUri());
        work = directory(directory, "work");
        state = directory(directory, "state");
    }

    /** @param settings key, value …; those of the provider begin with {@code provider.} */
    Engine engine(String... settings) {
        Map<String, String> config = new LinkedHashMap<>();
        config.put("state-directory", state.toString());
        Map<String, String> provider = new LinkedHashMap<>(provider());
        for (int i = 0; i < settings.length; i += 2) {
            if (settings[i].startsWith("provider.")) {
                provider.put(settings[i].substring("provider.".length()), settings[i + 1]);
            } else {
                config.put(settings[i], settings[i + 1]);
            }
        }
        AgentProvider made = new OpenCodeProviderFactory().create(ProviderConfig.of("opencode", "opencode", provider));
        String record = System.getProperty("hotplex.record");
        Engine engine = HotPlex.builder()
                .config(EngineConfig.fromProperties(config))
                .provider(record == null ? made : new RecordingProvider(made, Path.of(record)))
                .build();
        engines.add(engine);
        return engine;
    }

    /** Settings of the provider. */
    Map<String, String> provider() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("command", OfflineOpenCode.program().toString());
        home.environment().forEach((name, value) -> settings.put("environment." + name, value));
        settings.put("environment.E2E_MARKER", marker);
        return settings;
    }

    /** Another JVM, {@link KilledEngine}, in which an agent is given a prompt; its own output goes to a file. */
    Process otherJvm(String prompt) {
        Properties settings = new Properties();
        settings.putAll(provider());
        Path file = home.root().resolve("settings");
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                KilledEngine.class.getName(),
                file.toString(),
                state.toString(),
                work.toString(),
                prompt);
        try (OutputStream out = Files.newOutputStream(file)) {
            settings.store(out, null);
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(home.root().resolve("output").toFile())
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    SessionSpec.Builder spec(String id) {
        return SessionSpec.builder(id, work);
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

    /** What the model was last sent. */
    String lastBody() {
        List<ModelRequest> asked = model.requests().stream()
                .filter(request -> request.path().equals("/v1/chat/completions"))
                .toList();
        return asked.get(asked.size() - 1).body().orElseThrow();
    }

    /** What is in the environment of all agents, and in that of whatever they start. */
    String marker() {
        return marker;
    }

    /** The processes that have the rig's marker in their environment: servers and everything below them. */
    List<Long> processes() {
        return LeakChecks.processesMarked(marker);
    }

    Path file(String name) {
        return work.resolve(name);
    }

    /** Ends everything, and fails when a process is left. */
    @Override
    public void close() {
        engines.forEach(Engine::close);
        model.close();
        LeakChecks.assertNoProcessMarked(marker);
    }

    static Path directory(Path parent, String name) {
        try {
            return Files.createDirectory(parent.resolve(name)).toRealPath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
