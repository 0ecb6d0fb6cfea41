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
import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.ProcessState;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Conversations outlive processes and engines. */
class ConversationsIT extends RealClaude {
    private static final String SECRET = "zanzibar";

    ConversationsIT(ClaudeVersion version) {
        super(version);
    }

    @Test
    void aKilledAgentFailsItsTurnAndTheNextOneResumesItsHistory() {
        Session session = rig.open(rig.engine(), "s1");
        List<EventRecord> records = read(session);
        run(session, "remember " + SECRET);
        until("written down", () -> rig.writtenDown(SECRET));
        Turn turn = session.submit(Prompt.of("SAY 5000 PACE 20"));
        first(records, AgentEvent.TextDelta.class, delta -> delta.text().startsWith("w2"));

        ProcessHandle.of(pid(session)).orElseThrow().destroyForcibly();

        assertThat(end(turn).code()).isEqualTo(ErrorCode.AGENT_CRASHED);
        assertThat(run(session, "SAY 2").text().strip()).isEqualTo("w1 w2");
        assertThat(rig.remembers(SECRET)).isTrue();
        assertThat(session.info().generation()).isEqualTo(2);
        assertThat(only(records, AgentEvent.SessionResumed.class)).hasSize(1);
        AgentEvent.ProcessExited exited = first(records, AgentEvent.ProcessExited.class);
        assertThat(exited.expected()).isFalse();
        assertThat(exited.signal()).isEqualTo(9);
    }

    @Test
    void anIdleProcessIsSweptAndTheNextPromptResumes() {
        Session session = rig.open(rig.engine("idle-timeout", "300ms"), "s1");
        List<EventRecord> records = read(session);
        run(session, "remember " + SECRET);
        first(records, AgentEvent.ProcessExited.class);
        until("no process", () -> session.info().state() == ProcessState.NONE);
        assertThat(rig.processes()).isEmpty();

        TurnResult result = run(session, "SAY 2");

        assertThat(result.completed()).isTrue();
        assertThat(rig.remembers(SECRET)).isTrue();
        assertThat(only(records, AgentEvent.SessionResumed.class)).hasSize(1);
        assertThat(first(records, AgentEvent.ProcessExited.class).expected()).isTrue();
    }

    @Test
    void anotherEngineResumesWhatTheFirstBegan() {
        Engine before = rig.engine();
        Session session = rig.open(before, "s1");
        run(session, "remember " + SECRET);
        String agentSession = session.info().agentSessionId();
        before.close();
        Session again = rig.open(rig.engine(), "s1");
        List<EventRecord> records = read(again);

        TurnResult result = run(again, "SAY 2");

        assertThat(result.completed()).isTrue();
        assertThat(again.info().agentSessionId()).isEqualTo(agentSession);
        assertThat(rig.remembers(SECRET)).isTrue();
        first(records, AgentEvent.SessionResumed.class);
        assertThat(only(records, AgentEvent.SessionStarted.class)).isEmpty();
    }

    @Test
    void aConversationThatIsGoneBeginsAnewAndSaysSo() throws IOException {
        Session session = rig.open(rig.engine("idle-timeout", "300ms"), "s1");
        List<EventRecord> records = read(session);
        run(session, "remember " + SECRET);
        String lost = session.info().agentSessionId();
        first(records, AgentEvent.ProcessExited.class);
        deleteConversations();

        TurnResult result = run(session, "SAY 2");

        assertThat(result.text().strip()).isEqualTo("w1 w2");
        AgentEvent.AgentSessionChanged changed = first(records, AgentEvent.AgentSessionChanged.class);
        assertThat(changed.previous()).isEqualTo(lost);
        assertThat(changed.reason()).isEqualTo("resume_failed");
        assertThat(session.info().agentSessionId()).isEqualTo(changed.agentSessionId());
        assertThat(rig.remembers(SECRET)).isFalse();
    }

    private void deleteConversations() throws IOException {
        List<Path> found = rig.conversations();
        assertThat(found).isNotEmpty();
        for (Path file : found) {
            Files.delete(file);
        }
    }

    @Test
    void aForkKnowsTheHistoryAndLeavesTheOriginalAlone() {
        Engine engine = rig.engine();
        Session original = rig.open(engine, "original");
        run(original, "remember " + SECRET);
        Session fork = engine.open(rig.spec("fork")
                .forkAgentSession(original.info().agentSessionId())
                .build());

        assertThat(run(fork, "only the fork hears of mombasa").completed()).isTrue();
        assertThat(rig.remembers(SECRET)).isTrue();
        assertThat(fork.info().agentSessionId()).isNotEqualTo(original.info().agentSessionId());

        assertThat(run(original, "SAY 1").completed()).isTrue();
        assertThat(rig.remembers("mombasa")).isFalse();
        assertThat(rig.remembers(SECRET)).isTrue();
    }

    @Test
    void aClearedConversationIsTheOneThatIsResumed() {
        Session session = rig.open(rig.engine(), "s1");
        List<EventRecord> records = read(session);
        run(session, "remember " + SECRET);
        String before = session.info().agentSessionId();

        assertThat(run(session, "/clear").completed()).isTrue();
        assertThat(run(session, "remember mombasa").completed()).isTrue();
        assertThat(rig.remembers(SECRET)).isFalse();
        AgentEvent.AgentSessionChanged changed = first(records, AgentEvent.AgentSessionChanged.class);
        assertThat(changed.previous()).isEqualTo(before);
        assertThat(changed.reason()).isEqualTo("cleared");
        until("written down", () -> rig.writtenDown("mombasa"));
        ProcessHandle.of(pid(session)).orElseThrow().destroyForcibly();
        first(records, AgentEvent.ProcessExited.class);

        assertThat(run(session, "SAY 1").completed()).isTrue();
        assertThat(rig.remembers("mombasa")).isTrue();
        assertThat(rig.remembers(SECRET)).isFalse();
        assertThat(first(records, AgentEvent.SessionResumed.class).agentSessionId())
                .isEqualTo(changed.agentSessionId());
    }

    @Test
    void aConversationHasOneDriver() {
        Session session = rig.open(rig.engine(), "s1");
        run(session, "SAY 1");
        Session rival = rig.open(rig.engine(), "s1");

        TurnResult refused = run(rival, "SAY 1");

        assertThat(refused.code()).isEqualTo(ErrorCode.SESSION_IN_USE);
        assertThat(run(session, "SAY 2").completed()).isTrue();
        session.close().toCompletableFuture().join();
        assertThat(run(rival, "SAY 2").completed()).as("free again").isTrue();
    }
}
