package io.hotplex.provider.claude;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.Attachment;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Prompt;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProtocol.ExitKind;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.ProtocolSink.Outcome;
import io.hotplex.api.spi.ProtocolSink.TurnEnd;
import io.hotplex.testkit.provider.RecordingSink;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What no recorded conversation shows, line by line. Single quotes stand for double ones. */
@NullMarked
class ClaudeProtocolTest {
    private static final String T1 = "11111111-0000-4000-8000-000000000000";
    private static final String T2 = "22222222-0000-4000-8000-000000000000";
    private static final String T3 = "33333333-0000-4000-8000-000000000000";
    private static final String OK = "'is_error':false,'subtype':'success','result':'ok'";
    private static final String ABORTED = "'is_error':true,'terminal_reason':'aborted_streaming'";

    private final RecordingSink sink = new RecordingSink();
    private ClaudeProtocol protocol = ready(LaunchRequest.Mode.NEW, false);

    private ClaudeProtocol ready(LaunchRequest.Mode mode, boolean bypass) {
        ClaudeProtocol fresh = new ClaudeProtocol(new LaunchRequest.Start(mode, "session", null), bypass);
        fresh.started(sink);
        fresh.receive(
                line("{'type':'control_response','response':{'subtype':'success','request_id':'hotplex-1',"
                        + "'response':{'version':'2.1.330'}}}"),
                sink);
        return fresh;
    }

    private static AgentLine line(String text) {
        return AgentLine.of(text.replace('\'', '"'));
    }

    private void receive(String... lines) {
        for (String text : lines) {
            protocol.receive(line(text), sink);
        }
    }

    private void result(String fields) {
        receive("{'type':'result'," + fields + "}");
    }

    private void prompt(String turn) {
        protocol.prompt(turn, Prompt.of("hello"), sink);
    }

    private boolean steer(String turn) {
        return protocol.steer(turn, Prompt.of("more"), sink);
    }

    private void echo(String turn) {
        receive("{'type':'user','isReplay':true,'uuid':'" + turn + "','message':{'role':'user','content':'x'}}");
    }

    private TurnEnd end(String turn) {
        assertThat(sink.ends(turn)).hasSize(1);
        return sink.ends(turn).get(0);
    }

    private JsonNode sent(int fromEnd) {
        List<String> sent = sink.sent();
        return Replay.tree(sent.get(sent.size() - fromEnd));
    }

    private void respond(int fromEnd, String response) {
        receive("{'type':'control_response','response':{'subtype':'success','request_id':"
                + sent(fromEnd).path("request_id") + ",'response':" + response + "}}");
    }

    private void ask(String id, String tool, String rest) {
        receive("{'type':'control_request','request_id':'" + id + "','request':{'subtype':'can_use_tool','tool_name':'"
                + tool + "'," + rest + "}}");
    }

    @Test
    void isReadyEvenIfTheProbeIsRefused() {
        RecordingSink other = new RecordingSink();
        ClaudeProtocol old =
                new ClaudeProtocol(new LaunchRequest.Start(LaunchRequest.Mode.NEW, "session", null), false);
        old.started(other);
        old.receive(
                line("{'type':'control_response','response':{'subtype':'error','request_id':'hotplex-1','error':'x'}}"),
                other);

        assertThat(other.isReady()).isTrue();
    }

    @Test
    void stopsTryingRejectedCredentials() {
        prompt(T1);
        receive("{'type':'system','subtype':'api_retry','attempt':1,'max_retries':10,'retry_delay_ms':500.5,"
                + "'error_status':401,'error':'authentication_failed'}");
        receive("{'type':'system','subtype':'api_retry','attempt':2,'max_retries':10,'retry_delay_ms':1000,"
                + "'error_status':401,'error':'authentication_failed'}");

        assertThat(sink.sent())
                .filteredOn(sent -> sent.contains("\"interrupt\""))
                .hasSize(1);
        result(ABORTED);
        assertThat(end(T1).code()).isEqualTo(ErrorCode.AUTHENTICATION_FAILED);
        prompt(T2);
        result(ABORTED);
        assertThat(end(T2).outcome()).isEqualTo(Outcome.INTERRUPTED);
    }

