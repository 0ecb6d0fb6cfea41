package io.hotplex.e2e.opencode;

import static io.hotplex.e2e.opencode.OpenCodeRig.end;
import static io.hotplex.e2e.opencode.OpenCodeRig.first;
import static io.hotplex.e2e.opencode.OpenCodeRig.only;
import static io.hotplex.e2e.opencode.OpenCodeRig.read;
import static io.hotplex.e2e.opencode.OpenCodeRig.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.GuardFinding;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** No tool call of a real OpenCode runs without a decision, also where it would not ask. */
class GuardIT {
    private static final String ASLEEP = "TOOL bash true";

    @TempDir
    static Path directory;

    private static OpenCodeRig rig;
    private static Engine engine;

    @BeforeAll
    static void start() {
        rig = new OpenCodeRig(directory);
        engine = rig.engine("guard", "required", "provider.allow-permission-bypass", "true");
    }

    @AfterAll
    static void nothingIsLeft() {
        rig.close();
    }

    private static Session session(String id, String mode) {
        return engine.open(rig.spec(id).permissionMode(mode).build());
    }

    @Test
    void aDeniedCallDoesNotRunAlsoInTheModeThatAsksNothing() {
        Session session = session("denied", "allow");
        List<EventRecord> records = read(session);

        TurnResult plain = run(session, "TOOL bash touch plain; cat /etc/shadow");
        TurnResult wrapped = run(session, "TOOL bash sh -c 'touch wrapped; rm -rf /usr/../etc/hotplex-none'");
        TurnResult written = run(session, "TOOL write {\"filePath\":\"/etc/hotplex-e2e\",\"content\":\"x\"}");
        TurnResult redirected = run(session, "TOOL bash > /etc/hotplex-e2e");

        assertThat(List.of(plain, wrapped, written, redirected)).allMatch(TurnResult::completed);
        assertThat(plain.text()).contains("reads keys or credentials");
        assertThat(rig.file("plain")).doesNotExist();
        assertThat(rig.file("wrapped")).doesNotExist();
        assertThat(Path.of("/etc/hotplex-e2e")).doesNotExist();
        assertThat(only(records, AgentEvent.ToolDenied.class))
                .extracting(denied -> denied.finding().ruleId())
                .contains("read-secret", "delete-system", "file-system-write");
        assertThat(only(records, AgentEvent.PermissionRequested.class)).isEmpty();
    }

    @Test
    void whatASubagentCallsIsDecidedAsWell() {
        Session session = session("subagent", "allow");
        List<EventRecord> records = read(session);

        TurnResult result = run(
                session,
                "TOOL task {\"description\":\"sub\",\"prompt\":\"TOOL bash touch below; cat /etc/shadow\","
                        + "\"subagent_type\":\"general\"}");

        assertThat(result.completed()).isTrue();
        assertThat(rig.file("below")).doesNotExist();
        AgentEvent.ToolDenied denied = first(records, AgentEvent.ToolDenied.class);
        assertThat(denied.toolName()).isEqualTo("bash");
        assertThat(denied.finding().ruleId()).isEqualTo("read-secret");
    }

    @Test
    void anAskedCallWaitsForAPersonAlsoInTheModeThatAsksNothing() {
        Session session = session("asked", "allow");
        List<EventRecord> records = read(session);
        Turn denied = session.submit(Prompt.of("TOOL bash touch one && git push --force"));
        AgentEvent.PermissionRequested request = first(records, AgentEvent.PermissionRequested.class);
        assertThat(request.finding()).extracting(GuardFinding::ruleId).isEqualTo("git-force-push");
        session.answer(request.requestId(), PermissionAnswer.deny("not today"), "test");
        assertThat(end(denied).text()).contains("not today");
        assertThat(rig.file("one")).doesNotExist();

        Turn allowed = session.submit(Prompt.of("TOOL bash touch two && git push --force"));
        AgentEvent.PermissionRequested second = first(
                records,
                AgentEvent.PermissionRequested.class,
                p -> !p.requestId().equals(request.requestId()));
        session.answer(second.requestId(), PermissionAnswer.allow(), "test");
        assertThat(end(allowed).completed()).isTrue();
        assertThat(rig.file("two")).exists();
    }

    @Test
    void whatNobodyHasAnythingAgainstRunsWithoutAQuestionWhereTheModeAllowsIt() throws IOException {
        Session session = session("unasked", "allow");
        List<EventRecord> records = read(session);
        Files.writeString(rig.file("note"), "zanzibar");

        assertThat(run(session, "TOOL bash touch made").completed()).isTrue();
        assertThat(run(session, "TOOL read {\"filePath\":\"" + rig.file("note") + "\"}")
                        .text())
                .contains("zanzibar");

        assertThat(rig.file("made")).exists();
        assertThat(only(records, AgentEvent.PermissionRequested.class)).isEmpty();
    }

    @Test
    void aCommandInWhichOpenCodeFindsNoProgramIsAskedAbout() {
        Session session = session("no-program", "ask");
        List<EventRecord> records = read(session);
        for (String command : List.of("> emptied", "declare -i x='a[$(touch ran)]'")) {
            Turn turn = session.submit(Prompt.of("TOOL bash " + command));
            AgentEvent.PermissionRequested request = first(
                    records,
                    AgentEvent.PermissionRequested.class,
                    p -> String.valueOf(p.input().get("command")).contains(command));
            session.answer(request.requestId(), PermissionAnswer.deny("no"), "test");
            assertThat(end(turn).completed()).isTrue();
        }

        assertThat(rig.file("emptied")).doesNotExist();
        assertThat(rig.file("ran")).doesNotExist();
    }

    @Test
    void aConfigurationThatLetsSomethingRunUnaskedIsRefused() throws IOException {
        Engine lenient = rig.engine(
                "state-directory",
                directory.resolve("lenient").toString(),
                "provider.environment.OPENCODE_CONFIG_CONTENT",
                "{\"agent\":{\"build\":{\"permission\":{\"bash\":\"allow\"}}}}");
        TurnResult agents = run(rig.open(lenient, "lenient"), ASLEEP);
        Path config = directory.resolve("plugged");
        Files.createDirectories(config.resolve("tool"));
        Files.writeString(
                config.resolve("tool/deploy.js"),
                "export default { description: \"deploys\", args: {}, execute: async () => \"done\" }");
        Engine plugged = rig.engine(
                "state-directory",
                directory.resolve("state-of-plugged").toString(),
                "provider.environment.OPENCODE_CONFIG_DIR",
                config.toString());
        TurnResult tools = run(rig.open(plugged, "plugged"), ASLEEP);

        assertThat(agents.code()).isEqualTo(ErrorCode.AGENT_START_FAILED);
        assertThat(((AgentEvent.TurnFailed) agents.end()).message()).contains("guard", "'build'", "'bash'");
        assertThat(tools.code()).isEqualTo(ErrorCode.AGENT_START_FAILED);
        assertThat(((AgentEvent.TurnFailed) tools.end()).message()).contains("'deploy'", "disallowed-tools");
    }
}
