package io.hotplex.server.internal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.EventRecord;
import io.hotplex.api.EventSchema;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.testkit.agent.DemoAgent;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that look into a durable journal. */
class SessionsCommandTest {
    @TempDir
    Path dir;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private Engine engine() {
        List<String> command = DemoAgent.command();
        return HotPlex.builder()
                .config(EngineConfig.fromProperties(Map.of("state-directory", dir.toString(), "journal", "sqlite")))
                .provider(ProviderConfig.of(
                        "demo",
                        "claude",
                        Map.of(
                                "command", command.get(0),
                                "command-args", String.join(",", command.subList(1, command.size())))))
                .build();
    }

    private void converse(String id) throws Exception {
        try (Engine engine = engine()) {
            Session session = engine.open(SessionSpec.builder(id, dir).build());
            assertThat(session.submit(Prompt.of("say hello"))
                            .result()
                            .toCompletableFuture()
                            .get(60, TimeUnit.SECONDS)
                            .completed())
                    .isTrue();
        }
    }

    private int hotplex(String... arguments) {
        out.reset();
        err.reset();
        List<String> all = Stream.concat(Stream.of(arguments), Stream.of("--set", "state-directory=" + dir))
                .toList();
        return new CommandLine(Surroundings.of(InputStream.nullInputStream(), out, err, Terminal.NONE, Map.of(), dir))
                .run(all);
    }

    private String output() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String errors() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @Test
    void showsExportsReplaysAndDeletesWhatAnEngineKept() throws Exception {
        converse("trip");

        assertThat(hotplex("sessions")).as(errors()).isZero();
        assertThat(output()).contains("trip").contains("open").contains("1 turns");

        assertThat(hotplex("sessions", "show", "trip", "--json")).isZero();
        Map<?, ?> shown = new ObjectMapper().readValue(output(), Map.class);
        assertThat(shown.get("session")).isEqualTo("trip");
        assertThat(shown.get("turns")).isEqualTo(1);

        assertThat(hotplex("sessions", "export", "trip")).isZero();
        List<EventRecord> exported = output().lines().map(this::parse).toList();
        for (int i = 0; i < exported.size(); i++) {
            assertThat(exported.get(i).offset()).isEqualTo(i + 1);
        }
        assertThat(exported).anyMatch(record -> record.event() instanceof AgentEvent.TurnCompleted);

        assertThat(hotplex("replay", "trip", "--speed", "max")).isZero();
        assertThat(output()).isNotBlank();
        assertThat(hotplex("replay", "trip", "--speed=1000", "--json")).isZero();
        assertThat(output().lines()).hasSameSizeAs(exported);

        assertThat(hotplex("sessions", "delete", "trip")).as(errors()).isZero();
        assertThat(hotplex("sessions")).isZero();
        assertThat(output()).isEmpty();
        assertThat(hotplex("sessions", "show", "trip")).isEqualTo(ExitCode.FAILED);
        assertThat(errors()).contains("SESSION_NOT_FOUND");
    }

    @SuppressWarnings("unchecked")
    private EventRecord parse(String line) {
        try {
            return EventSchema.fromMap(new ObjectMapper().readValue(line, Map.class));
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new AssertionError(line, e);
        }
    }

    @Test
    void othersMayLookWhileAnEngineRunsButNotDelete() throws Exception {
        converse("trip");
        try (Engine engine = engine()) {
            assertThat(engine.sessions()).hasSize(1);
            assertThat(hotplex("sessions")).isZero();
            assertThat(output()).contains("trip");

            assertThat(hotplex("sessions", "delete", "trip")).isEqualTo(ExitCode.FAILED);
            assertThat(errors()).contains("STATE_IN_USE");
        }
    }

    @Test
    void wrongUsageIsExplained() {
        assertThat(hotplex("sessions", "burn")).isEqualTo(ExitCode.USAGE);
        assertThat(hotplex("sessions", "show")).isEqualTo(ExitCode.USAGE);
        assertThat(hotplex("replay")).isEqualTo(ExitCode.USAGE);
        assertThat(hotplex("replay", "x", "--speed=-1")).isEqualTo(ExitCode.USAGE);
        assertThat(hotplex("sessions", "list")).isEqualTo(ExitCode.FAILED);
        assertThat(errors()).contains("JOURNAL_UNAVAILABLE");
    }
}