    @Test
    void endsSteeredPromptsWithTheTurnThatTookThem() {
        prompt(T1);
        echo(T1);
        assertThat(steer(T2)).isTrue();
        echo(T2);
        assertThat(steer(T3)).isTrue();
        result(OK + ",'usage':{'input_tokens':5}");

        assertThat(end(T2).mergedInto()).isEqualTo(T1);
        assertThat(end(T2).usage()).isEqualTo(TokenUsage.ZERO);
        assertThat(end(T1).usage().inputTokens()).isEqualTo(5);
        assertThat(sink.of(RecordingSink.TurnStarted.class))
                .extracting(RecordingSink.TurnStarted::turnId)
                .containsExactly(T3);
        result(OK);
        assertThat(end(T3).mergedInto()).isNull();
    }

    @Test
    void withdrawsWaitingPromptsWhenInterrupted() {
        prompt(T1);
        echo(T1);
        steer(T2);
        steer(T3);
        protocol.interrupt(sink);
        respond(3, "{'cancelled':true}");
        result(ABORTED);
        assertThat(end(T1).outcome()).isEqualTo(Outcome.INTERRUPTED);
        assertThat(end(T2).outcome()).isEqualTo(Outcome.INTERRUPTED);
        assertThat(sink.ends(T3)).isEmpty();

        int before = sink.sent().size();
        respond(2, "{'cancelled':false}");
        assertThat(sink.sent()).hasSize(before + 1);
        assertThat(sent(1).path("request").path("subtype").asText()).isEqualTo("interrupt");
        result(ABORTED);
        assertThat(end(T3).outcome()).isEqualTo(Outcome.INTERRUPTED);
    }

    @Test
    void withdrawsAPromptThatWaitsBehindATurnOfTheAgent() {
        receive("{'type':'system','subtype':'init'}");
        prompt(T1);
        protocol.interrupt(sink);
        respond(2, "{'cancelled':true}");

        assertThat(end(T1).outcome()).isEqualTo(Outcome.INTERRUPTED);
        result(ABORTED + ",'origin':{'kind':'task-notification'}");
        assertThat(sink.ends(null)).hasSize(1);
    }

    @Test
    void givesAPromptToTheAgentsOwnTurnOnlyIfThatTookItIn() {
        receive("{'type':'system','subtype':'init'}");
        prompt(T1);
        result(OK + ",'origin':{'kind':'task-notification'}");
        assertThat(sink.ends(T1)).isEmpty();
        result(OK);
        assertThat(sink.ends(T1)).hasSize(1);

        receive("{'type':'system','subtype':'init'}");
        prompt(T2);
        result(OK + ",'usage':{'input_tokens':5},'total_cost_usd':0.5,'origin':{'kind':'task-notification'},"
                + "'user_message_uuids':['" + T2 + "']");
        assertThat(end(T2).usage().inputTokens()).isEqualTo(5);
        assertThat(end(T2).costUsd()).isEqualTo(0.5);
        assertThat(sink.ends(null)).hasSize(2);
        assertThat(sink.ends(null).get(1).usage()).isEqualTo(TokenUsage.ZERO);
        assertThat(sink.ends(null).get(1).costUsd()).isNull();
        assertThat(sink.ends(null).get(1).mergedInto()).isEqualTo(T2);
    }

    @Test
    void beginsNoTurnForAnAnswerThatComesLate() {
        prompt(T1);
        result(OK);
        receive("{'type':'assistant','message':{'id':'m','content':[{'type':'text','text':'late'}]}}");

        assertThat(sink.of(RecordingSink.TurnStarted.class)).isEmpty();
        assertThat(sink.events(AgentEvent.Text.class)).hasSize(1);
    }

    @Test
    void withdrawsWhatAnInterruptedTurnAsked() {
        prompt(T1);
        ask("p1", "Bash", "'input':{}");
        ask("q1", "AskUserQuestion", "'input':{'questions':[{'question':'Which?'}]}");
        ask("background", "Bash", "'agent_id':'a1','input':{}");
        result(ABORTED);

        assertThat(sink.events(AgentEvent.PermissionResolved.class))
                .containsExactly(
                        new AgentEvent.PermissionResolved("p1", AgentEvent.Resolution.WITHDRAWN, "agent", null));
        assertThat(sink.events(AgentEvent.QuestionAnswered.class))
                .containsExactly(new AgentEvent.QuestionAnswered("q1", Map.of(), "agent"));
        receive("{'type':'control_cancel_request','request_id':'background'}");
        assertThat(sink.events(AgentEvent.PermissionResolved.class)).hasSize(2);
        assertThat(protocol.openRequests()).isZero();
    }

