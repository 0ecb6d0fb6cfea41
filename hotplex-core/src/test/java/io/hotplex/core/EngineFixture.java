package io.hotplex.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.EventRecord;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnResult;
import io.hotplex.api.spi.ProviderConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** An engine on {@link FakeAgents}, and short ways to say what tests say often. */
final class EngineFixture implements AutoCloseable {
    static {
        org.awaitility.Awaitility.setDefaultPollDelay(java.time.Duration.ZERO);
        org.awaitility.Awaitility.setDefaultPollInterval(java.time.Duration.ofMillis(2));
    }

    final FakeAgents agents = new FakeAgents("fake");
    final Engine engine;
    private final Path workDir;

    /** @param settings key, value, key, value … */
    EngineFixture(Path directory, String... settings) {
        this(directory, HotPlex.builder(), settings);
    }

    EngineFixture(Path directory, HotPlex builder, String... settings) {
        workDir = directory;
        java.util.Map<String, String> map = new java.util.LinkedHashMap<>();
        map.put("state-directory", directory.resolve("state").toString());
        map.put("interrupt-grace", "100ms");
        for (int i = 0; i < settings.length; i += 2) {
            map.put(settings[i], settings[i + 1]);
        }
        engine = builder.config(EngineConfig.fromProperties(map))
                .provider(agents)
                .launcher(agents)
                .build();
    }

    Session open(String id) {
        return engine.open(spec(id).build());
    }

    SessionSpec.Builder spec(String id) {
        return SessionSpec.builder(id, workDir);
    }

    /** A session whose first process is ready and whose first turn is done. */
    Session hot(String id) {
        Session session = open(id);
        int number = agents.processes.size() + 1;
        Turn turn = session.submit(Prompt.of("first"));
        agents.process(number)
                .expect("hello")
                .say("ready")
                .expect("prompt first")
                .say("done one");
        assertThat(result(turn).completed()).isTrue();
        return session;
    }

    static TurnResult result(Turn turn) {
        try {
            return turn.result().toCompletableFuture().get(10, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("the turn did not end", e);
        }
    }

    /** The Claude provider, driving another program. */
    static ProviderConfig claude(List<String> command) {
        String arguments = String.join(",", command.subList(1, command.size()));
        return ProviderConfig.of("claude", "claude", Map.of("command", command.get(0), "command-args", arguments));
    }

    /** Everything in the journal so far, and what comes. */
    static List<EventRecord> read(Session session) {
        List<EventRecord> records = new CopyOnWriteArrayList<>();
        session.subscribe(0, records::add);
        return records;
    }

    static List<String> types(List<EventRecord> records) {
        return records.stream().map(r -> r.event().type()).toList();
    }

    static <T extends AgentEvent> List<T> only(List<EventRecord> records, Class<T> type) {
        return records.stream()
                .map(EventRecord::event)
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    @Override
    public void close() {
        engine.close();
    }
}
