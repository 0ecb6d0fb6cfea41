package io.hotplex.provider.claude;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.hotplex.api.AgentEvent.ToolKind;
import io.hotplex.api.GuardFinding;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.ToolGuard.Action;
import io.hotplex.api.spi.ToolGuard.Verdict;
import io.hotplex.testkit.provider.RecordingSink;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every tool call is put before the guards, or the process is not used. */
class ToolGateTest {
    private static final GuardFinding WHY = new GuardFinding("r", "test", "high", "because");

    private final RecordingSink sink = new RecordingSink();
    private final ClaudeProtocol protocol =
            new ClaudeProtocol(new LaunchRequest.Start(LaunchRequest.Mode.NEW, "session", null), false, true);

    private void receive(String text) {
        protocol.receive(AgentLine.of(text.replace('\'', '"')), sink);
    }

    private void respond(String request, String rest) {
        receive("{'type':'control_response','response':{'request_id':'" + request + "'," + rest + "}}");
    }

    private void started() {
        protocol.started(sink);
        respond("hotplex-2", "'subtype':'success','response':{'version':'2.1.330'}");
        assertThat(sink.isReady()).isFalse();
        respond("hotplex-1", "'subtype':'success','response':{}");
    }

    private void call(String id) {
        receive("{'type':'control_request','request_id':'" + id + "','request':{'subtype':'hook_callback',"
                + "'callback_id':'hotplex-tool-guard','input':{'hook_event_name':'PreToolUse','tool_name':'Bash',"
                + "'tool_input':{'command':'ls'},'tool_use_id':'t1'},'tool_use_id':'t1'}}");
    }

    private String last() {
        List<String> sent = sink.sent();
        return sent.get(sent.size() - 1);
    }

    @Test
    void isReadyOnlyWithItsHook() {
        started();

        assertThat(sink.isReady()).isTrue();
        assertThat(sink.sent().get(0)).contains("\"initialize\"", "\"PreToolUse\"", "\"hotplex-tool-guard\"");
    }

    @Test
    void aProcessThatTakesNoHookIsNotUsed() {
        protocol.started(sink);
        respond("hotplex-2", "'subtype':'success','response':{}");

        assertThatIllegalStateException().isThrownBy(() -> respond("hotplex-1", "'subtype':'error','error':'no'"));
        assertThat(sink.isReady()).isFalse();
    }

    @Test
    void theGuardsHearOfEachCallAndClaudeOfTheirAnswer() {
        started();
        for (Action action : Action.values()) {
            String id = "h-" + action;
            call(id);
            List<RecordingSink.ToolCalled> calls = sink.of(RecordingSink.ToolCalled.class);
            RecordingSink.ToolCalled called = calls.get(calls.size() - 1);
            assertThat(called.callId()).isEqualTo(id);
            assertThat(called.call().toolId()).isEqualTo("t1");
            assertThat(called.call().kind()).isEqualTo(ToolKind.EXECUTE);
            assertThat(called.call().input()).containsEntry("command", "ls");

            protocol.decided(id, action == Action.NONE ? Verdict.NONE : new Verdict(action, WHY, null), sink);

            assertThat(last()).contains("\"request_id\":\"" + id + "\"");
            if (action == Action.DENY || action == Action.ASK) {
                assertThat(last())
                        .contains(
                                "\"permissionDecision\":\"" + (action == Action.DENY ? "deny" : "ask") + "\"",
                                "\"permissionDecisionReason\":\"because\"");
            } else {
                assertThat(last()).contains("\"response\":{}").doesNotContain("permissionDecision");
            }
        }
        assertThat(protocol.openRequests()).isZero();
    }

    @Test
    void whatCannotBeLookedAtIsDenied() {
        started();
        receive("{'type':'control_request','request_id':'h','request':{'subtype':'hook_callback',"
                + "'callback_id':'hotplex-tool-guard','input':{}}}");
        assertThat(last()).contains("\"permissionDecision\":\"deny\"");

        for (int i = 0; i <= ToolGate.MAX_OPEN; i++) {
            call("h" + i);
        }

        assertThat(last()).contains("\"request_id\":\"h" + ToolGate.MAX_OPEN + "\"", "\"deny\"");
        assertThat(sink.of(RecordingSink.ToolCalled.class)).hasSize(ToolGate.MAX_OPEN);
    }

    @Test
    void aCallThatClaudeTakesBackIsNotAnswered() {
        started();
        call("h");
        receive("{'type':'control_cancel_request','request_id':'h'}");
        int sent = sink.sent().size();

        protocol.decided("h", new Verdict(Action.DENY, WHY, null), sink);

        assertThat(sink.sent()).hasSize(sent);
    }

    @Test
    void hooksOfOthersAreRefused() {
        started();
        receive("{'type':'control_request','request_id':'h','request':{'subtype':'hook_callback','callback_id':'x'}}");

        assertThat(last()).contains("\"error\"");
        assertThat(sink.of(RecordingSink.ToolCalled.class)).isEmpty();
    }
}