    @Test
    void withdrawsARequestWhoseToolHasItsResult() {
        prompt(T1);
        ask("p1", "Bash", "'tool_use_id':'t1','input':{}");
        ask("p2", "Bash", "'tool_use_id':'t2','input':{}");
        receive("{'type':'user','message':{'role':'user','content':[{'type':'tool_result','tool_use_id':'t1',"
                + "'content':'stream closed'}]}}");

        assertThat(sink.events(AgentEvent.PermissionResolved.class))
                .extracting(AgentEvent.PermissionResolved::requestId)
                .containsExactly("p1");
    }

    @Test
    void keepsAsksBeyondTheEndOfATurn() {
        prompt(T1);
        ask("p1", "Bash", "'input':{}");
        result(OK);

        assertThat(sink.events(AgentEvent.PermissionResolved.class)).isEmpty();
        assertThat(protocol.openRequests()).isEqualTo(1);
    }

    private static AgentLine cut(String text) {
        byte[] bytes = text.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        return new AgentLine(bytes, 0, bytes.length, true);
    }

    @Test
    void endsTheTurnWhoseResultIsTooLong() {
        prompt(T1);
        protocol.receive(
                cut("{ 'x' : [ 1, {'type':'no', 'y':'}]'} ], 'n':1.5, 'type' : 'result', 'result':'too lo"), sink);

        assertThat(end(T1).code()).isEqualTo(ErrorCode.AGENT_PROTOCOL);
        assertThat(end(T1).message()).contains("max-line-bytes");
        assertThat(sink.events(AgentEvent.Raw.class))
                .extracting(AgentEvent.Raw::kind)
                .containsExactly("oversize");
        protocol.receive(cut("{'type':'result','result':'nothing ru"), sink);
        assertThat(sink.ends()).hasSize(1);
    }

    @Test
    void endsTheTurnWhoseResultIsNestedTooDeep() {
        prompt(T1);
        String deep = "[".repeat(100_000) + "]".repeat(100_000);
        result("'deep':" + deep + ",'total_cost_usd':1,'is_error':false");
        prompt(T2);
        result(OK + ",'total_cost_usd':1.5,'usage':{'input_tokens':5},'modelUsage':{'m':{'inputTokens':50}}");

        assertThat(end(T1).code()).isEqualTo(ErrorCode.AGENT_PROTOCOL);
        assertThat(end(T2).costUsd()).isNull();
    }

    @Test
    void leavesAPromptOpenWhoseForerunnersResultIsTooLong() {
        receive("{'type':'system','subtype':'init'}");
        prompt(T1);
        protocol.receive(cut("{'type':'result','result':'x"), sink);

        assertThat(sink.ends(null)).hasSize(1);
        assertThat(sink.ends(T1)).isEmpty();
    }

    @Test
    void refusesRequestsThatAreTooLong() {
        int before = sink.sent().size();
        protocol.receive(
                cut("{'type':'control_request','request_id':'r1','request':{'subtype':'can_use_tool','input':{'c"),
                sink);
        protocol.receive(cut("{'type':'control_request','request':{'request_id':'inner','x':'"), sink);

        assertThat(sink.sent()).hasSize(before + 1);
        assertThat(sent(1).path("response").path("subtype").asText()).isEqualTo("error");
        assertThat(sent(1).path("response").path("request_id").asText()).isEqualTo("r1");
        assertThat(sink.events(AgentEvent.PermissionRequested.class)).isEmpty();
    }

