package io.hotplex.e2e.claude;

import static io.hotplex.e2e.claude.ClaudeRig.end;
import static io.hotplex.e2e.claude.ClaudeRig.first;
import static io.hotplex.e2e.claude.ClaudeRig.only;
import static io.hotplex.e2e.claude.ClaudeRig.pid;
import static io.hotplex.e2e.claude.ClaudeRig.read;
import static io.hotplex.e2e.claude.ClaudeRig.run;
import static io.hotplex.e2e.claude.ClaudeRig.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Delivery;
import io.hotplex.api.EventRecord;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnResult;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Tools: who allows them, and what becomes of them. */
class ToolsIT extends RealClaude {
    /** Says that it runs by making a file, and goes on until the file {@code go} is there. */
    private static final String LONG_COMMAND =
            "TOOL Bash touch running; until [ -e go ]; do sleep 0.05; done; echo went";

    ToolsIT(ClaudeVersion version) {
        super(version);
    }

    @Test
    void aDeniedToolDoesNothingAndTheTurnGoesOn() {
        Session session = rig.open(rig.engine(), "s1");
        List<EventRecord> records = read(session);
        Turn turn = session.submit(Prompt.of("TOOL Bash touch made"));
        AgentEvent.PermissionRequested request = first(records, AgentEvent.PermissionRequested.class);
        assertThat(request.toolName()).isEqualTo("Bash");
        assertThat(request.input()).containsEntry("command", "touch made");
        assertThat(session.pendingRequests()).containsExactly(request);

        session.answer(request.requestId(), PermissionAnswer.deny("not today"), "test");

        TurnResult result = end(turn);
        assertThat(result.completed()).isTrue();
        assertThat(result.text()).contains("not today");
        assertThat(rig.file("made")).doesNotExist();
        assertThat(first(records, AgentEvent.ToolCompleted.class).isError()).isTrue();
        assertThat(first(records, AgentEvent.PermissionResolved.class).resolution())
                .isEqualTo(AgentEvent.Resolution.DENIED);
        assertThat(session.pendingRequests()).isEmpty();
    }

    @Test
    void anAllowedToolRuns() {
        Session session = rig.open(rig.engine(), "s1");
        List<EventRecord> records = read(session);
        Turn turn = session.submit(Prompt.of("TOOL Bash touch made && echo done-so"));
        AgentEvent.PermissionRequested request = first(records, AgentEvent.PermissionRequested.class);

        session.answer(request.requestId(), PermissionAnswer.allow(), "test");

        assertThat(end(turn).text()).contains("done-so");
        assertThat(rig.file("made")).exists();
        AgentEvent.ToolStarted started = first(records, AgentEvent.ToolStarted.class);
        AgentEvent.ToolCompleted completed = first(records, AgentEvent.ToolCompleted.class);
        assertThat(started.kind()).isEqualTo(AgentEvent.ToolKind.EXECUTE);
        assertThat(completed.toolId()).isEqualTo(started.toolId());
        assertThat(completed.isError()).isFalse();
        assertThat(completed.output()).contains("done-so");
    }

    @Test
    void anAllowedToolRunsWithTheInputThatItWasGiven() {
        Session session = rig.open(rig.engine(), "s1");
        List<EventRecord> records = read(session);
        Turn turn = session.submit(Prompt.of("TOOL Bash touch made"));
        AgentEvent.PermissionRequested request = first(records, AgentEvent.PermissionRequested.class);

        session.answer(
                request.requestId(),
                new PermissionAnswer.Allow(
                        PermissionAnswer.Scope.ONCE, Map.of("command", "touch other", "description", "another file")),
                "test");

        assertThat(end(turn).completed()).isTrue();
        assertThat(rig.file("other")).exists();
        assertThat(rig.file("made")).doesNotExist();
    }

    @Test
    void aPromptSteeredIntoARunningToolEndsOnceAndSoDoesTheOther() {
        Session session = rig.trusting(rig.engine(), "s1");
        List<EventRecord> records = read(session);
        Turn first = session.submit(Prompt.of(LONG_COMMAND));
        until("the tool runs", () -> Files.exists(rig.file("running")));

        Turn second = session.submit(
                Prompt.builder("the word is zanzibar").delivery(Delivery.STEER).build());
        until(
                "the prompt was handed over",
                () -> records.stream()
                        .anyMatch(r -> second.id().equals(r.turnId()) && r.event() instanceof AgentEvent.TurnStarted));
        rig.touch("go");

        assertThat(end(first).completed()).isTrue();
        assertThat(end(second).completed()).isTrue();
        TurnResult third = run(session, "SAY 1");
        assertThat(rig.remembers("zanzibar")).isTrue();
        until("the third end", () -> last(records) >= third.offset());
        assertThat(records.stream()
                        .filter(r -> r.event() instanceof AgentEvent.Terminal)
                        .map(EventRecord::turnId))
                .containsExactlyInAnyOrder(first.id(), second.id(), third.turnId());
        assertThat(session.info().generation()).isEqualTo(1);
    }

