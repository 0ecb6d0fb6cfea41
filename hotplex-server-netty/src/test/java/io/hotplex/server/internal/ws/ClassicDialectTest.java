package io.hotplex.server.internal.ws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnInfo;
import io.hotplex.server.internal.sessions.Presence;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ClassicDialectTest {
    /** Every field of a message's meta, all of which are always there. */
    private static final List<String> META = List.of(
            "duration_ms",
            "total_duration_ms",
            "tool_name",
            "tool_id",
            "status",
            "error_msg",
            "input_tokens",
            "output_tokens",
            "cache_write_tokens",
            "cache_read_tokens",
            "input_summary",
            "output_summary",
            "file_path",
            "line_count",
            "progress",
            "total_steps",
            "current_step");

    @TempDir
    Path dir;

    @Test
    void anExecutionIsShownFromItsAnnouncementToItsOneEnd() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.v1(Rig.ANN);

            socket.say(
                    "{'request_id':7,'type':'execute','session_id':'s1','prompt':'say hi','work_dir':'" + dir + "'}");
            List<JsonNode> messages = until(socket, 7, "completed");

            assertThat(messages)
                    .extracting(m -> m.path("event").asText())
                    .containsExactly("thinking", "thinking", "answer", "session_stats", "completed");
            assertThat(messages).allSatisfy(m -> {
                assertThat(m.path("type")).isEqualTo(m.path("event"));
                assertThat(m.path("session_id").asText()).isEqualTo("s1");
            });
            JsonNode first = messages.get(0).path("data");
            assertThat(first.path("event_data").asText()).isEqualTo("ai.thinking");
            assertThat(first.path("meta").properties())
                    .extracting(e -> e.getKey())
                    .containsExactlyElementsOf(META);
            JsonNode answer = messages.get(2).path("data");
            assertThat(answer.path("event_type").asText()).isEqualTo("answer");
            assertThat(answer.path("event_data").asText()).isEqualTo("hi");
            JsonNode stats = messages.get(3).path("data");
            assertThat(stats.path("input_tokens").asLong()).isEqualTo(3);
            assertThat(stats.path("total_tokens").asLong()).isEqualTo(7);
            assertThat(stats.path("total_cost_usd").asDouble()).isEqualTo(0.25);
            assertThat(stats.path("is_error").asBoolean()).isFalse();
            JsonNode end = messages.get(4);
            assertThat(end.path("offset").asLong()).isEqualTo(6);
            assertThat(end.path("data").path("session_id").asText()).isEqualTo("s1");
            assertThat(end.path("data").path("stats").path("output_tokens").asLong())
                    .isEqualTo(4);
        }
    }

    @Test
    void toolsAreShownWithTheirInputAndOutput() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.v1(Rig.ANN);

            socket.say("{'request_id':1,'type':'execute','session_id':'s1','prompt':'tool'}");
            List<JsonNode> messages = until(socket, 1, "completed");

            JsonNode use = messages.get(1).path("data");
            assertThat(use.path("event_type").asText()).isEqualTo("tool_use");
            assertThat(use.path("event_data").asText()).isEqualTo("Bash");
            assertThat(use.path("meta").path("tool_id").asText()).isEqualTo("t1");
            assertThat(use.path("meta").path("input_summary").asText()).isEqualTo("ls");
            assertThat(use.path("meta").path("status").asText()).isEqualTo("running");
            JsonNode result = messages.get(2).path("data");
            assertThat(result.path("event_type").asText()).isEqualTo("tool_result");
            assertThat(result.path("event_data").asText()).isEqualTo("a.txt");
            assertThat(result.path("meta").path("status").asText()).isEqualTo("success");
            assertThat(messages.get(3).path("data").path("tools_used").get(0).asText())
                    .isEqualTo("Bash");
        }
    }

    @Test
    void aSessionWithoutIdGetsOneThatIsAnnouncedAtOnce() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.v1(Rig.ANN);

            socket.say("{'type':'execute','prompt':'hold'}");
            JsonNode announced = socket.next();

            assertThat(announced.has("request_id")).isFalse();
            String id = announced.path("session_id").asText();
            assertThat(rig.engine.session(id)).isPresent();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'type':'execute','prompt':'say hi','session_id':'s1','work_dir':'DIR','instructions':'be brief'}",
                "{'type':'execute','prompt':'say hi','config':{'session_id':'s1','work_dir':'DIR','task_instructions':'be brief'}}"
            })
    void optionsAreTakenFlatAndNested(String message) {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.v1(Rig.ANN);

            socket.say(message.replace("DIR", dir.toString()));
            socket.next("event", "completed");

            assertThat(rig.puppets.started.get(0).id()).isEqualTo("s1");
            assertThat(rig.puppets.started.get(0).workDir().getFileName()).isEqualTo(dir.getFileName());
        }
    }

    @Test
    void aSecondExecutionOfTheSameSessionWaitsAndBothEndOnce() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.v1(Rig.ANN);
            socket.say("{'request_id':1,'type':'execute','session_id':'s1','prompt':'hold'}");
            socket.say("{'request_id':2,'type':'execute','session_id':'s1','prompt':'say two'}");
            socket.say("{'request_id':3,'type':'execute','session_id':'s1','prompt':'fail'}");
            rig.puppets.tell("say one");

            List<String> ends = new ArrayList<>();
            while (ends.size() < 3) {
                JsonNode message = socket.next();
                String event = message.path("event").asText();
                if (event.equals("completed") || event.equals("error")) {
                    ends.add(message.path("request_id").asInt() + " " + event + " "
                            + message.path("data")
                                    .path("result")
                                    .asText(message.path("data").path("code").asText()));
                }
            }

            assertThat(ends) // in the order of the turns, but each is told by a subscription of its own
                    .containsExactlyInAnyOrder("1 completed one", "2 completed two", "3 error RATE_LIMITED");
            assertThat(socket.sent).isEmpty();
        }
    }

    @Test
    void aFailureIsAnErrorWithACodeNeverACompletion() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.v1(Rig.ANN);
            socket.say("{'request_id':1,'type':'execute','session_id':'s1','prompt':'hold'}");

            rig.puppets.crash();
            List<JsonNode> messages = until(socket, 1, "error");

            JsonNode end = messages.get(messages.size() - 1).path("data");
            assertThat(end.path("message").asText()).startsWith("Execution failed: ");
            assertThat(end.path("code").asText()).isEqualTo("AGENT_CRASHED");
            assertThat(messages.get(messages.size() - 2)
                            .path("data")
                            .path("is_error")
                            .asBoolean())
                    .isTrue();
        }
    }

    @Test
    void aBlockedPromptIsADangerBlockFollowedByAnError() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.v1(Rig.ANN);

            socket.say("{'request_id':1,'type':'execute','session_id':'s1','prompt':'forbidden thing'}");
            List<JsonNode> messages = until(socket, 1, "error");

            JsonNode danger = messages.get(1).path("data");
            assertThat(messages.get(1).path("event").asText()).isEqualTo("danger_block");
            assertThat(danger.path("operation").asText()).isEqualTo("forbidden thing");
            assertThat(danger.path("pattern_matched").asText()).isEqualTo("rule-1");
            assertThat(danger.path("level").isInt()).isTrue();
            assertThat(danger.path("level").asInt()).isEqualTo(1);
            assertThat(danger.path("bypass_allowed").asBoolean()).isFalse();
            assertThat(messages.get(2).path("data").path("code").asText()).isEqualTo("PROMPT_BLOCKED");
        }
    }

    @Test
    void stoppingEndsWhatRunsAndSaysSoOnce() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.v1(Rig.ANN);
            socket.say("{'request_id':1,'type':'execute','session_id':'s1','prompt':'hold'}");
            socket.next("event", "thinking");

            socket.say("{'request_id':2,'type':'stop','session_id':'s1'}");

            List<String> ends = new ArrayList<>();
            while (ends.size() < 2) {
                JsonNode message = socket.next();
                if (!message.path("event").asText().equals("session_stats")) {
                    ends.add(message.path("request_id").asInt() + " "
                            + message.path("event").asText());
                }
            }
            assertThat(ends).containsExactlyInAnyOrder("1 error", "2 stopped");
            socket.say("{'request_id':3,'type':'stop','session_id':'unknown'}");
            assertThat(socket.next().path("data").path("session_id").asText()).isEqualTo("unknown");
            assertThat(socket.sent).isEmpty();
        }
    }

    @Test
    void statsAndVersionAreTold() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.v1(Rig.ANN);
            socket.say("{'request_id':1,'type':'execute','session_id':'s1','prompt':'tool'}");
            until(socket, 1, "completed");

            socket.say("{'request_id':2,'type':'stats','session_id':'s1'}");
            JsonNode stats = socket.next().path("data");
            socket.say("{'request_id':3,'type':'stats','session_id':'unknown'}");
            JsonNode none = socket.next();
            socket.say("{'request_id':4,'type':'version'}");
            JsonNode version = socket.next();

            assertThat(stats.path("session_id").asText()).isEqualTo("s1");
            assertThat(stats.path("tool_call_count").asInt()).isEqualTo(1);
            assertThat(stats.path("file_paths").isArray()).isTrue();
            assertThat(none.has("data")).isTrue();
            assertThat(none.path("data").isNull()).isTrue();
            assertThat(version.path("data").path("version").asText()).isEqualTo("1.2.3 (Puppet)\n");
        }
    }

    @Test
    void aRequestOfTheAgentIsShownThoughThisDialectCannotAnswerIt() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.v1(Rig.ANN);

            socket.say("{'request_id':1,'type':'execute','session_id':'s1','prompt':'ask'}");
            JsonNode asked = socket.next("event", "permission_request");

            assertThat(asked.path("data").path("data").path("request_id").asText())
                    .isEqualTo("p1");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nonsense                              | invalid JSON payload",
                "{'request_id':5}                      | unknown request type",
                "{'request_id':5,'type':'fly'}         | unknown request type",
                "{'request_id':5,'type':'execute'}     | prompt cannot be empty",
                "{'request_id':5,'type':'stop'}        | session_id is required for stop",
                "{'request_id':5,'type':'stats'}       | session_id is required for stats",
                "{'request_id':5,'type':'execute','prompt':'a','work_dir':'/does/not/exist'} | Execution failed: ",
                "{'request_id':5,'type':'execute','prompt':'a','session_id':'a/b'} | Execution failed: "
            })
    void whatCannotBeDoneIsToldInTheKnownWords(String message, String text) {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.v1(Rig.ANN);

            socket.say(message);
            JsonNode error = socket.next();

            assertThat(error.path("event").asText()).isEqualTo("error");
            assertThat(error.path("data").path("message").asText()).startsWith(text.strip());
            assertThat(error.path("data").path("code").asText()).isNotEmpty();
            if (message.contains("request_id")) {
                assertThat(error.path("request_id").asInt()).isEqualTo(5);
            }
        }
    }

    @Test
    void sessionsOfOthersDoNotExistHereEither() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket ann = rig.v1(Rig.ANN);
            ann.say("{'request_id':1,'type':'execute','session_id':'s1','prompt':'hold'}");
            FakeSocket ben = rig.v1(Rig.BEN);

            ben.say("{'request_id':1,'type':'stop','session_id':'s1'}");
            ben.say("{'request_id':2,'type':'stats','session_id':'s1'}");
            ben.say("{'request_id':3,'type':'execute','session_id':'s1','prompt':'say hi'}");

            assertThat(ben.next().path("event").asText()).isEqualTo("stopped");
            assertThat(ben.next().path("data").isNull()).isTrue();
            assertThat(ben.next().path("data").path("code").asText()).isEqualTo("SESSION_CONFLICT");
            Session session = rig.engine.session("s1").orElseThrow();
            assertThat(session.info().closed()).isFalse();
            assertThat(session.turns()).hasSize(1);
        }
    }

    @Test
    void aTurnGoesOnWhenItsClientIsGone() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.v1(Rig.ANN);
            socket.say("{'request_id':1,'type':'execute','session_id':'s1','prompt':'hold'}");
            socket.leave();

            rig.puppets.tell("say survived");

            assertThat(rig.engine
                            .session("s1")
                            .orElseThrow()
                            .turns()
                            .get(0)
                            .result()
                            .toCompletableFuture()
                            .join()
                            .text())
                    .isEqualTo("survived");
        }
    }

    @Test
    void aSlowClientLosesNothing() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.v1(Rig.ANN);
            socket.say("{'request_id':1,'type':'execute','session_id':'s1','prompt':'hold'}");
            socket.next("event", "thinking");
            socket.writable = false;
            rig.puppets.tell("tool");
            rig.engine
                    .session("s1")
                    .orElseThrow()
                    .turns()
                    .get(0)
                    .result()
                    .toCompletableFuture()
                    .join();

            socket.drain();
            List<JsonNode> messages = until(socket, 1, "completed");

            assertThat(messages)
                    .extracting(m -> m.path("event").asText())
                    .containsExactly("tool_use", "tool_result", "session_stats", "completed");
        }
    }

    @Test
    void aDrainingServerLeavesAtOnceOrAfterTheLastEnd() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket idle = rig.v1(Rig.ANN);
            FakeSocket busy = rig.v1(Rig.ANN);
            busy.say("{'request_id':1,'type':'execute','session_id':'s1','prompt':'hold'}");

            idle.listener().onDrain();
            busy.listener().onDrain();
            assertThat(idle.closed).startsWith("1001");
            assertThat(busy.closed).isNull();
            rig.puppets.tell("say hi");

            until(busy, 1, "completed");
            await().until(() -> busy.closed != null);
            assertThat(busy.closed).startsWith("1001");
        }
    }

    @Test
    void anExecutionThatNoEngineWillServeNowEndsWithAnError() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.v1(Rig.ANN);
            socket.say("{'request_id':1,'type':'execute','session_id':'s1','prompt':'hold'}");
            Session session = rig.engine.session("s1").orElseThrow();
            Turn waiting = rig.access.submit(Rig.ANN, session, Prompt.of("say hi"));
            AtomicInteger ended = new AtomicInteger();
            Projection projection = new Projection(
                    session,
                    waiting,
                    "say hi",
                    new ClassicDialect.Peer(socket, IntNode.valueOf(2)),
                    over -> ended.incrementAndGet());

            projection.onClosed();
            projection.onClosed();

            JsonNode error = socket.next("event", "error");
            assertThat(error.path("request_id").asInt()).isEqualTo(2);
            assertThat(error.path("data").path("code").asText()).isEqualTo("ENGINE_CLOSED");
            assertThat(error.path("data").path("retryable").asBoolean()).isTrue();
            assertThat(ended).hasValue(1);
        }
    }

    @Test
    void anExecutionWhoseEventsCannotBeShownEndsWithAnError() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.v1(Rig.ANN);
            socket.poison = "permission_request";

            socket.say("{'request_id':1,'type':'execute','session_id':'s1','prompt':'ask'}");

            JsonNode error = socket.next("event", "error");
            assertThat(error.path("request_id").asInt()).isEqualTo(1);
            assertThat(error.path("data").path("code").asText()).isEqualTo("INTERNAL");
        }
    }

    @Test
    void aClientIsPresentBetweenItsTurnsAndUntilItGoes() {
        try (Rig rig = new Rig(dir)) {
            rig.presence = new Presence(true, Duration.ZERO);
            FakeSocket socket = rig.v1(Rig.ANN);
            socket.say("{'request_id':1,'type':'execute','session_id':'s1','prompt':'hold'}");
            Session session = rig.engine.session("s1").orElseThrow();
            Turn other = rig.access.submit(Rig.ANN, session, Prompt.of("hold"));
            rig.puppets.tell("say hi");
            until(socket, 1, "completed");

            await().during(Duration.ofMillis(200)).until(() -> other.info().state() != TurnInfo.State.ENDED);
            socket.leave();

            assertThat(other.result().toCompletableFuture().join().end().type()).isEqualTo("turn_cancelled");
        }
    }

    /** The messages about a request up to one kind. */
    private static List<JsonNode> until(FakeSocket socket, int request, String last) {
        List<JsonNode> messages = new ArrayList<>();
        do {
            JsonNode message = socket.next();
            if (message.path("request_id").asInt() == request) {
                messages.add(message);
            }
        } while (!messages.get(messages.size() - 1).path("event").asText().equals(last));
        return messages;
    }
}
