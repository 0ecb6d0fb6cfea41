package io.hotplex.provider.opencode;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.GuardFinding;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Prompt;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProtocol.ExitVerdict;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.LaunchRequest.Mode;
import io.hotplex.api.spi.LaunchRequest.Start;
import io.hotplex.api.spi.ToolCall;
import io.hotplex.api.spi.ToolGuard.Action;
import io.hotplex.api.spi.ToolGuard.Verdict;
import io.hotplex.testkit.provider.RecordingSink;
import io.hotplex.testkit.provider.RecordingSink.ToolCalled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** With guards, OpenCode asks about every call, and the guards hear of each before people do. */
class GuardedProtocolTest {
    private static final String AGENTS =
            "[{\"name\":\"build\",\"permission\":[{\"permission\":\"*\",\"pattern\":\"*\",\"action\":\"ask\"}]}]";
    private static final String TOOLS = "[\"bash\",\"read\",\"hotplex_guard\"]";
    private static final String SES = "ses_1";

    private final RecordingSink sink = new RecordingSink();
    private final OpenCodeProtocol protocol = new OpenCodeProtocol(
            new SessionPlan(
                    new Start(Mode.NEW, "chosen", null),
                    "title",
                    "/proj",
                    null,
                    null,
                    null,
                    "ask",
                    Permissions.of(
                            "ask", null, List.of("bash(git log *)", "edit(src/*)"), List.of("bash(git push *)"))),
            () -> 1_800_000_000_000L);

    // ---- the beginning

    @Test
    void nothingIsReadyBeforeItIsKnownThatEverythingAsks() {
        protocol.started(sink);
        answer(200, "{\"model\":\"acme/m1\"}");
        assertThat(asked()).contains("/agent?");
        answer(200, AGENTS);
        assertThat(asked()).contains("/experimental/tool/ids?");
        assertThat(sink.isReady()).isFalse();
        answer(200, TOOLS);
        answer(200, "{\"id\":\"ses_1\",\"directory\":\"/proj\"}");

        assertThat(sink.isReady()).isTrue();
    }

    @Test
    void anAgentThatMayDoSomethingUnaskedIsRefused() {
        protocol.started(sink);
        answer(200, "{\"model\":\"acme/m1\"}");
        answer(200, AGENTS.replace("}]}]", "},{\"permission\":\"bash\",\"pattern\":\"*\",\"action\":\"allow\"}]}]"));

        assertRefused("'bash'");
    }

    @Test
    void aToolThatRunsUnaskedIsRefused() {
        protocol.started(sink);
        answer(200, "{\"model\":\"acme/m1\"}");
        answer(200, AGENTS);
        answer(200, "[\"deploy\",\"hotplex_guard\"]");

        assertRefused("'deploy'");
    }

    @Test
    void aConversationWithRulesOfItsOwnIsRefused() {
        protocol.started(sink);
        answer(200, "{\"model\":\"acme/m1\"}");
        answer(200, AGENTS);
        answer(200, TOOLS);
        answer(
                200,
                "{\"id\":\"ses_1\",\"directory\":\"/proj\",\"permission\":[{\"permission\":\"edit\",\"pattern\":\"*\","
                        + "\"action\":\"allow\"}]}");

        assertRefused("'edit'");
    }

    @Test
    void whatIsReadAnewIsLookedAtAgain() {
        ready();
        say("{\"notice\":\"resync\"}");
        assertThat(asked()).contains("/agent?");
        answer(200, "[]");

        assertThat(sink.sent()).contains("{\"leave\":true}");
    }

    // ---- calls

    @Test
    void aCallIsPutBeforeTheGuardsAndThenTheSessionsRulesCount() {
        prompted();
        tool("c1", "bash", "running", "{\"command\":\"git log -1\"}");
        permission("per_1", "c1", "bash", "git log -1");
        permission("per_2", "c1", "bash", "make");

        assertThat(calls()).extracting(ToolCalled::callId).containsExactly("per_1", "per_2");
        ToolCall call = calls().get(0).call();
        assertThat(call.tool()).isEqualTo("bash");
        assertThat(call.toolId()).isEqualTo("prt_c1");
        assertThat(call.kind()).isEqualTo(AgentEvent.ToolKind.EXECUTE);
        assertThat(call.input()).isEqualTo(Map.of("command", "git log -1"));
        protocol.decided("per_1", Verdict.NONE, sink);
        protocol.decided("per_2", Verdict.NONE, sink);

        assertThat(replies()).hasSize(1);
        assertThat(replies().get(0)).contains("/permission/per_1/reply").contains("\"reply\":\"once\"");
        assertThat(permissions())
                .extracting(AgentEvent.PermissionRequested::requestId)
                .containsExactly("per_2");
    }

