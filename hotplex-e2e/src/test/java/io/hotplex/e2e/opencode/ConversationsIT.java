package io.hotplex.e2e.opencode;

import static io.hotplex.e2e.opencode.OpenCodeRig.end;
import static io.hotplex.e2e.opencode.OpenCodeRig.first;
import static io.hotplex.e2e.opencode.OpenCodeRig.only;
import static io.hotplex.e2e.opencode.OpenCodeRig.pid;
import static io.hotplex.e2e.opencode.OpenCodeRig.read;
import static io.hotplex.e2e.opencode.OpenCodeRig.run;
import static io.hotplex.e2e.opencode.OpenCodeRig.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Attachment;
import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.ToolRules;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnResult;
import io.hotplex.testkit.LeakChecks;
import io.hotplex.testkit.model.FakeModelServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What sessions can do with a real OpenCode; all of them share its one process, as they do in production. */
class ConversationsIT {
    @TempDir
    static Path directory;

    private static LeakChecks.Snapshot before;
    private static OpenCodeRig rig;
    private static Engine engine;

    @BeforeAll
    static void start() throws IOException {
        // the first connection of a JVM opens descriptors that stay; they are no leak of a test
        try (FakeModelServer server = FakeModelServer.start();
                InputStream answer = server.baseUri().toURL().openStream()) {
            answer.readAllBytes();
        }
        WarmHttp.up();
        before = LeakChecks.snapshot();
        rig = new OpenCodeRig(directory);
        engine = rig.engine();
    }

    @AfterAll
    static void nothingIsLeft() {
        rig.close();
        before.assertNothingLeft();
    }

    @Test
    void threeTurnsRunHotInOneProcess() {
        Session session = rig.open(engine, "hot");
        List<EventRecord> records = read(session);
        TurnResult one = run(session, "SAY 3");
        long pid = pid(session);

        TurnResult two = run(session, "hello there");
        TurnResult three = run(session, "SAY 1");

        assertThat(one.text()).isEqualTo("w1 w2 w3 ");
        assertThat(two.text()).isEqualTo("Echo: hello there");
        assertThat(three.text()).isEqualTo("w1 ");
        assertThat(pid(session)).isEqualTo(pid);
        assertThat(session.info().agentSessionId()).startsWith("ses_");
        assertThat(only(records, AgentEvent.TextDelta.class).stream()
                        .map(AgentEvent.TextDelta::text)
                        .limit(3))
                .containsExactly("w1 ", "w2 ", "w3 ");
        assertThat(only(records, AgentEvent.Text.class))
                .extracting(AgentEvent.Text::text)
                .containsExactly("w1 w2 w3 ", "Echo: hello there", "w1 ");
        assertThat(only(records, AgentEvent.Usage.class)).hasSize(3);
        AgentEvent.TurnCompleted end = (AgentEvent.TurnCompleted) one.end();
        assertThat(end.usage().outputTokens()).isEqualTo(3);
        assertThat(end.costUsd()).isPositive();
        assertThat(end.stopReason()).isEqualTo("stop");
        assertThat(first(records, AgentEvent.AgentInfo.class).version()).isEqualTo(OfflineOpenCode.VERSION);
        assertThat(first(records, AgentEvent.AgentInfo.class).model()).isEqualTo(OfflineOpenCode.MODEL);
        assertThat(only(records, AgentEvent.Raw.class)).isEmpty();
    }

    @Test
    void aToolRunsWhenItIsAllowed() {
        Session session = rig.open(engine, "allow");
        List<EventRecord> records = read(session);
        Turn turn = session.submit(Prompt.of("TOOL bash echo from-$OPENCODE"));
        AgentEvent.PermissionRequested asked = first(records, AgentEvent.PermissionRequested.class);

        session.answer(asked.requestId(), PermissionAnswer.allow(), "test");

        assertThat(end(turn).text()).contains("from-1");
        AgentEvent.ToolStarted started = first(records, AgentEvent.ToolStarted.class);
        AgentEvent.ToolCompleted completed = first(records, AgentEvent.ToolCompleted.class);
        assertThat(asked.toolName()).isEqualTo("bash");
        assertThat(asked.input()).containsEntry("command", "echo from-$OPENCODE");
        assertThat(asked.toolId()).isEqualTo(started.toolId()).isEqualTo(completed.toolId());
        assertThat(started.kind()).isEqualTo(AgentEvent.ToolKind.EXECUTE);
        assertThat(started.title()).isEqualTo("echo from-$OPENCODE");
        assertThat(completed.output().strip()).isEqualTo("from-1");
        assertThat(completed.isError()).isFalse();
    }

