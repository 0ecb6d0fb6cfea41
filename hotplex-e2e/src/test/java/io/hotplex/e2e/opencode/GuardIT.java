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
import io.hotplex.e2e.Notes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * No tool call of a real OpenCode runs without a decision, also where it would not ask. All sessions share one process;
 * what differs in OpenCode's configuration is in their work directories.
 */
class GuardIT {
    /** Brings an MCP server, and a model to which OpenCode offers {@code apply_patch}: by such an id. */
    private static final String EXTENDED = """
            {
              "mcp": { "notes": { "type": "local", "command": ["node", "%s"], "timeout": 30000 } },
              "provider": { "fake": { "models": {
                "gpt-fake": { "tool_call": true, "limit": { "context": 128000, "output": 8192 } } } } }
            }
            """;

    private static final String ASLEEP = "TOOL bash true";

    @TempDir
    static Path directory;

    private static OpenCodeRig rig;
    private static Engine engine;

    @BeforeAll
    static void start() {
        rig = new OpenCodeRig(directory);
        engine = rig.engine(
                "guard",
                "required",
                "guard-rules",
                Notes.rules(directory).toString(),
                "provider.allow-permission-bypass",
                "true",
                "provider.environment.OPENCODE_DISABLE_PROJECT_CONFIG",
                "0");
    }

    @AfterAll
    static void nothingIsLeft() {
        rig.close();
    }

    private static Path configured(String name, String configuration) throws IOException {
        Path work = OpenCodeRig.directory(directory, name);
        Files.writeString(work.resolve("opencode.json"), configuration);
        return work;
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
    void eachFileOfAPatchIsDecidedOn() throws IOException {
        Path work = configured("patched", EXTENDED.formatted(Notes.program()));
        Session session = engine.open(rig.spec("patch")
                .workDir(work)
                .model("fake/gpt-fake")
                .permissionMode("allow")
                .build());
        List<EventRecord> records = read(session);
        Files.createDirectory(work.resolve("frozen"));
        for (String file : List.of("frozen/old", "old", "gone")) {
            Files.writeString(work.resolve(file), "one\n");
        }

        for (String[] denied : new String[][] {
            {"Add File: frozen/new", "+two"},
            {"Update File: frozen/old", "@@", "-one", "+two"},
            {"Delete File: frozen/old"},
            {"Update File: old", "*** Move to: frozen/new", "@@", "-one", "+two"},
            {"Update File: frozen/old", "*** Move to: moved", "@@", "-one", "+two"},
            {"Add File: /etc/hotplex-e2e", "+two"},
        }) {
            assertThat(run(session, patch("Add File: beside", "+two", "*** " + String.join("\\n", denied)))
                            .completed())
                    .isTrue();
        }

        assertThat(only(records, AgentEvent.ToolDenied.class))
                .extracting(denied -> denied.toolName() + " " + denied.finding().ruleId())
                .containsExactly(
                        "apply_patch frozen",
                        "apply_patch frozen",
                        "apply_patch frozen",
                        "apply_patch frozen",
                        "apply_patch frozen",
                        "apply_patch file-system-write");
        assertThat(work.resolve("beside")).doesNotExist();
        assertThat(work.resolve("frozen")).isDirectoryContaining("glob:**/old").isDirectoryNotContaining("glob:**/new");
        assertThat(work.resolve("frozen/old")).hasContent("one");
        assertThat(Path.of("/etc/hotplex-e2e")).doesNotExist();
        run(
                session,
                patch(
                        "Add File: beside",
                        "+two",
                        "*** Delete File: gone",
                        "*** Update File: old",
                        "*** Move to: moved"));
        assertThat(work.resolve("beside")).hasContent("two");
        assertThat(work.resolve("moved")).hasContent("one");
        assertThat(List.of(work.resolve("gone"), work.resolve("old"))).noneMatch(Files::exists);
        assertThat(only(records, AgentEvent.PermissionRequested.class)).isEmpty();
    }

    private static String patch(String... lines) {
        return "TOOL apply_patch {\"patchText\":\"*** Begin Patch\\n*** " + String.join("\\n", lines)
                + "\\n*** End Patch\"}";
    }

    @Test
    void aToolOfAnMcpServerIsDecidedOnByItsName() throws IOException {
        Path work = configured("served", EXTENDED.formatted(Notes.program()));
        Session session = engine.open(
                rig.spec("mcp").workDir(work).permissionMode("allow").build());
        List<EventRecord> records = read(session);

        TurnResult saved = run(session, "TOOL notes_save {\"path\":\"a\"}");
        TurnResult found = run(session, "TOOL notes_find {\"path\":\"a\"}");

        assertThat(saved.text()).contains("notes are read-only");
        assertThat(found.text()).contains("no a anywhere");
        assertThat(only(records, AgentEvent.ToolDenied.class))
                .singleElement()
                .satisfies(denied -> assertThat(denied.finding().ruleId()).isEqualTo(Notes.NO_SAVING));
        assertThat(only(records, AgentEvent.PermissionRequested.class)).isEmpty();
    }

    @Test
    void aConfigurationThatLetsSomethingRunUnaskedIsRefused() throws IOException {
        Path lenient = configured("lenient", "{\"agent\":{\"build\":{\"permission\":{\"bash\":\"allow\"}}}}");
        Path plugged = OpenCodeRig.directory(directory, "plugged");
        Path tools = Files.createDirectories(
                OfflineOpenCode.configuration(plugged.resolve(".opencode")).resolve("tool"));
        Files.writeString(
                tools.resolve("deploy.js"),
                "export default { description: \"deploys\", args: {}, execute: async () => \"done\" }");

        TurnResult agent = run(engine.open(rig.spec("lenient").workDir(lenient).build()), ASLEEP);
        TurnResult tool = run(engine.open(rig.spec("plugged").workDir(plugged).build()), ASLEEP);

        assertThat(agent.code()).isEqualTo(ErrorCode.AGENT_START_FAILED);
        assertThat(((AgentEvent.TurnFailed) agent.end()).message()).contains("guard", "'build'", "'bash'");
        assertThat(tool.code()).isEqualTo(ErrorCode.AGENT_START_FAILED);
        assertThat(((AgentEvent.TurnFailed) tool.end()).message()).contains("'deploy'", "disallowed-tools");
    }
}