    @Test
    void whatTheGuardsDenyIsRejectedWithTheReasonAndNobodyIsAsked() {
        prompted();
        tool("c1", "bash", "running", "{\"command\":\"git log -1\"}");
        permission("per_1", "c1", "bash", "git log -1");
        protocol.decided("per_1", verdict(Action.DENY), sink);

        assertThat(asked()).contains("per_1/reply").contains("\"reject\"").contains("not this");
        assertThat(permissions()).isEmpty();
        protocol.decided("per_1", Verdict.NONE, sink);
        assertThat(replies()).as("decided once").hasSize(1);
    }

    @Test
    void whatTheGuardsWantAskedIsAskedAlthoughARuleAllowsIt() {
        prompted();
        tool("c1", "bash", "running", "{\"command\":\"git log -1\"}");
        permission("per_1", "c1", "bash", "git log -1");
        protocol.decided("per_1", verdict(Action.ASK), sink);
        assertThat(permissions()).hasSize(1);

        protocol.answer("per_1", PermissionAnswer.allow(), sink);

        assertThat(asked()).contains("per_1/reply").contains("\"once\"");
    }

    @Test
    void whatTheSessionsRulesDenyIsRejectedAtOnce() {
        prompted();
        tool("c1", "bash", "running", "{\"command\":\"git push origin\"}");
        permission("per_1", "c1", "bash", "git push origin");

        assertThat(calls()).isEmpty();
        assertThat(asked()).contains("per_1/reply").contains("\"reject\"");
    }

    @Test
    void aRequestThatComesBeforeItsCallWaitsForIt() {
        prompted();
        permission("per_1", "c1", "read", "a.txt");
        tool("c1", "read", "pending", "{}");
        assertThat(calls()).isEmpty();

        tool("c1", "read", "running", "{\"filePath\":\"/proj/a.txt\"}");

        assertThat(calls())
                .singleElement()
                .satisfies(called -> assertThat(called.call().input()).containsEntry("filePath", "/proj/a.txt"));
        tool("c1", "read", "running", "{\"filePath\":\"/proj/a.txt\"}");
        assertThat(calls()).as("put before the guards once").hasSize(1);
    }

    @Test
    void theFilesOfAPatchAreSeen() {
        prompted();
        tool(
                "c1",
                "apply_patch",
                "running",
                "{\"patchText\":\"*** Begin Patch\\n*** Update File: a.txt\\n*** Move to: /etc/b\\n*** Add File: c/d\\n\"}");
        permission("per_1", "c1", "edit", "a.txt");

        assertThat(calls().get(0).call().input()).containsEntry("paths", List.of("/proj/a.txt", "/etc/b", "/proj/c/d"));
    }

    @Test
    void theFilesOfAPatchAreThoseThatOpenCodeReads() {
        prompted();
        tool(
                "c1",
                "apply_patch",
                "running",
                "{\"patchText\":\"*** Begin Patch\\r\\n*** Add File:\\u00a0/etc/a\\ufeff\\r\\n*** Delete File: x\\u2028/../../etc/b\\n"
                        + "*** Update File: y\\u0085/../../etc/c\\n*** Move to:z\\r/../../etc/d\\n+*** Add File: text\\n\"}");
        permission("per_1", "c1", "edit", "a");

        assertThat(calls().get(0).call().input())
                .containsEntry("paths", List.of("/etc/a", "/etc/b", "/etc/c", "/etc/d"));
    }

    @Test
    void aPatchInTheInputOfAnotherToolHidesNoneOfItsPaths() {
        prompted();
        tool("c1", "files_save", "running", "{\"patchText\":\"*** Add File: a\",\"paths\":[\"/etc/b\"]}");
        permission("per_1", "c1", "files_save", "*");

        ToolCall call = calls().get(0).call();
        assertThat(call.tool()).isEqualTo("files_save");
        assertThat(call.input()).containsEntry("paths", List.of("/proj/a", List.of("/etc/b")));
    }

    @Test
    void whereAPatchMovesAFileToIsForTheSessionsRulesToo() {
        prompted();
        tool("c1", "apply_patch", "running", "{\"patchText\":\"*** Update File: src/a\\n*** Move to: b\\n\"}");
        for (String[] move : new String[][] {{"per_1", "src/b"}, {"per_2", "b"}}) {
            event(
                    "permission.asked",
                    ",\"id\":\"" + move[0] + "\",\"permission\":\"edit\",\"patterns\":[\"src/a\"],\"always\":[],"
                            + "\"metadata\":{\"files\":[{\"relativePath\":\"" + move[1]
                            + "\",\"movePath\":\"/proj/x\"}]},\"tool\":{\"messageID\":\"msg_z1\",\"callID\":\"c1\"}");
            protocol.decided(move[0], Verdict.NONE, sink);
        }

        assertThat(replies()).singleElement().asString().contains("per_1").contains("once");
        assertThat(permissions())
                .extracting(AgentEvent.PermissionRequested::requestId)
                .containsExactly("per_2");
    }