    @Test
    void aToolThatIsDeniedTellsTheModelWhyAndTheTurnGoesOn() {
        Session session = rig.open(engine, "deny");
        List<EventRecord> records = read(session);
        Turn turn = session.submit(Prompt.of("TOOL bash touch denied"));
        AgentEvent.PermissionRequested asked = first(records, AgentEvent.PermissionRequested.class);

        session.answer(asked.requestId(), PermissionAnswer.deny("not on a Friday"), "test");

        assertThat(end(turn).text()).contains("not on a Friday");
        assertThat(first(records, AgentEvent.ToolCompleted.class).isError()).isTrue();
        assertThat(rig.file("denied")).doesNotExist();
    }

    @Test
    void aDenialMayEndTheTurn() {
        Session session = rig.open(engine, "deny-end");
        List<EventRecord> records = read(session);
        Turn turn = session.submit(Prompt.of("TOOL bash touch denied"));
        AgentEvent.PermissionRequested asked = first(records, AgentEvent.PermissionRequested.class);

        session.answer(asked.requestId(), new PermissionAnswer.Deny("", true), "test");

        assertThat(end(turn).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
        assertThat(run(session, "SAY 1").text()).isEqualTo("w1 ");
        assertThat(rig.file("denied")).doesNotExist();
    }

    @Test
    void aPermissionForTheSessionHoldsInThisSessionOnly() {
        Session session = rig.open(engine, "always");
        List<EventRecord> records = read(session);
        Turn turn = session.submit(Prompt.of("TOOL bash echo one"));
        AgentEvent.PermissionRequested asked = first(records, AgentEvent.PermissionRequested.class);
        session.answer(asked.requestId(), new PermissionAnswer.Allow(PermissionAnswer.Scope.SESSION, null), "test");
        end(turn);

        assertThat(run(session, "TOOL bash echo one").text()).contains("one");

        assertThat(only(records, AgentEvent.PermissionResolved.class))
                .extracting(AgentEvent.PermissionResolved::by)
                .containsExactly("test", "session");
        Session other = rig.open(engine, "always-other");
        List<EventRecord> others = read(other);
        Turn asks = other.submit(Prompt.of("TOOL bash echo one"));
        AgentEvent.PermissionRequested again = first(others, AgentEvent.PermissionRequested.class);
        other.answer(again.requestId(), PermissionAnswer.allow(), "test");
        assertThat(end(asks).text()).contains("one");
    }

    @Test
    void toolsThatAreAllowedRunUnaskedAndThoseThatAreDeniedNever() {
        Session session = engine.open(rig.spec("rules")
                .tools(new ToolRules(null, List.of("bash(echo *)"), List.of("webfetch")))
                .build());
        List<EventRecord> records = read(session);

        assertThat(run(session, "TOOL bash echo unasked").text()).contains("unasked");

        assertThat(only(records, AgentEvent.PermissionRequested.class)).isEmpty();
        assertThat(rig.model.requests().stream()
                        .filter(request -> request.prompt().contains("echo unasked"))
                        .flatMap(request -> request.tools().stream()))
                .contains("bash")
                .doesNotContain("webfetch");
    }

    @Test
    void aQuestionIsAnswered() {
        Session session = rig.open(engine, "question");
        List<EventRecord> records = read(session);
        Turn turn = session.submit(
                Prompt.of(
                        "TOOL question {\"questions\":[{\"question\":\"Which?\",\"header\":\"Pick\",\"options\":"
                                + "[{\"label\":\"A\",\"description\":\"first\"},{\"label\":\"B\",\"description\":\"second\"}]}]}"));
        AgentEvent.QuestionAsked asked = first(records, AgentEvent.QuestionAsked.class);

        session.answerQuestion(asked.requestId(), Map.of("Which?", List.of("B")), "test");

        assertThat(end(turn).text()).contains("B");
        assertThat(asked.questions()).singleElement().satisfies(question -> {
            assertThat(question.header()).isEqualTo("Pick");
            assertThat(question.options()).extracting(AgentEvent.Option::label).containsExactly("A", "B");
        });
    }

    @Test
    void aTurnIsInterruptedWithItsToolAndTheNextOneRuns() {
        Session session = rig.open(engine, "interrupt");
        List<EventRecord> records = read(session);
        Turn turn = session.submit(Prompt.of("TOOL bash touch running; exec sleep 603"));
        AgentEvent.PermissionRequested asked = first(records, AgentEvent.PermissionRequested.class);
        session.answer(asked.requestId(), PermissionAnswer.allow(), "test");
        until("the tool runs", () -> Files.exists(rig.file("running")));

        turn.cancel();

        assertThat(end(turn).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
        assertThat(first(records, AgentEvent.ToolCompleted.class).toolId()).isEqualTo(asked.toolId());
        assertThat(run(session, "SAY 2").text()).isEqualTo("w1 w2 ");
        assertThat(session.info().generation()).isEqualTo(1);
        until(
                "the tool's process is gone",
                () -> ProcessHandle.allProcesses()
                        .noneMatch(process ->
                                process.info().commandLine().orElse("").contains("sleep 603")));
    }

    @Test
    void anInterruptBeforeTheModelWasAskedCountsAsWell() {
        Session session = rig.open(engine, "early");
        run(session, "SAY 1");
        Turn turn = session.submit(Prompt.of("SAY 2000 PACE 20"));

        turn.cancel();

        assertThat(end(turn).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
        assertThat(run(session, "SAY 2").text()).isEqualTo("w1 w2 ");
        assertThat(session.info().generation()).isEqualTo(1);
    }

    @Test
    void aRequestForPermissionIsWithdrawnWhenItsTurnIsInterrupted() {
        Session session = rig.open(engine, "withdrawn");
        List<EventRecord> records = read(session);
        Turn turn = session.submit(Prompt.of("TOOL bash touch never"));
        AgentEvent.PermissionRequested asked = first(records, AgentEvent.PermissionRequested.class);

        turn.cancel();

        assertThat(end(turn).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
        assertThat(first(records, AgentEvent.PermissionResolved.class).resolution())
                .isEqualTo(AgentEvent.Resolution.WITHDRAWN);
        assertThatThrownBy(() -> session.answer(asked.requestId(), PermissionAnswer.allow(), "test"))
                .hasMessageContaining(asked.requestId());
    }

    @Test
    void anErrorOfTheVendorHasACodeAndTheNextTurnRuns() {
        Session session = rig.open(engine, "error");

        TurnResult failed = run(session, "ERROR 400");

        assertThat(failed.code()).isEqualTo(ErrorCode.VENDOR_REJECTED);
        assertThat(((AgentEvent.TurnFailed) failed.end()).message()).contains("scripted 400");
        assertThat(run(session, "ERROR 401").code()).isEqualTo(ErrorCode.AUTHENTICATION_FAILED);
        assertThat(run(session, "SAY 1").text()).isEqualTo("w1 ");
    }

    @Test
    void aRequestThatIsTriedAgainIsToldOf() {
        Session session = rig.open(engine, "retry");
        List<EventRecord> records = read(session);

        assertThat(run(session, "ERROR 500 1 RETRYAFTER 1 SAY 2").text()).isEqualTo("w1 w2 ");

        assertThat(first(records, AgentEvent.Retrying.class).attempt()).isEqualTo(1);
    }

    @Test
    void aModelThatIsNotThereFailsItsTurnAndPoisonsNothing() {
        Session session = engine.open(rig.spec("model").model("nope/none").build());

        TurnResult failed = run(session, "SAY 1");
        assertThat(failed.code()).isEqualTo(ErrorCode.MODEL_NOT_FOUND);

        assertThatThrownBy(() ->
                        session.setModel("fake/none").toCompletableFuture().join())
                .hasMessageContaining("fake/none");
        session.setModel("fake-1").toCompletableFuture().join();
        assertThat(run(session, "SAY 1").text()).isEqualTo("w1 ");
    }

    @Test
    void reasoningComesApartFromTheAnswer() {
        Session session = rig.open(engine, "reasoning");
        List<EventRecord> records = read(session);

        TurnResult result = run(session, "THINK 2 SAY 2");

        assertThat(result.text()).isEqualTo("w1 w2 ");
        assertThat(only(records, AgentEvent.ThinkingDelta.class).stream()
                        .map(AgentEvent.ThinkingDelta::text)
                        .collect(Collectors.joining()))
                .isEqualTo("think1 think2 ");
        assertThat(first(records, AgentEvent.Thinking.class).text()).isEqualTo("think1 think2 ");
    }

    @Test
    void aSubagentSpeaksAndAsksThroughItsParentsSession() {
        Session session = rig.open(engine, "subagent");
        List<EventRecord> records = read(session);
        Turn turn = session.submit(Prompt.of("TOOL task {\"description\":\"sub\",\"prompt\":\"TOOL bash echo below\","
                + "\"subagent_type\":\"general\"}"));
        AgentEvent.PermissionRequested asked = first(records, AgentEvent.PermissionRequested.class);

        session.answer(asked.requestId(), PermissionAnswer.allow(), "test");

        TurnResult result = end(turn);
        assertThat(result.text()).contains("below");
        AgentEvent.ToolStarted task =
                first(records, AgentEvent.ToolStarted.class, tool -> tool.name().equals("task"));
        AgentEvent.ToolStarted bash =
                first(records, AgentEvent.ToolStarted.class, tool -> tool.name().equals("bash"));
        assertThat(task.parentToolId()).isNull();
        assertThat(bash.parentToolId()).isEqualTo(task.toolId());
        assertThat(only(records, AgentEvent.Text.class))
                .anySatisfy(text -> assertThat(text.parentToolId()).isEqualTo(task.toolId()));
        TokenUsage sum = only(records, AgentEvent.Usage.class).stream()
                .map(AgentEvent.Usage::tokens)
                .reduce(TokenUsage.ZERO, TokenUsage::plus);
        assertThat(((AgentEvent.TurnCompleted) result.end()).usage()).isEqualTo(sum);
        assertThat(only(records, AgentEvent.Usage.class)).hasSize(4);
    }

    @Test
    void attachmentsReachTheModel() {
        Session session = rig.open(engine, "attachment");
        byte[] png = Base64.getDecoder()
                .decode(
                        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");

        TurnResult image = end(session.submit(Prompt.builder("look")
                .attach(new Attachment("a.png", "image/png", png))
                .build()));
        TurnResult note = end(session.submit(Prompt.builder("read")
                .instructions("be brief")
                .attach(new Attachment("note.txt", "text/plain", "zanzibar".getBytes(StandardCharsets.UTF_8)))
                .build()));

        assertThat(image.text()).isEqualTo("Echo: look [1 image(s)]");
        assertThat(note.text()).contains("read");
        assertThat(rig.lastBody()).contains("zanzibar").contains("be brief");
    }

    @Test
    void sessionsOfTwoDirectoriesWorkAtTheSameTime() {
        Path elsewhere = OpenCodeRig.directory(directory, "elsewhere");
        Session here = rig.open(engine, "here");
        Session there = engine.open(rig.spec("there").workDir(elsewhere).build());
        List<EventRecord> one = read(here);
        List<EventRecord> two = read(there);
        Turn first = here.submit(Prompt.of("TOOL bash pwd"));
        Turn second = there.submit(Prompt.of("TOOL bash pwd"));
        AgentEvent.PermissionRequested askedHere = first(one, AgentEvent.PermissionRequested.class);
        AgentEvent.PermissionRequested askedThere = first(two, AgentEvent.PermissionRequested.class);

        there.answer(askedThere.requestId(), PermissionAnswer.allow(), "test");
        here.answer(askedHere.requestId(), PermissionAnswer.allow(), "test");

        assertThat(end(second).text()).contains(elsewhere.toString());
        assertThat(end(first).text()).contains(rig.work.toString());
        assertThat(pid(here)).isEqualTo(pid(there));
        assertThat(only(one, AgentEvent.ToolStarted.class)).hasSize(1);
    }

    @Test
    void aConversationIsBranched() {
        Session session = rig.open(engine, "origin");
        run(session, "remember zanzibar");

        Session branch = engine.open(rig.spec("branch")
                .forkAgentSession(session.info().agentSessionId())
                .build());
        run(branch, "SAY 1");

        assertThat(rig.lastBody()).contains("remember zanzibar");
        assertThat(branch.info().agentSessionId())
                .startsWith("ses_")
                .isNotEqualTo(session.info().agentSessionId());
    }

    @Test
    void aConversationOfAnotherDirectoryIsRefused() {
        Session session = rig.open(engine, "mine");
        run(session, "SAY 1");
        Path foreign = OpenCodeRig.directory(directory, "foreign");

        Session stolen = engine.open(rig.spec("stolen")
                .workDir(foreign)
                .resumeAgentSession(session.info().agentSessionId())
                .build());
        session.close().toCompletableFuture().join();

        assertThat(run(stolen, "SAY 1").code()).isEqualTo(ErrorCode.WORK_DIR_FORBIDDEN);
    }

    @Test
    void twoThousandPiecesComeWhole() {
        Session session = rig.open(engine, "burst");
        List<EventRecord> records = read(session);

        TurnResult result = run(session, "SAY 2000");

        assertThat(result.text()).endsWith("w1999 w2000 ");
        until(
                "the end is read",
                () -> !only(records, AgentEvent.TurnCompleted.class).isEmpty());
        assertThat(only(records, AgentEvent.TextDelta.class).stream()
                        .map(AgentEvent.TextDelta::text)
                        .collect(Collectors.joining()))
                .isEqualTo(result.text());
    }
}
