package io.hotplex.e2e.claude;

import static io.hotplex.e2e.claude.ClaudeRig.end;
import static io.hotplex.e2e.claude.ClaudeRig.first;
import static io.hotplex.e2e.claude.ClaudeRig.only;
import static io.hotplex.e2e.claude.ClaudeRig.read;
import static io.hotplex.e2e.claude.ClaudeRig.run;
import static io.hotplex.e2e.claude.ClaudeRig.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Approver;
import io.hotplex.api.EventRecord;
import io.hotplex.api.GuardFinding;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnResult;
import io.hotplex.e2e.Notes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** No tool call of a real agent runs without a decision, also in the modes that skip asking. */
class GuardIT extends RealClaude {
    /** As root, Claude skips asking only where it is told that it is in a sandbox. */
    private static final Map<String, String> MAY_SKIP =
            Map.of("allow-permission-bypass", "true", "environment.IS_SANDBOX", "1");

    private static final List<String> MODES = List.of("default", "acceptEdits", "bypassPermissions", "dontAsk");
    /** Of the older version: one that asks, and the one that asks least. */
    private static final List<String> OLDER_MODES = List.of("default", "bypassPermissions");

    private static final Path OUTSIDE = Path.of("/hotplex-e2e-outside");

    GuardIT(ClaudeVersion version) {
        super(version);
    }

    private List<String> modes() {
        return version == ClaudeVersion.V2_1_330 ? MODES : OLDER_MODES;
    }

    private Session session(String mode, String... settings) {
        return rig.engine(MAY_SKIP, settings)
                .open(rig.spec("s-" + mode).permissionMode(mode).build());
    }

    @Test
    void aDeniedCallRunsInNoMode() {
        for (String mode : modes()) {
            Session session = session(mode);
            List<EventRecord> records = read(session);

            TurnResult plain = run(session, "TOOL Bash touch plain; cat /etc/shadow");
            TurnResult wrapped = run(session, "TOOL Bash sh -c 'touch wrapped; rm -rf /usr/../etc/hotplex-none'");
            TurnResult written = run(session, "TOOL Write {\"file_path\":\"/etc/hotplex-e2e\",\"content\":\"x\"}");

            assertThat(List.of(plain, wrapped, written)).as(mode).allMatch(TurnResult::completed);
            assertThat(plain.text()).as(mode).contains("reads keys or credentials");
            assertThat(rig.file("plain")).doesNotExist();
            assertThat(rig.file("wrapped")).doesNotExist();
            assertThat(Path.of("/etc/hotplex-e2e")).doesNotExist();
            assertThat(only(records, AgentEvent.ToolDenied.class))
                    .as(mode)
                    .extracting(denied -> denied.finding().ruleId())
                    .containsExactly("read-secret", "delete-system", "file-system-write");
            session.close().toCompletableFuture().join();
        }
    }

    @Test
    void anAskedCallWaitsForAPersonInEveryMode() {
        for (String mode : modes()) {
            Session session = session(mode);
            List<EventRecord> records = read(session);
            Turn denied = session.submit(Prompt.of("TOOL Bash touch " + mode + "-1 && git push --force"));
            AgentEvent.PermissionRequested request = first(records, AgentEvent.PermissionRequested.class);
            assertThat(request.finding()).extracting(GuardFinding::ruleId).isEqualTo("git-force-push");
            session.answer(request.requestId(), PermissionAnswer.deny("not today"), "test");
            assertThat(end(denied).completed()).isTrue();
            assertThat(rig.file(mode + "-1")).doesNotExist();

            Turn allowed = session.submit(Prompt.of("TOOL Bash touch " + mode + "-2 && git push --force"));
            AgentEvent.PermissionRequested second = first(
                    records,
                    AgentEvent.PermissionRequested.class,
                    p -> !p.requestId().equals(request.requestId()));
            session.answer(second.requestId(), PermissionAnswer.allow(), new Approver("alice", "slack", "local"));
            assertThat(end(allowed).completed()).isTrue();
            assertThat(rig.file(mode + "-2")).exists();
            AgentEvent.PermissionResolved resolved = first(
                    records,
                    AgentEvent.PermissionResolved.class,
                    p -> p.requestId().equals(second.requestId()));
            assertThat(resolved.by()).isEqualTo("slack:alice");
            assertThat(resolved.ruleId()).isEqualTo("git-force-push");
            session.close().toCompletableFuture().join();
        }
    }

    @Test
    void aFileOutsideOfTheRootsIsNotWritten() throws IOException {
        Files.createSymbolicLink(rig.file("out"), Path.of("/"));
        Session session = session("bypassPermissions", "guard-outside-writes", "deny");

        run(session, "TOOL Bash touch " + OUTSIDE);
        run(session, "TOOL Write {\"file_path\":\"" + OUTSIDE + "\",\"content\":\"x\"}");
        run(session, "TOOL Bash sh -c 'cd out && touch hotplex-e2e-outside'");

        assertThat(Files.exists(OUTSIDE)).isFalse();
    }

    @Test
    void whatTheRulesHaveNothingAgainstRunsWithoutAQuestionWhereTheModeSkipsThem() {
        Session session = session("bypassPermissions");
        List<EventRecord> records = read(session);

        assertThat(run(session, "TOOL Bash touch made").completed()).isTrue();

        assertThat(rig.file("made")).exists();
        assertThat(only(records, AgentEvent.PermissionRequested.class)).isEmpty();
    }

    @Test
    void aToolOfAnMcpServerIsDecidedOnByItsName() {
        Map<String, String> settings = new HashMap<>(MAY_SKIP);
        // so that the tools are there, and shown to the model, with the first prompt
        settings.put("environment.MCP_CONNECTION_NONBLOCKING", "false");
        settings.put("environment.ENABLE_TOOL_SEARCH", "false");
        settings.put(
                "mcp-config",
                "{\"mcpServers\":{\"notes\":{\"command\":\"node\",\"args\":[\"" + Notes.program() + "\"]}}}");
        Session session = rig.engine(
                        settings, "guard-rules", Notes.rules(rig.home).toString())
                .open(rig.spec("mcp").permissionMode("bypassPermissions").build());
        List<EventRecord> records = read(session);

        TurnResult saved = run(session, "TOOL mcp__notes__save {\"path\":\"a\"}");
        TurnResult found = run(session, "TOOL mcp__notes__find {\"path\":\"a\"}");

        assertThat(saved.text()).contains("notes are read-only");
        assertThat(found.text()).contains("no a anywhere");
        assertThat(only(records, AgentEvent.ToolDenied.class))
                .singleElement()
                .satisfies(denied -> assertThat(denied.finding().ruleId()).isEqualTo(Notes.NO_SAVING));
        assertThat(only(records, AgentEvent.PermissionRequested.class)).isEmpty();
    }

    @Test
    void anAnswerMayComeAfterEverybodyWentAwayAndCameBack() {
        Session session = session("bypassPermissions");
        Turn turn = session.submit(Prompt.of("TOOL Bash touch made && git push --force"));
        until("it is asked", () -> !session.pendingRequests().isEmpty());

        List<EventRecord> later = read(session);
        AgentEvent.PermissionRequested request = first(later, AgentEvent.PermissionRequested.class);
        assertThat(session.pendingRequests()).containsExactly(request);
        session.answer(request.requestId(), PermissionAnswer.allow(), "test");

        assertThat(end(turn).completed()).isTrue();
        assertThat(rig.file("made")).exists();
    }
}
