package io.hotplex.provider.opencode;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.PermissionAnswer.Allow;
import io.hotplex.api.PermissionAnswer.Deny;
import io.hotplex.api.PermissionAnswer.Scope;
import io.hotplex.api.Prompt;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProtocol.ExitKind;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.LaunchRequest.Mode;
import io.hotplex.api.spi.LaunchRequest.Start;
import io.hotplex.api.spi.ProtocolSink.Outcome;
import io.hotplex.api.spi.ProtocolSink.TurnEnd;
import io.hotplex.testkit.provider.RecordingSink;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class OpenCodeProtocolTest {
    private static final String SES = "ses_1";
    private static final long NOW = 1_800_000_000_000L;

    private final RecordingSink sink = new RecordingSink();
    private OpenCodeProtocol protocol = protocol(Mode.NEW, null);

    private OpenCodeProtocol protocol(Mode mode, @Nullable String model) {
        Start start = new Start(mode, mode == Mode.NEW ? "chosen" : SES, mode == Mode.FORK ? SES : null);
        return new OpenCodeProtocol(
                new SessionPlan(start, "title", "/work", model, null, "be kind", "ask", null), () -> NOW);
    }

    // ---- the beginning

    @Test
    void aNewConversationIsMadeInTheWorkDirectoryAndWithATitle() {
        protocol.started(sink);
        assertThat(asked()).contains("\"GET\"").contains("/config?directory=%2Fwork");
        answer(200, "{\"model\":\"acme/m1\",\"default_agent\":\"plan\"}");
        assertThat(asked())
                .contains("\"POST\"")
                .contains("/session?directory=%2Fwork")
                .contains("\"title\":\"title\"");
        answer(200, "{\"id\":\"ses_1\",\"directory\":\"/work\",\"version\":\"9.9.9\"}");

        assertThat(sink.sent()).contains("{\"attach\":\"ses_1\"}");
        assertThat(sink.of(RecordingSink.AgentSession.class))
                .containsExactly(new RecordingSink.AgentSession("ses_1", "assigned"));
        assertThat(sink.isReady()).isTrue();
        assertThat(sink.events(AgentEvent.AgentInfo.class))
                .containsExactly(new AgentEvent.AgentInfo("9.9.9", "acme/m1", "ask", List.of(), Map.of()));
        protocol.prompt("t1", Prompt.of("hi"), sink);
        assertThat(asked())
                .contains("\"providerID\":\"acme\",\"modelID\":\"m1\"")
                .contains("\"agent\":\"plan\"")
                .contains("\"system\":\"be kind\"");
    }

    @Test
    void aModelsNameAloneIsLookedUp() {
        protocol = protocol(Mode.NEW, "m2");
        protocol.started(sink);
        answer(200, "{}");
        assertThat(asked()).contains("/config/providers");
        answer(200, "{\"providers\":[{\"id\":\"acme\",\"models\":{\"m1\":{},\"m2\":{}}}]}");
        answer(200, "{\"id\":\"ses_1\",\"directory\":\"/work\"}");
        protocol.prompt("t1", Prompt.of("hi"), sink);

        assertThat(asked()).contains("\"providerID\":\"acme\",\"modelID\":\"m2\"");
    }

    @Test
    void aModelThatTwoProvidersHaveIsRefused() {
        protocol = protocol(Mode.NEW, "m2");
        protocol.started(sink);
        answer(200, "{}");
        answer(200, "{\"providers\":[{\"id\":\"a\",\"models\":{\"m2\":{}}},{\"id\":\"b\",\"models\":{\"m2\":{}}}]}");

        assertRefused(ErrorCode.MODEL_NOT_FOUND);
    }

    @Test
    void aConversationThatIsGoneIsBegunAnew() {
        protocol = protocol(Mode.RESUME, null);
        protocol.started(sink);
        answer(200, "{}");
        answer(404, "{\"name\":\"NotFoundError\",\"data\":{\"message\":\"Session not found\"}}");

        assertThat(sink.sent()).contains("{\"leave\":true}");
        assertThat(exit()).isEqualTo(ExitKind.SESSION_NOT_FOUND);
    }

    @Test
    void aConversationOfAnotherDirectoryIsNotContinued() {
        protocol = protocol(Mode.RESUME, null);
        protocol.started(sink);
        answer(200, "{}");
        answer(200, "{\"id\":\"ses_1\",\"directory\":\"/elsewhere\"}");

        assertRefused(ErrorCode.WORK_DIR_FORBIDDEN);
    }

    @Test
    void aConversationOfAnotherDirectoryIsNotBranched() {
        protocol = protocol(Mode.FORK, null);
        protocol.started(sink);
        answer(200, "{}");
        answer(200, "{\"id\":\"ses_1\",\"directory\":\"/elsewhere\"}");

        assertThat(sink.sent()).noneMatch(line -> line.contains("/fork"));
        assertRefused(ErrorCode.WORK_DIR_FORBIDDEN);
    }

    @Test
    void aConfigurationThatOpenCodeCannotReadIsTold() {
        protocol.started(sink);
        answer(500, "{\"name\":\"UnknownError\",\"data\":{\"message\":\"bad json in opencode.json\"}}");

        assertThat(protocol.exited(new ExitStatus(0, null), List.of()).message())
                .contains("bad json in opencode.json");
        assertRefused(ErrorCode.AGENT_START_FAILED);
    }

    // ---- the end of a turn

    @Test
    void aTurnIsOverWhenItIsIdleAndItsNewestMessageIsComplete() {
        String prompt = prompted("t1");
        assistant("msg_z1", prompt, true, ",\"finish\":\"tool-calls\"");
        status("busy");
        assistant("msg_z2", prompt, false, "");
        assertThat(sink.ends()).isEmpty();
        status("idle");
        assertThat(sink.ends()).isEmpty();

        assistant("msg_z2", prompt, true, ",\"finish\":\"stop\"");

        assertThat(end("t1").stopReason()).isEqualTo("stop");
        status("idle");
        event("session.idle", "");
        assertThat(sink.ends()).hasSize(1);
    }

    @Test
    void anIdleOfTheLastTurnEndsNothing() {
        String first = prompted("t1");
        assistant("msg_z1", first, true, ",\"finish\":\"stop\"");
        status("idle");
        String second = prompted("t2");
        status("idle");
        event("session.error", ",\"error\":{\"name\":\"UnknownError\",\"data\":{\"message\":\"of this turn\"}}");
        status("busy");
        assistant("msg_z1", first, true, ",\"finish\":\"stop\"");
        assistant("msg_zz", second, false, "");

        assertThat(sink.ends("t2")).isEmpty();
        status("idle");
        assistant("msg_zz", second, true, ",\"finish\":\"stop\"");
        assertThat(end("t2").outcome()).isEqualTo(Outcome.COMPLETED);
        assertThat(sink.events(AgentEvent.Usage.class)).hasSize(2);
    }

    @Test
    void anErrorBeforeThePromptIsThereIsOfTheLastTurn() {
        ready();
        protocol.prompt("t1", Prompt.of("x"), sink);
        event("session.error", ",\"error\":{\"name\":\"UnknownError\",\"data\":{\"message\":\"late\"}}");
        status("idle");

        assertThat(sink.ends()).isEmpty();
    }

    @Test
    void anErrorWithoutAMessageFailsTheTurn() {
        prompted("t1");
        event(
                "session.error",
                ",\"error\":{\"name\":\"UnknownError\",\"data\":{\"message\":\"Model not found: a/b.\"}}");
        status("idle");

        assertThat(end("t1").code()).isEqualTo(ErrorCode.MODEL_NOT_FOUND);
        assertThat(end("t1").message()).isEqualTo("Model not found: a/b.");
    }

    @Test
    void errorsHaveCodesAndShowNothingOfTheVendorsAnswer() {
        Map<Integer, ErrorCode> codes = Map.of(
                401, ErrorCode.AUTHENTICATION_FAILED,
                404, ErrorCode.MODEL_NOT_FOUND,
                429, ErrorCode.RATE_LIMITED,
                400, ErrorCode.VENDOR_REJECTED,
                503, ErrorCode.VENDOR_UNAVAILABLE);
        codes.forEach((status, code) -> {
            String turn = "t" + status;
            String prompt = prompted(turn);
            assistant(
                    "msg_z" + status,
                    prompt,
                    true,
                    ",\"error\":{\"name\":\"APIError\",\"data\":{\"message\":\"no\",\"statusCode\":" + status
                            + ",\"responseBody\":\"secret\",\"responseHeaders\":{\"a\":\"secret\"}}}");
            status("idle");

            assertThat(end(turn).code()).isEqualTo(code);
            assertThat(end(turn).message()).isEqualTo("no");
        });
        assertThat(sink.entries().toString()).doesNotContain("secret");
    }

    @Test
    void aPromptThatIsNotTakenFailsItsTurn() {
        ready();
        protocol.prompt("t1", Prompt.of("x"), sink);
        answer(400, "{\"name\":\"BadRequest\",\"data\":{\"message\":\"parts\"}}");

        assertThat(end("t1").code()).isEqualTo(ErrorCode.VENDOR_REJECTED);
        assertThat(end("t1").message()).contains("400").contains("parts");
    }

    @Test
    void aPromptWithoutAnAnswerFailsItsTurnAndIsAborted() {
        ready();
        protocol.prompt("t1", Prompt.of("x"), sink);
        say(new String(Lines.failure(lastId(), "HttpTimeoutException"), StandardCharsets.UTF_8));

        assertThat(end("t1").code()).isEqualTo(ErrorCode.AGENT_PROTOCOL);
        assertThat(asked()).contains("/abort");
    }

    @Test
    void anInterruptThatCameTooEarlyIsRepeated() {
        String prompt = prompted("t1");
        protocol.interrupt(sink);
        long before = aborts();
        status("busy");

        assertThat(aborts()).isEqualTo(before + 1);
        assistant("msg_z1", prompt, true, ",\"error\":{\"name\":\"MessageAbortedError\",\"data\":{}}");
        status("idle");
        assertThat(end("t1").outcome()).isEqualTo(Outcome.INTERRUPTED);
    }

    @Test
    void aTurnThatSomebodyElseBeganIsTold() {
        ready();
        user("msg_other");
        assistant("msg_z1", "msg_other", false, "");
        text("prt_1", "msg_z1", "theirs");
        assistant("msg_z1", "msg_other", true, ",\"finish\":\"stop\"");
        status("idle");

        assertThat(sink.of(RecordingSink.TurnStarted.class)).containsExactly(new RecordingSink.TurnStarted(null));
        assertThat(sink.ends(null)).singleElement().extracting(TurnEnd::text).isEqualTo("theirs");
    }

    @Test
    void messagesThatOpenCodeAddsBelongToTheTurn() {
        String prompt = prompted("t1");
        assistant("msg_z1", prompt, true, ",\"finish\":\"stop\"");
        user("msg_z2");
        event(
                "message.part.updated",
                ",\"part\":{\"id\":\"prt_c\",\"messageID\":\"msg_z2\",\"type\":\"compaction\",\"auto\":false}");
        event("session.compacted", "");
        assistant("msg_z3", "msg_z2", false, "");
        status("idle");
        assertThat(sink.ends()).isEmpty();
        text("prt_1", "msg_z3", "after");
        assistant("msg_z3", "msg_z2", true, ",\"finish\":\"stop\"");

        assertThat(end("t1").text()).isEqualTo("after");
        assertThat(sink.events(AgentEvent.Compacted.class)).containsExactly(new AgentEvent.Compacted("manual", null));
    }

    // ---- content

    @Test
    void tokensAndCostOfAMessageCountOnce() {
        String prompt = prompted("t1");
        String figures = ",\"finish\":\"stop\",\"cost\":0.1,\"tokens\":{\"input\":1,\"output\":2,\"reasoning\":3,"
                + "\"cache\":{\"read\":4,\"write\":5}}";
        assistant("msg_z1", prompt, true, figures);
        assistant("msg_z1", prompt, true, figures);
        status("busy");
        assistant("msg_z2", prompt, true, figures);
        status("idle");

        assertThat(end("t1").usage()).isEqualTo(new TokenUsage(2, 10, 10, 8));
        assertThat(end("t1").costUsd()).isEqualTo(0.2);
        assertThat(sink.events(AgentEvent.Usage.class)).hasSize(2);
    }

    @Test
    void whatTheModelIsCalledIsToldWhenItChanges() {
        String prompt = prompted("t1");
        assistant("msg_z1", prompt, true, "");
        event(
                "message.updated",
                ",\"info\":{\"id\":\"msg_z2\",\"role\":\"assistant\",\"sessionID\":\"ses_1\",\"parentID\":\"" + prompt
                        + "\",\"providerID\":\"acme\",\"modelID\":\"m2\",\"time\":{}}");

        assertThat(sink.events(AgentEvent.ModelChanged.class))
                .containsExactly(new AgentEvent.ModelChanged("acme/m1", "acme/m2"));
    }

    @Test
    void aRetryTellsWhenItIsDue() {
        prompted("t1");
        event(
                "session.status",
                ",\"status\":{\"type\":\"retry\",\"attempt\":2,\"message\":\"slow down\",\"next\":" + (NOW + 4_000)
                        + "}");

        assertThat(sink.events(AgentEvent.Retrying.class))
                .containsExactly(new AgentEvent.Retrying(2, 5, Duration.ofSeconds(4), null, "slow down"));
    }

    @Test
    void progressOfAToolIsWhatIsNewInItsOutput() {
        String prompt = prompted("t1");
        assistant("msg_z1", prompt, false, "");
        for (String output : List.of("", "a", "ab", "cut", "cut off")) {
            tool("running", ",\"metadata\":{\"output\":\"" + output + "\"}");
        }

        assertThat(sink.events(AgentEvent.ToolProgress.class))
                .extracting(AgentEvent.ToolProgress::text)
                .containsExactly("a", "b", " off");
        assertThat(sink.events(AgentEvent.ToolStarted.class)).hasSize(1);
    }

    @Test
    void eventsThatAreNotKnownAreKept() {
        ready();
        event("todo.updated", ",\"todos\":[]");
        event("message.part.updated", ",\"part\":{\"id\":\"p\",\"type\":\"hologram\"}");
        event("session.status", ",\"status\":{\"type\":\"dreaming\"}");

        assertThat(sink.events(AgentEvent.Raw.class))
                .extracting(AgentEvent.Raw::kind)
                .containsExactly("todo.updated", "message.part.updated", "session.status");
    }

    // ---- people

    @Test
    void alwaysIsNeverSaidSinceItWouldHoldForOthers() {
        prompted("t1");
        permission("per_1", "git log -1", "git log *");
        protocol.answer("per_1", new Allow(Scope.ALWAYS, null), sink);

        assertThat(asked()).contains("/permission/per_1/reply").contains("\"reply\":\"once\"");
        AgentEvent.PermissionRequested request =
                sink.events(AgentEvent.PermissionRequested.class).get(0);
        assertThat(request.kind()).isEqualTo(AgentEvent.ToolKind.EXECUTE);
        assertThat(request.description()).isEqualTo("bash: git log -1");
    }

    @Test
    void aDenialAlwaysTellsTheModelSomething() {
        prompted("t1");
        permission("per_1", "ls", "ls *");
        protocol.answer("per_1", new Deny("", false), sink);

        assertThat(asked()).contains("\"reply\":\"reject\"").contains("\"message\":\"The user denied this call.\"");
        assertThat(aborts()).isZero();
    }

    @Test
    void aDenialThatEndsTheTurnAbortsIt() {
        prompted("t1");
        permission("per_1", "ls", "ls *");
        protocol.answer("per_1", new Deny("no", true), sink);

        assertThat(aborts()).isEqualTo(1);
    }

    @Test
    void aCallWhoseInputIsToBeChangedDoesNotRun() {
        prompted("t1");
        permission("per_1", "rm -rf x", "rm *");
        protocol.answer("per_1", new Allow(Scope.ONCE, Map.of("command", "ls")), sink);

        assertThat(asked()).contains("\"reply\":\"reject\"");
    }

    @Test
    void answersToQuestionsGoInTheirOrder() {
        prompted("t1");
        event(
                "question.asked",
                ",\"id\":\"que_1\",\"questions\":[{\"question\":\"a?\",\"options\":[]},{\"question\":\"b?\",\"multiple\":true,\"options\":[]}]");
        protocol.answerQuestion("que_1", Map.of("b?", List.of("x", "y")), sink);

        assertThat(asked()).contains("/question/que_1/reply").contains("\"answers\":[[],[\"x\",\"y\"]]");
        assertThat(sink.events(AgentEvent.QuestionAsked.class)
                        .get(0)
                        .questions()
                        .get(1)
                        .multiSelect())
                .isTrue();
    }

    @Test
    void aQuestionWithoutAnswersIsRejected() {
        prompted("t1");
        event("question.asked", ",\"id\":\"que_1\",\"questions\":[{\"question\":\"a?\",\"options\":[]}]");
        protocol.answerQuestion("que_1", Map.of(), sink);

        assertThat(asked()).contains("/question/que_1/reject");
    }

    @Test
    void whatAnotherClientAnsweredIsWithdrawn() {
        prompted("t1");
        permission("per_1", "ls", "ls *");
        event("permission.replied", ",\"requestID\":\"per_1\",\"reply\":\"once\"");

        assertThat(sink.events(AgentEvent.PermissionResolved.class))
                .extracting(AgentEvent.PermissionResolved::resolution)
                .containsExactly(AgentEvent.Resolution.WITHDRAWN);
    }

    // ---- gaps

    @Test
    void whatWasLostInAGapIsFoundInTheConversation() {
        String prompt = prompted("t1");
        assistant("msg_z1", prompt, false, "");
        event(
                "message.part.updated",
                ",\"part\":{\"id\":\"prt_1\",\"messageID\":\"msg_z1\",\"type\":\"text\",\"text\":\"\",\"time\":{}}");
        event(
                "message.part.delta",
                ",\"partID\":\"prt_1\",\"messageID\":\"msg_z1\",\"field\":\"text\",\"delta\":\"be\"");
        say("{\"notice\":\"resync\"}");
        event(
                "message.part.delta",
                ",\"partID\":\"prt_1\",\"messageID\":\"msg_z1\",\"field\":\"text\",\"delta\":\"hole\"");
        assertThat(asked()).contains("/session/status");
        answer(200, "{}");
        assertThat(asked()).contains("/session/ses_1/children");
        answer(200, "[]");
        assertThat(asked()).contains("/session/ses_1/message?limit=200&directory=%2Fwork");
        answer(
                200,
                "[{\"info\":{\"id\":\"msg_old\",\"role\":\"assistant\",\"sessionID\":\"ses_1\",\"parentID\":\"msg_0\",\"time\":{\"completed\":1}},\"parts\":[]},"
                        + "{\"info\":{\"id\":\"msg_z1\",\"role\":\"assistant\",\"sessionID\":\"ses_1\",\"parentID\":\""
                        + prompt
                        + "\",\"time\":{\"completed\":1},\"finish\":\"stop\"},\"parts\":[{\"id\":\"prt_1\",\"messageID\":\"msg_z1\","
                        + "\"type\":\"text\",\"text\":\"before and after\",\"time\":{\"end\":1}}]}]");
        assertThat(sink.ends()).isEmpty();
        answerAt(2, 200, "[]");
        answer(200, "[]");

        assertThat(end("t1").text()).isEqualTo("before and after");
        assertThat(sink.events(AgentEvent.TextDelta.class))
                .extracting(AgentEvent.TextDelta::text)
                .containsExactly("be");
        assertThat(sink.events(AgentEvent.Text.class)).hasSize(1);
    }

    @Test
    void aTurnThatStillRunsBehindAGapGoesOn() {
        String prompt = prompted("t1");
        assistant("msg_z1", prompt, true, ",\"finish\":\"tool-calls\"");
        say("{\"notice\":\"resync\"}");
        answer(200, "{\"ses_1\":{\"type\":\"busy\"}}");
        answer(200, "[{\"id\":\"ses_child\"}]");
        answer(200, "[]");
        answerAt(2, 200, "[{\"id\":\"per_9\",\"sessionID\":\"ses_1\",\"permission\":\"bash\",\"patterns\":[\"ls\"]}]");
        answer(200, "[]");

        assertThat(sink.ends()).isEmpty();
        assertThat(sink.sent()).contains("{\"attach\":\"ses_child\"}");
        assertThat(sink.events(AgentEvent.PermissionRequested.class))
                .extracting(AgentEvent.PermissionRequested::requestId)
                .containsExactly("per_9");
    }

    @Test
    void betweenTurnsAGapIsOfNoConcern() {
        ready();
        int sent = sink.sent().size();
        say("{\"notice\":\"resync\"}");

        assertThat(sink.sent()).hasSize(sent);
    }

    @Test
    void aServerThatIsReplacedIsNoCrash() {
        ready();
        say("{\"notice\":\"retired\"}");

        assertThat(exit()).isEqualTo(ExitKind.RETIRED);
    }

    @Test
    void aConversationThatSomebodyDeletesEndsItsProcess() {
        ready();
        event("session.deleted", "");

        assertThat(sink.sent()).contains("{\"leave\":true}");
        assertThat(exit()).isEqualTo(ExitKind.CRASH);
    }

    // ---- shorthand

    private void ready() {
        if (!sink.isReady()) {
            protocol.started(sink);
            answer(200, "{\"model\":\"acme/m1\"}");
            answer(200, "{\"id\":\"ses_1\",\"directory\":\"/work\"}");
        }
    }

    /** A prompt that OpenCode took and works on; returns its message. */
    private String prompted(String turn) {
        ready();
        protocol.prompt(turn, Prompt.of("x"), sink);
        String id = asked().replaceFirst(".*\"messageID\":\"(msg_[^\"]+)\".*", "$1");
        answer(204, null);
        user(id);
        status("busy");
        return id;
    }

    private void user(String id) {
        event("message.updated", ",\"info\":{\"id\":\"" + id + "\",\"role\":\"user\",\"sessionID\":\"ses_1\"}");
    }

    private void assistant(String id, String parent, boolean complete, String more) {
        event(
                "message.updated",
                ",\"info\":{\"id\":\"" + id + "\",\"role\":\"assistant\",\"sessionID\":\"ses_1\",\"parentID\":\""
                        + parent
                        + "\",\"providerID\":\"acme\",\"modelID\":\"m1\",\"tokens\":{\"input\":1},\"time\":{\"created\":1"
                        + (complete ? ",\"completed\":2" : "") + "}" + more + "}");
    }

    private void text(String id, String message, String text) {
        event(
                "message.part.updated",
                ",\"part\":{\"id\":\"" + id + "\",\"messageID\":\"" + message + "\",\"type\":\"text\",\"text\":\""
                        + text + "\",\"time\":{\"end\":1}}");
    }

    private void tool(String status, String more) {
        event(
                "message.part.updated",
                ",\"part\":{\"id\":\"prt_t\",\"messageID\":\"msg_z1\",\"type\":\"tool\",\"tool\":\"bash\",\"callID\":\"c\","
                        + "\"state\":{\"status\":\"" + status + "\",\"input\":{\"command\":\"ls\"}" + more + "}}");
    }

    private void permission(String id, String pattern, String always) {
        event(
                "permission.asked",
                ",\"id\":\"" + id + "\",\"permission\":\"bash\",\"patterns\":[\"" + pattern + "\"],\"always\":[\""
                        + always + "\"]");
    }

    private void status(String type) {
        event("session.status", ",\"status\":{\"type\":\"" + type + "\"}");
    }

    private void event(String type, String more) {
        say("{\"directory\":\"/work\",\"payload\":{\"type\":\"" + type + "\",\"properties\":{\"sessionID\":\"" + SES
                + "\"" + more + "}}}");
    }

    private void say(String line) {
        protocol.receive(AgentLine.of(line), sink);
    }

    private List<String> requests() {
        return sink.sent().stream().filter(line -> line.contains("\"request\"")).toList();
    }

    /** The request that was made last. */
    private String asked() {
        return requests().get(requests().size() - 1);
    }

    private String lastId() {
        return id(asked());
    }

    private static String id(String request) {
        return request.replaceFirst(".*\"request\":\"([^\"]+)\".*", "$1");
    }

    private long aborts() {
        return requests().stream().filter(line -> line.contains("/abort")).count();
    }

    private void answer(int status, @Nullable String body) {
        answerAt(1, status, body);
    }

    /** Answers the last request, or one before it. */
    private void answerAt(int fromEnd, int status, @Nullable String body) {
        String id = id(requests().get(requests().size() - fromEnd));
        byte[] bytes = body == null ? new byte[0] : body.getBytes(StandardCharsets.UTF_8);
        say(new String(Lines.response(id, status, bytes), StandardCharsets.UTF_8));
    }

    private TurnEnd end(String turn) {
        assertThat(sink.ends(turn)).hasSize(1);
        return sink.ends(turn).get(0);
    }

    private ExitKind exit() {
        return protocol.exited(new ExitStatus(0, null), List.of()).kind();
    }

    private void assertRefused(ErrorCode code) {
        assertThat(sink.sent()).contains("{\"leave\":true}");
        assertThat(exit()).isEqualTo(ExitKind.REFUSED);
        assertThat(protocol.exited(new ExitStatus(0, null), List.of()).code()).isEqualTo(code);
        assertThat(sink.isReady()).isFalse();
    }
}
