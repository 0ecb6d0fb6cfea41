package io.hotplex.server.internal.ws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.hotplex.api.Session;
import io.hotplex.server.internal.sessions.Presence;
import io.hotplex.server.internal.wire.ProtocolSchemas;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class NativeDialectTest {
    @TempDir
    Path dir;

    @Test
    void greetsWithVersionScopesProvidersAndLimits() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket =
                    new FakeSocket(Rig.ANN).open(s -> new NativeDialect(s, rig.access, rig.presence, 4_000));

            JsonNode hello = socket.next();

            assertThat(hello.path("type").asText()).isEqualTo("hello");
            assertThat(hello.path("protocol").asInt()).isEqualTo(2);
            assertThat(hello.path("owner").asText()).isEqualTo("ann");
            assertThat(hello.path("scopes")).hasSize(3);
            assertThat(hello.path("providers").get(0).asText()).isEqualTo("puppet");
            assertThat(hello.path("limits").path("message_bytes").asInt()).isEqualTo(4_000);
        }
    }

    @Test
    void aPromptIsAcceptedByNameAndItsEventsFollowWithoutHole() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.attached("s1");

            socket.say("{'type':'prompt','ref':'7','session':'s1','id':'c1','text':'say hi'}");

            JsonNode accepted = socket.next("type", "accepted");
            assertThat(accepted.path("re").asText()).isEqualTo("prompt");
            assertThat(accepted.path("ref").asText()).isEqualTo("7");
            assertThat(accepted.path("id").asText()).isEqualTo("c1");
            JsonNode end = lastOf(rig, socket, "s1", 6);
            assertThat(end.path("type").asText()).isEqualTo("turn_completed");
            assertThat(end.path("turn").asText())
                    .isEqualTo(accepted.path("turn").asText());
            assertThat(end.path("data").path("text").asText()).isEqualTo("hi");
        }
    }

    @Test
    void aSnapshotTellsWhatTheSessionIsCalledAndWhereItWorks() throws Exception {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.v2(Rig.ANN);
            rig.open(socket, "s1");
            rig.engine
                    .session("s1")
                    .orElseThrow()
                    .rename("A list of files", "test")
                    .toCompletableFuture()
                    .get(30, TimeUnit.SECONDS);

            socket.say("{'type':'attach','session':'s1'}");

            JsonNode snapshot = socket.next("type", "attached").path("snapshot");
            assertThat(snapshot.path("title").asText()).isEqualTo("A list of files");
            assertThat(snapshot.path("work_dir").asText()).isEqualTo(dir.toString());
        }
    }

    @Test
    void theSameClientIdIsTheSameTurn() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.v2(Rig.ANN);
            rig.open(socket, "s1");

            socket.say("{'type':'prompt','session':'s1','id':'c1','text':'say hi'}");
            socket.say("{'type':'prompt','session':'s1','id':'c1','text':'say hi'}");

            assertThat(socket.next("type", "accepted").path("turn"))
                    .isEqualTo(socket.next("type", "accepted").path("turn"));
        }
    }

    @Test
    void whoComesBackGetsExactlyWhatWasMissed() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket first = rig.attached("s1");
            first.say("{'type':'prompt','session':'s1','text':'hold'}");
            List<Long> seen = new ArrayList<>(offsets(first, 2));
            first.leave();
            rig.puppets.tell("deltas 5");
            rig.puppets.tell("say end");

            FakeSocket second = rig.v2(Rig.ANN);
            second.say("{'type':'attach','session':'s1','after':" + seen.get(seen.size() - 1) + "}");
            JsonNode attached = second.next("type", "attached");
            seen.addAll(offsets(second, attached.path("offset").asLong()));

            assertThat(attached.path("offset").asLong()).isEqualTo(11);
            assertThat(seen).containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L, 11L);
        }
    }

    @Test
    void attachingTellsWhatIsOpen() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket first = rig.attached("s1");
            first.say("{'type':'prompt','session':'s1','text':'ask'}");
            first.say("{'type':'prompt','session':'s1','text':'say later'}");
            offsets(first, 3);
            first.leave();

            FakeSocket second = rig.v2(Rig.ANN);
            second.say("{'type':'attach','session':'s1'}");
            JsonNode snapshot = second.next("type", "attached").path("snapshot");

            assertThat(snapshot.path("turns").findValuesAsText("state")).containsExactly("running", "queued");
            assertThat(snapshot.path("pending")
                            .get(0)
                            .path("data")
                            .path("request_id")
                            .asText())
                    .isEqualTo("p1");
            second.say("{'type':'answer','session':'s1','request':'p1','allow':true}");
            assertThat(second.next("type", "answered").path("request").asText()).isEqualTo("p1");
            second.say("{'type':'answer','session':'s1','request':'p1','allow':true}");
            assertThat(second.next("type", "error").path("code").asText()).isEqualTo("REQUEST_ALREADY_ANSWERED");
        }
    }

    @Test
    void bothOfTwoClientsSeeTheWholeSession() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket first = rig.attached("s1");
            FakeSocket second = rig.v2(Rig.ANN);
            second.say("{'type':'attach','session':'s1','after':0}");

            first.say("{'type':'prompt','session':'s1','text':'say one'}");
            second.say("{'type':'prompt','session':'s1','text':'say two'}");

            List<Long> all = offsets(first, 11);
            assertThat(offsets(second, 11)).isEqualTo(all);
        }
    }

    @Test
    void anObserverCannotAct() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.v2(Rig.ANN);
            rig.open(socket, "s1");
            socket.say("{'type':'attach','session':'s1','role':'observer'}");
            assertThat(socket.next("type", "attached").path("role").asText()).isEqualTo("observer");

            for (String message : List.of(
                    "{'type':'prompt','session':'s1','text':'say hi'}",
                    "{'type':'interrupt','session':'s1'}",
                    "{'type':'cancel','session':'s1','turn':'t'}",
                    "{'type':'answer','session':'s1','request':'p1','allow':true}",
                    "{'type':'set','session':'s1','model':'m'}",
                    "{'type':'close','session':'s1'}")) {
                socket.say(message);
                assertThat(socket.next("type", "error").path("code").asText())
                        .as(message)
                        .isEqualTo("FORBIDDEN");
            }
            assertThat(rig.engine.session("s1").orElseThrow().turns()).isEmpty();
        }
    }

    @Test
    void sessionsOfOthersDoNotExist() {
        try (Rig rig = new Rig(dir)) {
            rig.open(rig.v2(Rig.ANN), "s1");
            FakeSocket ben = rig.v2(Rig.BEN);

            for (String type : List.of("attach", "interrupt", "prompt", "close")) {
                String text = type.equals("prompt") ? ",'text':'say hi'" : "";
                ben.say("{'type':'" + type + "','ref':'x','session':'s1'" + text + "}");
                JsonNode error = ben.next("type", "error");
                assertThat(error.path("code").asText()).as(type).isEqualTo("SESSION_NOT_FOUND");
                assertThat(error.path("re").asText()).isEqualTo(type);
                assertThat(error.path("ref").asText()).isEqualTo("x");
            }
            assertThat(rig.engine.session("s1").orElseThrow().info().closed()).isFalse();
        }
    }

    @Test
    void whoMayOnlyReadIsAnObserver() {
        try (Rig rig = new Rig(dir)) {
            rig.open(rig.v2(Rig.ANN), "s1");
            FakeSocket reader = rig.v2(Rig.READER);

            reader.say("{'type':'attach','session':'s1'}");
            assertThat(reader.next("type", "attached").path("role").asText()).isEqualTo("observer");
            reader.say("{'type':'detach','session':'s1'}");
            reader.next("type", "detached");
            reader.say("{'type':'attach','session':'s1','role':'controller'}");
            assertThat(reader.next("type", "error").path("code").asText()).isEqualTo("FORBIDDEN");
        }
    }

    @Test
    void whoMayApproveAnswersAlsoWithoutBeingAController() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket writer = rig.v2(Rig.WRITER);
            rig.open(writer, "s1");
            FakeSocket approver = rig.v2(Rig.APPROVER);
            approver.say("{'type':'attach','session':'s1','after':0}");
            writer.say("{'type':'prompt','session':'s1','text':'ask'}");
            offsets(approver, 3);

            writer.say("{'type':'answer','session':'s1','request':'p1','allow':true}");
            assertThat(writer.next("type", "error").path("code").asText()).isEqualTo("FORBIDDEN");
            approver.say("{'type':'prompt','session':'s1','text':'say hi'}");
            assertThat(approver.next("type", "error").path("code").asText()).isEqualTo("FORBIDDEN");
            approver.say("{'type':'answer','session':'s1','request':'p1','answers':{}}");
            assertThat(approver.next("type", "error").path("code").asText()).isEqualTo("FORBIDDEN");
            approver.say("{'type':'answer','session':'s1','request':'p1','allow':true}");
            approver.next("type", "answered");

            JsonNode resolved = approver.next("type", "events").path("events").get(0);
            assertThat(resolved.path("type").asText()).isEqualTo("permission_resolved");
            assertThat(resolved.path("data").path("by").asText()).isEqualTo("approver-key");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nonsense                                          | INVALID_ARGUMENT",
                "[]                                                | INVALID_ARGUMENT",
                "{'type':'fly','ref':'9'}                          | INVALID_ARGUMENT",
                "{'ref':'9'}                                       | INVALID_ARGUMENT",
                "{'type':'ping','ref':'9','more':1}                | INVALID_ARGUMENT",
                "{'type':'prompt','ref':'9','session':'none'}      | SESSION_NOT_FOUND",
                "{'type':'detach','ref':'9','session':'none'}      | SESSION_NOT_FOUND",
                "{'type':'attach','ref':'9','session':'s1','after':-1} | INVALID_ARGUMENT",
                "{'type':'attach','ref':'9','session':'s1','role':'king'} | INVALID_ARGUMENT",
                "{'type':'attach','ref':'9','session':'s1','window':-1} | INVALID_ARGUMENT",
                "{'type':'prompt','ref':'9','session':'s1','text':''} | PROMPT_EMPTY",
                "{'type':'prompt','ref':'9','session':'s1','text':'a','delivery':'now'} | INVALID_ARGUMENT",
                "{'type':'prompt','ref':'9','session':'s1','text':7} | INVALID_ARGUMENT",
                "{'type':'cancel','ref':'9','session':'s1','turn':'t'} | TURN_NOT_FOUND",
                "{'type':'answer','ref':'9','session':'s1','request':'p'} | INVALID_ARGUMENT",
                "{'type':'answer','ref':'9','session':'s1','request':'p','allow':true} | REQUEST_NOT_FOUND",
                "{'type':'set','ref':'9','session':'s1'}           | INVALID_ARGUMENT",
                "{'type':'open','ref':'9','spec':{'id':'a/b'}}     | SESSION_ID_INVALID",
                "{'type':'open','ref':'9','spec':{'work_dir':'relative'}} | WORK_DIR_NOT_ABSOLUTE",
                "{'type':'open','ref':'9','spec':{'environment':{'A':'b'}}} | FORBIDDEN",
                "{'type':'open','ref':'9','spec':{'mcp_config':{}}} | FORBIDDEN",
                "{'type':'open','ref':'9','spec':{'resume_agent_session':'x'}} | FORBIDDEN"
            })
    void whatCannotBeDoneIsToldByNameAndTheConnectionGoesOn(String message, String code) {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.v2(Rig.ANN);
            rig.open(socket, "s1");

            socket.say(message);

            JsonNode error = socket.next();
            assertThat(error.path("type").asText()).isEqualTo("error");
            assertThat(error.path("code").asText()).isEqualTo(code);
            if (message.contains("'ref'")) {
                assertThat(error.path("ref").asText()).isEqualTo("9");
            }
            socket.say("{'type':'ping','ref':'10'}");
            assertThat(socket.next().path("type").asText()).isEqualTo("pong");
            assertThat(socket.closed).isNull();
        }
    }

    @Test
    void settingsAreChangedAndRefusedByName() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.attached("s1");
            socket.say("{'type':'prompt','session':'s1','text':'say hi'}");
            offsets(socket, 6);

            socket.say("{'type':'set','ref':'a','session':'s1','model':'m2','permission_mode':'plan'}");
            assertThat(socket.next("type", "changed").path("ref").asText()).isEqualTo("a");
            socket.say("{'type':'set','ref':'b','session':'s1','model':'bad'}");
            JsonNode error = socket.next("type", "error");

            assertThat(error.path("ref").asText()).isEqualTo("b");
            assertThat(error.path("code").asText()).isEqualTo("AGENT_ERROR");
        }
    }

    @Test
    void cancellingAndInterruptingEndTurns() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.attached("s1");
            socket.say("{'type':'prompt','session':'s1','text':'hold'}");
            String running = socket.next("type", "accepted").path("turn").asText();
            socket.say("{'type':'prompt','session':'s1','text':'say later'}");
            String waiting = socket.next("type", "accepted").path("turn").asText();

            Session session = rig.engine.session("s1").orElseThrow();
            await().until(() -> running.equals(session.info().runningTurn()));

            socket.say("{'type':'cancel','session':'s1','turn':'" + waiting + "'}");
            socket.next("type", "cancelling");
            socket.say("{'type':'interrupt','session':'s1'}");
            socket.next("type", "interrupting");

            for (String turn : List.of(running, waiting)) {
                assertThat(session.turn(turn)
                                .orElseThrow()
                                .result()
                                .toCompletableFuture()
                                .join()
                                .end()
                                .type())
                        .isEqualTo("turn_cancelled");
            }
        }
    }

    @Test
    void theEndOfASessionIsToldAfterItsLastEvent() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.attached("s1");
            socket.say("{'type':'close','ref':'z','session':'s1'}");

            List<String> types = List.of(
                    socket.next().path("type").asText(),
                    socket.next().path("type").asText(),
                    socket.next().path("type").asText());

            assertThat(types).containsExactlyInAnyOrder("events", "ended", "closed");
            assertThat(types.indexOf("events")).isLessThan(types.indexOf("ended"));
        }
    }

    @Test
    void nothingIsSentWhileTheSocketIsFullAndNothingIsLost() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.attached("s1");
            socket.say("{'type':'prompt','session':'s1','text':'hold'}");
            offsets(socket, 2);
            socket.writable = false;
            rig.puppets.tell("deltas 300");
            rig.puppets.tell("burst 5000");
            Session session = rig.engine.session("s1").orElseThrow();
            await().until(() -> session.info().newestOffset() == 2 + 300 + 5000 + 1);

            assertThat(socket.sent)
                    .filteredOn(frame -> frame.contains("\"type\":\"events\"")) // the reply to the prompt may be late
                    .as("the frame that found out")
                    .hasSizeLessThanOrEqualTo(1);
            socket.drain();

            List<Long> rest = new ArrayList<>();
            while (rest.isEmpty() || rest.get(rest.size() - 1) < 5303) {
                rest.addAll(of(socket.next("type", "events")));
            }
            assertThat(rest).isSorted().doesNotHaveDuplicates().endsWith(5303L);
            assertThat(rest.size()).as("joined, since it was behind").isLessThan(5000);
        }
    }

    @Test
    void aWindowBoundsWhatIsNotAcknowledged() {
        try (Rig rig = new Rig(dir, "merge-backlog", "1000000")) {
            FakeSocket socket = rig.v2(Rig.ANN);
            rig.open(socket, "s1");
            socket.say("{'type':'attach','session':'s1','window':4}");
            socket.say("{'type':'prompt','session':'s1','text':'burst 20'}");
            Session session = rig.engine.session("s1").orElseThrow();
            await().until(() -> session.info().newestOffset() == 23);

            List<Long> all = new ArrayList<>();
            while (all.size() < 23) {
                int wanted = Math.min(all.size() + 4, 23);
                while (all.size() < wanted) {
                    all.addAll(of(socket.next("type", "events")));
                }
                assertThat(all).hasSize(wanted);
                assertThat(socket.sent).as("beyond the window").isEmpty();
                socket.say("{'type':'ack','session':'s1','offset':" + all.get(all.size() - 1) + "}");
            }

            assertThat(all).isSorted().doesNotHaveDuplicates().endsWith(23L);
        }
    }

    @Test
    void aCursorThatIsTooOldOrOfAnotherJournalIsReset() {
        try (Rig rig = new Rig(dir, "journal-max-bytes-per-session", "16KiB")) {
            FakeSocket socket = rig.attached("s1");
            socket.say("{'type':'prompt','session':'s1','text':'burst 1000'}");
            Session session = rig.engine.session("s1").orElseThrow();
            await().until(() -> session.turns().get(0).info().result() != null);
            long oldest = session.info().oldestOffset();
            assertThat(oldest).isGreaterThan(1);

            for (long after : List.of(0L, 1_000_000L)) {
                FakeSocket late = rig.v2(Rig.ANN);
                late.say("{'type':'attach','session':'s1','after':" + after + "}");
                late.next("type", "attached");
                JsonNode reset = late.next();

                assertThat(reset.path("type").asText()).isEqualTo("reset");
                assertThat(reset.path("oldest").asLong()).isEqualTo(oldest);
                assertThat(reset.path("newest").asLong()).isEqualTo(1003);
                JsonNode first = late.next("type", "events").path("events").get(0);
                assertThat(first.path("first_offset")
                                .asLong(first.path("offset").asLong()))
                        .isEqualTo(oldest);
            }
        }
    }

    @Test
    void turnsSurviveTheirClientsUnlessConfiguredOtherwise() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.attached("s1");
            socket.say("{'type':'prompt','session':'s1','text':'hold'}");
            offsets(socket, 2);
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

            rig.presence = new Presence(true, Duration.ofMillis(1));
            FakeSocket other = rig.attached("s2");
            other.say("{'type':'prompt','session':'s2','text':'hold'}");
            offsets(other, 2);
            other.leave();

            assertThat(rig.engine
                            .session("s2")
                            .orElseThrow()
                            .turns()
                            .get(0)
                            .result()
                            .toCompletableFuture()
                            .join()
                            .end()
                            .type())
                    .isEqualTo("turn_cancelled");
        }
    }

    @Test
    void aDrainingServerSaysSoAndLeavesWhenNothingIsFollowed() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.attached("s1");

            socket.listener().onDrain();
            assertThat(socket.next("type", "draining")).isNotNull();
            assertThat(socket.closed).isNull();
            rig.engine.close();

            socket.next("type", "ended");
            await().until(() -> socket.closed != null);
            assertThat(socket.closed).startsWith("1001");
        }
    }

    @Test
    void aDrainingServerLeavesWhenTheLastSessionIsDetached() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.attached("s1");

            socket.listener().onDrain();
            socket.say("{'type':'detach','session':'s1'}");

            socket.next("type", "detached");
            assertThat(socket.closed).startsWith("1001");
        }
    }

    @Test
    void aClientIsToldThatItsEventsEndAndMayAttachAgain() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.attached("s1");
            socket.poison = "turn_completed";

            socket.say("{'type':'prompt','session':'s1','text':'say hi'}");
            JsonNode error = socket.next("type", "error");

            assertThat(error.path("session").asText()).isEqualTo("s1");
            assertThat(error.path("code").asText()).isEqualTo("INTERNAL");
            assertThat(error.has("re")).isFalse();
            assertThat(ProtocolSchemas.faults("server-message", error.toString()))
                    .isEmpty();
            socket.poison = null;
            socket.say("{'type':'attach','session':'s1','after':0}");
            assertThat(socket.next("type", "attached").path("offset").asLong()).isEqualTo(6);
            List<Long> all = offsets(socket, 6); // what came before the error may be among them
            assertThat(all.subList(all.lastIndexOf(1L), all.size())).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
        }
    }

    /** The offsets of events up to one; merged records count for all that they stand for. */
    private static List<Long> offsets(FakeSocket socket, long last) {
        List<Long> offsets = new ArrayList<>();
        while (offsets.isEmpty() || offsets.get(offsets.size() - 1) < last) {
            for (JsonNode event : socket.next("type", "events").path("events")) {
                for (long i = event.path("first_offset")
                                .asLong(event.path("offset").asLong());
                        i <= event.path("offset").asLong();
                        i++) {
                    offsets.add(i);
                }
            }
        }
        return offsets;
    }

    private static List<Long> of(JsonNode frame) {
        List<Long> offsets = new ArrayList<>();
        frame.path("events").forEach(event -> offsets.add(event.path("offset").asLong()));
        return offsets;
    }

    /** The last of so many events, which have to come without hole. */
    private static JsonNode lastOf(Rig rig, FakeSocket socket, String session, int count) {
        await().until(() -> rig.engine.session(session).orElseThrow().info().newestOffset() == count);
        List<Long> seen = new ArrayList<>();
        JsonNode last = null;
        while (seen.size() < count) {
            for (JsonNode event : socket.next("type", "events").path("events")) {
                seen.add(event.path("offset").asLong());
                last = event;
            }
        }
        for (int i = 0; i < count; i++) {
            assertThat(seen.get(i)).isEqualTo(i + 1L);
        }
        return java.util.Objects.requireNonNull(last);
    }
}