    @Test
    void anInterruptEndsTheToolThatRuns() {
        Session session = rig.trusting(rig.engine(), "s1");
        Turn turn = session.submit(Prompt.of(LONG_COMMAND));
        until("the tool runs", () -> Files.exists(rig.file("running")));
        long pid = pid(session);
        assertThat(rig.processes()).hasSizeGreaterThan(1);

        turn.cancel();

        assertThat(end(turn).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
        until("only the agent is left", () -> rig.processes().equals(List.of(pid)));
        assertThat(run(session, "SAY 1").completed()).isTrue();
        assertThat(pid(session)).isEqualTo(pid);
    }

    @Test
    void closingASessionEndsTheToolThatRuns() throws Exception {
        Session session = rig.trusting(rig.engine(), "s1");
        List<EventRecord> records = read(session);
        Turn turn = session.submit(Prompt.of(LONG_COMMAND));
        until("the tool runs", () -> Files.exists(rig.file("running")));

        session.close().toCompletableFuture().get(30, TimeUnit.SECONDS);

        assertThat(end(turn).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
        until("nothing is left", () -> rig.processes().isEmpty());
        first(records, AgentEvent.SessionClosed.class);
        assertThat(only(records, AgentEvent.ProcessExited.class))
                .singleElement()
                .matches(AgentEvent.ProcessExited::expected);
    }

    @Test
    void aBackgroundTaskThatEndsBeginsATurnOfItsOwn() {
        Session session = rig.trusting(rig.engine(), "s1");
        List<EventRecord> records = read(session);

        TurnResult asked = run(
                session,
                "TOOL Bash {\"command\":\"until [ -e go ]; do sleep 0.05; done; echo ended\","
                        + "\"description\":\"waits\",\"run_in_background\":true}");
        rig.touch("go");

        assertThat(asked.completed()).isTrue();
        AgentEvent.TurnStarted unasked =
                first(records, AgentEvent.TurnStarted.class, turn -> turn.origin() == AgentEvent.Origin.AGENT);
        assertThat(unasked.clientId()).isNull();
        String turnId = records.stream()
                .filter(r -> r.event() == unasked)
                .findFirst()
                .orElseThrow()
                .turnId();
        until(
                "the end of the unasked turn",
                () -> records.stream()
                        .anyMatch(r -> r.event() instanceof AgentEvent.Terminal
                                && String.valueOf(turnId).equals(r.turnId())));
        assertThat(run(session, "SAY 3").text().strip()).isEqualTo("w1 w2 w3");
        assertThat(records.stream()
                        .filter(r -> r.event() instanceof AgentEvent.Terminal
                                && asked.turnId().equals(r.turnId())))
                .hasSize(1);
    }

    @Test
    void aQuestionIsAnswered() {
        Session session = rig.open(rig.engine(), "s1");
        List<EventRecord> records = read(session);
        Turn turn = session.submit(Prompt.of("TOOL AskUserQuestion {\"questions\":[{\"question\":\"Which colour?\","
                + "\"header\":\"Colour\",\"multiSelect\":false,\"options\":["
                + "{\"label\":\"Red\",\"description\":\"warm\"},{\"label\":\"Blue\",\"description\":\"cold\"}]}]}"));
        AgentEvent.QuestionAsked asked = first(records, AgentEvent.QuestionAsked.class);
        assertThat(asked.questions().get(0).options())
                .extracting(AgentEvent.Option::label)
                .containsExactly("Red", "Blue");

        session.answerQuestion(asked.requestId(), Map.of("Which colour?", List.of("Blue")), "test");

        assertThat(end(turn).text()).contains("Blue");
        assertThat(first(records, AgentEvent.QuestionAnswered.class).by()).isEqualTo("test");
    }

    @Test
    void aToolSeesNothingOfTheEnvironmentThatNobodyGaveIt() throws IOException {
        assertThat(System.getenv("HOTPLEX_GATEWAY_KEY")).isEqualTo("planted-in-the-jvm");
        Session session = rig.trusting(rig.engine(), "s1");

        assertThat(run(session, "TOOL Bash env > env.txt").completed()).isTrue();

        assertThat(Files.readString(rig.file("env.txt")))
                .contains("E2E_MARKER=")
                .doesNotContain("planted-in-the-jvm");
    }

    private static long last(List<EventRecord> records) {
        return records.get(records.size() - 1).offset();
    }
}