    @Test
    void countsTokensThatOnlyTheStartOfAMessageTells() {
        receive(
                "{'type':'stream_event','event':{'type':'message_start','message':{'id':'m','model':'x','usage':"
                        + "{'input_tokens':7,'cache_read_input_tokens':8,'output_tokens':1}}}}",
                "{'type':'assistant','message':{'id':'m','content':[{'type':'text','text':'a'}]}}",
                "{'type':'stream_event','event':{'type':'message_delta','usage':{'output_tokens':9,'input_tokens':0}}}",
                "{'type':'stream_event','event':{'type':'message_stop'}}");

        assertThat(sink.events(AgentEvent.Usage.class))
                .extracting(AgentEvent.Usage::tokens)
                .containsExactly(new TokenUsage(7, 9, 0, 8));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'delta':{'type':'text_delta','text':'x'}",
                "'index':0.0,'delta':{'type':'text_delta','text':'x'}",
                "'index':3000000000,'delta':{'type':'text_delta','text':'x'}",
                "'index':0,'delta':{'text':'x'}",
                "'index':0,'delta':{'type':'future_delta','text':'x'}",
                "'index':0,'delta':{'type':'future_delta','n':1.5}",
                "'index':0",
            })
    void keepsDeltasThatItDoesNotUnderstand(String fields) {
        receive(
                "{'type':'stream_event','event':{'type':'message_start','message':{'id':'m'}}}",
                "{'type':'stream_event','event':{'type':'content_block_delta'," + fields + "}}");

        assertThat(sink.events(AgentEvent.Raw.class)).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"input_json_delta", "signature_delta", "citations_delta"})
    void leavesDeltasOutThatTheCompleteBlockRepeats(String kind) {
        receive(
                "{'type':'stream_event','event':{'type':'message_start','message':{'id':'m'}}}",
                "{'type':'stream_event','event':{'type':'content_block_delta','index':0,'delta':{'type':'" + kind
                        + "','partial_json':'x'}}}",
                "{'type':'stream_event','event':{'type':'content_block_delta','index':0,'delta':{'type':'" + kind
                        + "','citation':{'n':1.5}}}}");

        assertThat(sink.events(AgentEvent.Raw.class)).isEmpty();
    }

    @Test
    void saysThatItsVendorCannotBeReachedOnlyForThat() {
        prompt(T1);
        result("'is_error':true,'result':'API Error: Unable to connect to API (ConnectionRefused)'");
        prompt(T2);
        result("'is_error':true,'result':'cannot connect the dots of the MCP server'");

        assertThat(end(T1).code()).isEqualTo(ErrorCode.VENDOR_UNAVAILABLE);
        assertThat(end(T2).code()).isEqualTo(ErrorCode.AGENT_ERROR);
    }

    @Test
    void leavesAResultThatNamesAnotherPromptToTheAgent() {
        prompt(T1);
        result(OK + ",'user_message_uuids':['" + T3 + "'],'user_message_uuid':'" + T3 + "'");
        assertThat(sink.ends(T1)).isEmpty();
        assertThat(sink.ends(null)).hasSize(1);
        result(OK + ",'user_message_uuids':['" + T1 + "']");
        assertThat(sink.ends(T1)).hasSize(1);
    }

    @Test
    void steersNeitherCommandsNorIdleAgents() {
        assertThat(steer(T1)).isFalse();
        prompt(T1);
        assertThat(protocol.steer(T2, Prompt.of("/compact"), sink)).isFalse();
    }

    @Test
    void writesImagesTextFilesAndInstructions() {
        Prompt prompt = Prompt.builder("look")
                .instructions("be </instructions> careful")
                .attach(new Attachment("a.png", "image/png", new byte[] {1, 2}))
                .attach(new Attachment("\"n\".txt", "text/plain", "hi".getBytes(StandardCharsets.UTF_8)))
                .build();
        protocol.prompt(T1, prompt, sink);
        JsonNode blocks = sent(1).path("message").path("content");

        assertThat(sent(1).path("uuid").asText()).isEqualTo(T1);
        assertThat(blocks.get(0).path("source").path("data").asText()).isEqualTo("AQI=");
        assertThat(blocks.get(0).path("source").path("media_type").asText()).isEqualTo("image/png");
        assertThat(blocks.get(1).path("text").asText())
                .isEqualTo("<attachment name=\"&quot;n&quot;.txt\">\nhi\n</attachment>");
        assertThat(blocks.get(2).path("text").asText())
                .isEqualTo("<instructions>\nbe <\\/instructions> careful\n</instructions>\n\nlook");
    }

    @Test
    void failsPromptsWithAttachmentsThatClaudeCannotRead() {
        Prompt prompt = Prompt.builder("x")
                .attach(new Attachment("a.zip", "application/zip", new byte[1]))
                .build();
        int before = sink.sent().size();
        protocol.prompt(T1, prompt, sink);

        assertThat(end(T1).code()).isEqualTo(ErrorCode.NOT_SUPPORTED);
        assertThat(sink.sent()).hasSize(before);
        prompt(T2);
        result(OK);
        assertThat(end(T2).outcome()).isEqualTo(Outcome.COMPLETED);
    }

    @Test
    void writesEveryTextOnOneLine() {
        protocol.prompt(T1, Prompt.of("a\nb\u2028c\u2029d\r\ud800e\ud83d\ude00"), sink);
        String line = sink.sent().get(sink.sent().size() - 1);

        assertThat(line).doesNotContain("\n", "\r", "\u2028", "\u2029");
        assertThat(Replay.tree(line).path("message").path("content").asText())
                .isEqualTo("a\nb\u2028c\u2029d\r?e\ud83d\ude00");
    }

    @Test
    void sendsTheInputBackWithEveryPermission() {
        ask(
                "p1",
                "Bash",
                "'input':{'command':'ls','n':1.5},'permission_suggestions':[{'type':'addRules',"
                        + "'rules':[{'toolName':'Bash'}],'behavior':'allow','destination':'localSettings'}]");
        protocol.answer("p1", new PermissionAnswer.Allow(PermissionAnswer.Scope.SESSION, null), sink);
        JsonNode response = sent(1).path("response").path("response");
        assertThat(response.path("behavior").asText()).isEqualTo("allow");
        assertThat(response.path("updatedInput").toString()).isEqualTo("{\"command\":\"ls\",\"n\":1.5}");
        assertThat(response.has("updatedPermissions"))
                .as("rules that allow more than what was asked about")
                .isFalse();

        ask("p2", "Bash", "'input':{'command':'ls'}");
        protocol.answer("p2", new PermissionAnswer.Allow(PermissionAnswer.Scope.ONCE, Map.of("command", "pwd")), sink);
        response = sent(1).path("response").path("response");
        assertThat(response.path("updatedInput").toString()).isEqualTo("{\"command\":\"pwd\"}");
        assertThat(response.has("updatedPermissions")).isFalse();

        ask("p3", "Bash", "'input':{}");
        protocol.answer("p3", new PermissionAnswer.Deny("no", true), sink);
        assertThat(sent(1).path("response").path("response").toString())
                .isEqualTo("{\"behavior\":\"deny\",\"message\":\"no\",\"interrupt\":true}");
    }

    @Test
    void asksQuestionsAndSendsTheAnswers() {
        String input = "'tool_use_id':'t1','input':{'questions':[{'question':'Which?','header':'H','multiSelect':true,"
                + "'options':[{'label':'A','description':'a'},{'label':'B'}]}]}";
        ask("q1", "AskUserQuestion", input);
        assertThat(sink.events(AgentEvent.QuestionAsked.class))
                .containsExactly(new AgentEvent.QuestionAsked(
                        "q1",
                        "t1",
                        List.of(new AgentEvent.Question(
                                "Which?",
                                "H",
                                List.of(new AgentEvent.Option("A", "a"), new AgentEvent.Option("B", "")),
                                true))));
        protocol.answerQuestion("q1", Map.of("Which?", List.of("A", "B")), sink);
        JsonNode updated = sent(1).path("response").path("response").path("updatedInput");
        assertThat(updated.path("answers").toString()).isEqualTo("{\"Which?\":\"A, B\"}");
        assertThat(updated.path("questions")).hasSize(1);

        ask("q2", "AskUserQuestion", input);
        protocol.answerQuestion("q2", Map.of(), sink);
        assertThat(sent(1).path("response").path("response").path("behavior").asText())
                .isEqualTo("deny");

        ask("q3", "AskUserQuestion", input);
        receive("{'type':'control_cancel_request','request_id':'q3'}");
        assertThat(sink.events(AgentEvent.QuestionAnswered.class))
                .containsExactly(new AgentEvent.QuestionAnswered("q3", Map.of(), "agent"));
    }

    @Test
    void answersEveryRequestThatItDoesNotSupport() {
        for (String subtype : List.of("hook_callback", "mcp_message", "elicitation", "future")) {
            receive("{'type':'control_request','request_id':'r','request':{'subtype':'" + subtype + "'}}");
            assertThat(sent(1).path("response").path("subtype").asText()).isEqualTo("error");
            assertThat(sent(1).path("response").path("request_id").asText()).isEqualTo("r");
        }
    }

    @Test
    void boundsOpenRequestsInBothDirections() {
        for (int i = 0; i < 2 * ControlChannel.MAX_OPEN; i++) {
            protocol.setModel("c" + i, "m", sink);
            ask("p" + i, "Bash", "'input':{}");
        }

        assertThat(protocol.openRequests()).isEqualTo(ControlChannel.MAX_OPEN + PermissionDesk.MAX_PENDING);
        assertThat(sink.of(RecordingSink.CommandEnded.class))
                .hasSize(ControlChannel.MAX_OPEN)
                .allMatch(ended -> ended.error() != null);
        assertThat(sent(1).path("response").path("subtype").asText()).isEqualTo("error");
    }

    @Test
    void matchesCompleteBlocksWithStreamedOnes() {
        receive(
                "{'type':'stream_event','event':{'type':'message_start','message':{'id':'m'}}}",
                "{'type':'stream_event','event':{'type':'content_block_start','index':0,'content_block':{'type':'thinking'}}}",
                "{'type':'stream_event','event':{'type':'content_block_stop','index':0}}",
                "{'type':'stream_event','event':{'type':'content_block_start','index':1,'content_block':{'type':'text'}}}",
                "{'type':'assistant','message':{'id':'m','content':[{'type':'text','text':'a'}]}}",
                "{'type':'assistant','message':{'id':'m','content':[{'type':'text','text':'b'}]}}",
                "{'type':'assistant','message':{'id':'m','content':[{'type':'thinking','thinking':'t'}]}}");

        assertThat(sink.events(AgentEvent.Text.class))
                .extracting(AgentEvent.Text::block)
                .containsExactly(1, 2);
        assertThat(sink.events(AgentEvent.Thinking.class))
                .extracting(AgentEvent.Thinking::block)
                .containsExactly(0);
    }

    @Test
    void keepsStreamsOfSubagentsApart() {
        receive(
                "{'type':'stream_event','event':{'type':'message_start','message':{'id':'main'}}}",
                "{'type':'stream_event','parent_tool_use_id':'t','event':{'type':'message_start','message':{'id':'sub'}}}",
                "{'event':{'delta':{'text':'1','type':'text_delta'},'index':0,'type':'content_block_delta'},"
                        + "'parent_tool_use_id':'t','type':'stream_event'}",
                "{'type':'stream_event','parent_tool_use_id':null,'event':{'type':'content_block_delta','index':0,"
                        + "'delta':{'type':'text_delta','text':'2'}}}");

        assertThat(sink.events(AgentEvent.TextDelta.class))
                .containsExactly(
                        new AgentEvent.TextDelta("sub", 0, "1", "t"), new AgentEvent.TextDelta("main", 0, "2", null));
    }

    @Test
    void letsSubagentsStreamOnAfterTheTurn() {
        receive(
                "{'type':'stream_event','parent_tool_use_id':'t','event':{'type':'message_start','message':{'id':'sub'}}}");
        prompt(T1);
        result(OK);
        receive("{'type':'stream_event','parent_tool_use_id':'t','event':{'type':'content_block_delta','index':0,"
                + "'delta':{'type':'text_delta','text':'x'}}}");

        assertThat(sink.events(AgentEvent.TextDelta.class)).hasSize(1);
    }

    @Test
    void keepsImagesOfToolResults() {
        receive("{'type':'user','message':{'role':'user','content':[{'type':'tool_result','tool_use_id':'t',"
                + "'is_error':true,'content':[{'type':'text','text':'a'},{'type':'image','source':{'type':'base64'}},"
                + "{'type':'text','text':'b'}]}]}}");

        assertThat(sink.events(AgentEvent.ToolCompleted.class))
                .containsExactly(new AgentEvent.ToolCompleted(
                        "t",
                        null,
                        true,
                        "a\nb",
                        List.of(Map.of("type", "image", "source", Map.of("type", "base64"))),
                        null));
    }

    @Test
    void tellsNoticesOfTheVendor() {
        receive(
                "{'type':'rate_limit_event','rate_limit_info':{'status':'rejected','resetsAt':1795000000,"
                        + "'rateLimitType':'five_hour'}}",
                "{'type':'tool_progress','tool_use_id':'t','elapsed_time_seconds':3.7,'parent_tool_use_id':'p'}",
                "{'type':'system','subtype':'compact_boundary','compact_metadata':{'trigger':'auto','pre_tokens':7}}");

        assertThat(sink.events())
                .contains(
                        new AgentEvent.RateLimited("rejected", "2026-11-18T11:06:40Z", "five_hour"),
                        new AgentEvent.ToolProgress("t", "running for 3 s", "p"),
                        new AgentEvent.Compacted("auto", 7L));
    }

    @Test
    void countsTheCostOfEachTurn() {
        prompt(T1);
        result(OK + ",'total_cost_usd':0.3");
        prompt(T2);
        result(OK + ",'total_cost_usd':0.4");
        prompt(T3);
        result(OK + ",'total_cost_usd':0.05");

        assertThat(end(T1).costUsd()).isEqualTo(0.3);
        assertThat(end(T2).costUsd()).isEqualTo(0.1);
        assertThat(end(T3).costUsd()).isEqualTo(0.05);
    }

    @Test
    void doesNotCountWhatAResumedConversationCostBefore() {
        String spent = ",'total_cost_usd':5,'usage':{'input_tokens':10},'modelUsage':{'m':{'inputTokens':9000}}";
        protocol = ready(LaunchRequest.Mode.RESUME, false);
        prompt(T1);
        result(OK + spent);
        prompt(T2);
        result(OK + ",'total_cost_usd':5.5");
        assertThat(end(T1).costUsd()).isNull();
        assertThat(end(T2).costUsd()).isEqualTo(0.5);

        protocol = ready(LaunchRequest.Mode.RESUME, false);
        prompt(T3);
        result(OK + spent + ",'model_usage_since_last_result':{'m':{'costUSD':0.25}}");
        assertThat(end(T3).costUsd()).isEqualTo(0.25);
    }

    @Test
    void leavesAPromptOpenThatNeverRan() {
        protocol = ready(LaunchRequest.Mode.RESUME, false);
        prompt(T1);
        result("'is_error':true,'errors':['No conversation found with session ID: x']");

        assertThat(sink.ends()).isEmpty();
        assertThat(protocol.exited(new ExitStatus(1, null), List.of()).kind()).isEqualTo(ExitKind.SESSION_NOT_FOUND);
    }

    @Test
    void losesNoConversationByWhatHooksAndToolsSay() {
        String words = "No conversation found with session ID: x";
        prompt(T1);
        receive("{'type':'system','subtype':'init'}");
        result("'is_error':true,'errors':['" + words + "']");
        assertThat(end(T1).outcome()).isEqualTo(Outcome.FAILED);
        assertThat(protocol.exited(new ExitStatus(1, null), List.of(words, "Session ID x is already in use."))
                        .kind())
                .isEqualTo(ExitKind.CRASH);

        protocol = ready(LaunchRequest.Mode.RESUME, false);
        receive("{'type':'system','subtype':'init'}");
        assertThat(protocol.exited(new ExitStatus(1, null), List.of(words)).kind())
                .isEqualTo(ExitKind.CRASH);
    }

    /** What Claude answers is from 10-set-permission-mode, where it was not launched for the mode. */
    @Test
    void setsTheBypassModeOnlyWhenAllowed() {
        int before = sink.sent().size();
        protocol.setPermissionMode("c1", "bypassPermissions", sink);
        assertThat(sink.sent()).hasSize(before);
        protocol = ready(LaunchRequest.Mode.NEW, true);
        protocol.setPermissionMode("c2", "bypassPermissions", sink);
        receive("{'type':'control_response','response':{'subtype':'error','request_id':" + sent(1).path("request_id")
                + ",'error':'not launched with --dangerously-skip-permissions'}}");
        protocol.setPermissionMode("c3", "bypassPermissions", sink);
        respond(1, "{'mode':'bypassPermissions'}");

        assertThat(sink.of(RecordingSink.CommandEnded.class))
                .extracting(ended -> ended.error() == null)
                .containsExactly(false, false, true);
        assertThat(sink.events(AgentEvent.PermissionModeChanged.class))
                .containsExactly(new AgentEvent.PermissionModeChanged(null, "bypassPermissions"));
    }
}
