package io.hotplex.e2e.opencode;

import static io.hotplex.e2e.opencode.OpenCodeRig.end;
import static io.hotplex.e2e.opencode.OpenCodeRig.only;
import static io.hotplex.e2e.opencode.OpenCodeRig.pid;
import static io.hotplex.e2e.opencode.OpenCodeRig.read;
import static io.hotplex.e2e.opencode.OpenCodeRig.run;
import static io.hotplex.e2e.opencode.OpenCodeRig.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.ToolRules;
import io.hotplex.api.Turn;
import io.hotplex.testkit.LeakChecks;
import io.hotplex.testkit.model.FakeModelServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever ends, ends with all that it started: a real OpenCode starts each command of a tool in a session of its own,
 * and none of its own deaths ends those.
 */
class DeathsIT {
    /** A tool that stays, and one more below it that leaves its process group as well. */
    private static final String TOOL = "TOOL bash setsid sleep 601 & touch running; exec sleep 602";

    @TempDir
    Path directory;

    private LeakChecks.Snapshot before;
    private OpenCodeRig rig;

    @BeforeAll
    static void warmUp() throws IOException {
        try (FakeModelServer server = FakeModelServer.start();
                InputStream answer = server.baseUri().toURL().openStream()) {
            answer.readAllBytes();
        }
        WarmHttp.up();
    }

    @BeforeEach
    void setUp() {
        before = LeakChecks.snapshot();
        rig = new OpenCodeRig(directory);
    }

    @AfterEach
    void nothingIsLeft() {
        rig.close();
        before.assertNothingLeft();
    }

    private Session trusting(Engine engine, String id) {
        return engine.open(rig.spec(id)
                .tools(new ToolRules(null, List.of("bash"), List.of()))
                .build());
    }

    /** The commands of {@link #TOOL} that live. */
    private static long sleepers() {
        return ProcessHandle.allProcesses()
                .map(ProcessHandle::info)
                .filter(info -> info.command().orElse("").endsWith("sleep")
                        && info.commandLine().orElse("").matches(".* 60[12]"))
                .count();
    }

    private void untilToolRuns() {
        until("the tool runs", () -> Files.exists(rig.file("running")) && sleepers() == 2);
    }

    @Test
    void endingASessionEndsItsToolAndKillingTheServerEndsTheRest() throws IOException {
        Engine engine = rig.engine();
        Session one = trusting(engine, "one");
        Session two = trusting(engine, "two");
        run(two, "remember zanzibar");
        Turn tool = one.submit(Prompt.of(TOOL));
        untilToolRuns();

        one.close().toCompletableFuture().join();

        assertThat(end(tool).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
        until("the tool is gone", () -> sleepers() <= 1); // what left it goes with the server
        long pid = pid(two);
        assertThat(run(two, "SAY 1").text()).isEqualTo("w1 ");
        assertThat(pid(two)).isEqualTo(pid);

        Files.delete(rig.file("running"));
        Turn killed = two.submit(Prompt.of(TOOL));
        until("the tool runs", () -> Files.exists(rig.file("running")) && sleepers() >= 2);
        List<EventRecord> records = read(two);
        ProcessHandle.of(pid).orElseThrow().destroyForcibly();

        assertThat(end(killed).code()).isEqualTo(ErrorCode.AGENT_CRASHED);
        assertThat(sleepers()).isZero();
        assertThat(run(two, "SAY 2").text()).isEqualTo("w1 w2 ");
        assertThat(rig.lastBody()).contains("remember zanzibar");
        assertThat(only(records, AgentEvent.SessionResumed.class)).hasSize(1);
        assertThat(only(records, AgentEvent.ProcessExited.class).get(0).signal())
                .isEqualTo(9);
    }

    @Test
    void aReplacedServerIsNoticedByNobodyAndAClosedEngineEndsItsTools() {
        Engine engine = rig.engine("provider.recycle-turns", "1");
        Session session = trusting(engine, "one");
        List<EventRecord> records = read(session);
        run(session, "remember zanzibar");
        until(
                "the first server is gone",
                () -> !only(records, AgentEvent.ProcessExited.class).isEmpty());

        Turn tool = session.submit(Prompt.of(TOOL));
        untilToolRuns();
        engine.close();

        assertThat(end(tool).completed()).isFalse();
        assertThat(rig.lastBody()).contains("remember zanzibar");
        assertThat(only(records, AgentEvent.ProcessExited.class).get(0).expected())
                .isTrue();
        assertThat(rig.processes()).isEmpty();
        assertThat(sleepers()).isZero();
    }

    @Test
    void aServerOfItsOwnEndsWithItsSession() {
        Engine engine = rig.engine("provider.process", "per-session");
        Session one = trusting(engine, "one");
        Session two = trusting(engine, "two");
        Turn tool = one.submit(Prompt.of(TOOL));
        run(two, "SAY 1");
        untilToolRuns();
        assertThat(pid(one)).isNotEqualTo(pid(two));

        one.close().toCompletableFuture().join();

        assertThat(end(tool).completed()).isFalse();
        assertThat(sleepers()).isZero();
        assertThat(run(two, "SAY 2").text()).isEqualTo("w1 w2 ");
    }

    @Test
    void aKilledEngineLeavesNoProcess() throws Exception {
        Process engine = rig.otherJvm(TOOL);
        try {
            untilToolRuns();
        } finally {
            engine.destroyForcibly().waitFor();
        }

        until("every process is gone", () -> rig.processes().isEmpty());
        assertThat(sleepers()).isZero();
    }
}