    @Test
    void aColonThatThePluginPutBeforeACommandIsNoPartOfIt() {
        prompted();
        tool("c1", "bash", "running", "{\"command\":\":\\n(git log -1)\"}");
        event(
                "permission.asked",
                ",\"id\":\"per_1\",\"permission\":\"bash\",\"patterns\":[\":\",\"git log -1\"],\"always\":[],"
                        + "\"tool\":{\"messageID\":\"msg_z1\",\"callID\":\"c1\"}");
        protocol.decided("per_1", Verdict.NONE, sink);

        assertThat(asked()).contains("per_1/reply").contains("\"once\"");
    }

    @Test
    void whatTheAgentDoesNotWaitForIsNotDecidedAnyMore() {
        prompted();
        tool("c1", "bash", "running", "{\"command\":\"make\"}");
        permission("per_1", "c1", "bash", "make");
        permission("per_2", "c1", "bash", "make");
        permission("per_3", "c9", "bash", "make");
        event("permission.replied", ",\"requestID\":\"per_1\",\"reply\":\"reject\"");
        tool("c1", "bash", "error", "{\"command\":\"make\"}");
        tool("c9", "bash", "error", "{\"command\":\"make\"}");
        int before = sink.entries().size();

        protocol.decided("per_1", Verdict.NONE, sink);
        protocol.decided("per_2", Verdict.NONE, sink);
        protocol.decided("per_3", Verdict.NONE, sink);

        assertThat(sink.entries()).hasSize(before);
        assertThat(replies()).isEmpty();
    }

    // ---- shorthand

    private void ready() {
        protocol.started(sink);
        answer(200, "{\"model\":\"acme/m1\"}");
        answer(200, AGENTS);
        answer(200, TOOLS);
        answer(200, "{\"id\":\"ses_1\",\"directory\":\"/proj\",\"version\":\"1\"}");
    }

    private void prompted() {
        ready();
        protocol.prompt("3f2f0a4e-8d5c-4b0a-9d7e-1f8f5a2c6b11", Prompt.of("x"), sink);
        String prompt = asked().replaceFirst(".*\"messageID\":\"([^\"]+)\".*", "$1");
        answer(204, "");
        event(
                "message.updated",
                ",\"info\":{\"id\":\"" + prompt + "\",\"role\":\"user\",\"sessionID\":\"" + SES + "\"}");
        event(
                "message.updated",
                ",\"info\":{\"id\":\"msg_z1\",\"role\":\"assistant\",\"sessionID\":\"" + SES + "\",\"parentID\":\""
                        + prompt + "\",\"time\":{\"created\":1}}");
    }

    private void tool(String call, String name, String status, String input) {
        event(
                "message.part.updated",
                ",\"part\":{\"id\":\"prt_" + call + "\",\"messageID\":\"msg_z1\",\"type\":\"tool\",\"tool\":\"" + name
                        + "\",\"callID\":\"" + call + "\",\"state\":{\"status\":\"" + status + "\",\"input\":" + input
                        + "}}");
    }

    private void permission(String id, String call, String permission, String pattern) {
        event(
                "permission.asked",
                ",\"id\":\"" + id + "\",\"permission\":\"" + permission + "\",\"patterns\":[\"" + pattern
                        + "\"],\"always\":[],\"tool\":{\"messageID\":\"msg_z1\",\"callID\":\"" + call + "\"}");
    }

    private static Verdict verdict(Action action) {
        return new Verdict(action, new GuardFinding("r", "c", "high", "not this"), null);
    }

    private List<ToolCalled> calls() {
        return sink.of(ToolCalled.class);
    }

    private List<AgentEvent.PermissionRequested> permissions() {
        return sink.events(AgentEvent.PermissionRequested.class);
    }

    private List<String> replies() {
        return sink.sent().stream()
                .filter(line -> line.contains("/permission/"))
                .toList();
    }

    private String asked() {
        List<String> requests = sink.sent().stream()
                .filter(line -> line.contains("\"request\""))
                .toList();
        return requests.get(requests.size() - 1);
    }

    private void event(String type, String more) {
        say("{\"directory\":\"/proj\",\"payload\":{\"type\":\"" + type + "\",\"properties\":{\"sessionID\":\"" + SES
                + "\"" + more + "}}}");
    }

    private void answer(int status, String body) {
        String id = asked().replaceFirst(".*\"request\":\"([^\"]+)\".*", "$1");
        say(new String(Lines.response(id, status, body.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8));
    }

    private void say(String line) {
        protocol.receive(AgentLine.of(line), sink);
    }

    private void assertRefused(String why) {
        ExitVerdict verdict = protocol.exited(new ExitStatus(0, null), List.of());
        assertThat(sink.sent()).contains("{\"leave\":true}");
        assertThat(sink.isReady()).isFalse();
        assertThat(verdict.code()).isEqualTo(ErrorCode.AGENT_START_FAILED);
        assertThat(verdict.message()).contains(why).contains("guard");
    }
}
