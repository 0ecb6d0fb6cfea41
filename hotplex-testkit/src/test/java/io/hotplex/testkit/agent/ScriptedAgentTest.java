package io.hotplex.testkit.agent;

import static io.hotplex.testkit.agent.AgentDriver.delta;
import static io.hotplex.testkit.agent.AgentDriver.type;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.hotplex.testkit.LeakChecks;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class ScriptedAgentTest {
    @TempDir
    Path state;

    @Test
    void doesWhatThePromptSays() throws Exception {
        try (AgentDriver agent = start(Fault.NONE, FaultPoint.STARTING)) {
            assertThat(text(agent.ask("just words"))).isEqualTo("Echo: just words");
            assertThat(text(agent.ask("SAY 3"))).isEqualTo("w1 w2 w3 ");
            assertThat(text(agent.ask("BIG 100000"))).hasSize(100_000);
            assertThat(text(agent.ask("PID")))
                    .isEqualTo(Long.toString(agent.process().pid()));
            assertThat(text(agent.ask("CWD"))).isEqualTo(state.toRealPath().toString());
            assertThat(text(agent.ask("ENV NO_SUCH_VARIABLE"))).isEqualTo("(unset)");
            assertThat(text(agent.ask("HISTORY"))).contains("user: SAY 3", "assistant: w1 w2 w3");
            assertThat(text(agent.ask("CLEAR"))).isEqualTo("Cleared.");
            assertThat(text(agent.ask("HISTORY"))).doesNotContain("SAY 3");
            assertThat(agent.ask("ERROR 529").path("api_error_status").asInt()).isEqualTo(529);
        }
    }

    @Test
    void callsToolsAndAsksQuestions() throws Exception {
        try (AgentDriver agent = start(Fault.NONE, FaultPoint.STARTING)) {
            agent.prompt("TOOL Bash ls -l");
            JsonNode permission = agent.await(type("control_request"));
            agent.answer(permission.path("request_id").asText(), Map.of("behavior", "allow"));
            assertThat(text(agent.awaitResult())).isEqualTo("Tool said: Bash ran with {\"command\":\"ls -l\"}");

            agent.prompt("QUESTION Shall I go on?");
            JsonNode question = agent.await(type("control_request"));
            agent.answer(
                    question.path("request_id").asText(),
                    Map.of("behavior", "allow", "updatedInput", Map.of("answers", Map.of("Shall I go on?", "Yes"))));
            assertThat(question.at("/request/tool_name").asText()).isEqualTo("AskUserQuestion");
            assertThat(text(agent.awaitResult())).contains("Yes");
        }
    }

    @Test
    void mergesWhatWaitsIntoOneTurn() throws Exception {
        try (AgentDriver agent = start(Fault.NONE, FaultPoint.STARTING, "--include-partial-messages")) {
            agent.prompt("SAY 20 PACE 20");
            agent.await(delta());
            agent.prompt("second");
            agent.prompt("third");

            assertThat(text(agent.awaitResult())).startsWith("w1 ");
            assertThat(text(agent.awaitResult())).isEqualTo("Echo: second\nthird");
        }
    }

    @ParameterizedTest
    @EnumSource(FaultPoint.class)
    void exitsWhereItWasTold(FaultPoint point) throws Exception {
        try (AgentDriver agent =
                start(ScriptedAgent.command().fault(Fault.EXIT, point).argument("3"))) {
            provoke(agent, point);

            assertThat(agent.awaitExit()).isEqualTo(3);
        }
    }

    @ParameterizedTest
    @EnumSource(FaultPoint.class)
    void diesBySignalWhereItWasTold(FaultPoint point) throws Exception {
        try (AgentDriver agent = start(Fault.SIGNAL, point)) {
            provoke(agent, point);

            assertThat(agent.awaitExit()).isEqualTo(137);
        }
    }

    @ParameterizedTest
    @EnumSource(FaultPoint.class)
    void leavesHalfALine(FaultPoint point) throws Exception {
        try (AgentDriver agent = start(Fault.HALF_LINE_THEN_EXIT, point)) {
            provoke(agent, point);

            assertThat(agent.awaitExit()).isEqualTo(1);
            agent.awaitOutputEnd();
        }
    }

    @ParameterizedTest
    @EnumSource(FaultPoint.class)
    void hangsUntilItIsKilled(FaultPoint point) throws Exception {
        try (AgentDriver agent = start(Fault.HANG, point)) {
            provoke(agent, point);
            agent.endInput();

            assertThat(agent.process().isAlive()).isTrue();
            agent.process().toHandle().destroy();
            assertThat(agent.awaitExit()).isEqualTo(143);
        }
    }

    @ParameterizedTest
    @CsvSource({"STARTING", "HANDSHAKE", "READY", "BUSY"})
    void closesItsOutputAndLivesOn(FaultPoint point) throws Exception {
        try (AgentDriver agent = start(Fault.CLOSE_STDOUT, point)) {
            provoke(agent, point);
            agent.awaitOutputEnd();

            assertThat(agent.process().isAlive()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(FaultPoint.class)
    void closesItsInputAndLivesOn(FaultPoint point) throws Exception {
        try (AgentDriver agent = start(Fault.CLOSE_STDIN, point)) {
            provoke(agent, point);

            await().pollInterval(Duration.ofMillis(10))
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> writeFails(agent));
            assertThat(agent.process().isAlive()).isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "FLOOD_STDOUT,100000",
        "FLOOD_STDERR,100000",
        "BAD_UTF8,",
        "OVERSIZE_LINE,5000000",
        "GARBAGE,",
        "SLOW_START,50",
        "UNASKED_TURNS,2",
        "IGNORE_TERM,"
    })
    void goesOnAfterTheFault(Fault fault, String argument) throws Exception {
        for (FaultPoint point : FaultPoint.values()) {
            ScriptedAgent.Builder command = ScriptedAgent.command().fault(fault, point);
            if (argument != null) {
                command.argument(argument);
            }
            try (AgentDriver agent = start(command)) {
                agent.handshake();

                assertThat(text(agent.ask("SAY 2"))).isEqualTo("w1 w2 ");
                assertThat(text(agent.ask("SAY 3"))).isEqualTo("w1 w2 w3 ");
            }
        }
    }

    @Test
    void ignoresTermAndTheEndOfItsInput() throws Exception {
        try (AgentDriver agent = start(Fault.IGNORE_TERM, FaultPoint.STARTING)) {
            agent.handshake();
            agent.process().toHandle().destroy();
            agent.handshake();
            agent.endInput();

            assertThat(agent.process().isAlive()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"GRANDCHILD", "SETSID_GRANDCHILD"})
    void leavesAnOrphan(Fault fault) throws Exception {
        String marker = "orphan-" + UUID.randomUUID();
        try (AgentDriver agent =
                start(ScriptedAgent.command().fault(fault, FaultPoint.READY).argument(marker))) {
            long pid = agent.process().pid();
            agent.ask("hello");
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> LeakChecks.processesMarked(marker).stream().anyMatch(found -> found != pid));
            agent.kill();

            List<Long> orphans = LeakChecks.processesMarked(marker);
            assertThat(orphans).isNotEmpty().doesNotContain(pid);
            orphans.forEach(orphan -> ProcessHandle.of(orphan).ifPresent(handle -> {
                handle.descendants().forEach(ProcessHandle::destroyForcibly);
                handle.destroyForcibly();
            }));
            LeakChecks.assertNoProcessMarked(marker);
        }
    }

    @Test
    void ignoresInterrupts() throws Exception {
        try (AgentDriver agent = start(Fault.IGNORE_INTERRUPT, FaultPoint.STARTING, "--include-partial-messages")) {
            agent.prompt("SAY 30 PACE 5");
            agent.await(delta());
            agent.control("stop", Map.of("subtype", "interrupt"));

            assertThat(agent.awaitResult().path("subtype").asText()).isEqualTo("success");
        }
    }

    @Test
    void claimsThatSessionsAreTakenOrUnknown() throws Exception {
        String id = UUID.randomUUID().toString();
        try (AgentDriver taken = start(Fault.SESSION_TAKEN, FaultPoint.STARTING, "--session-id", id);
                AgentDriver unknown = start(Fault.RESUME_FAILS, FaultPoint.STARTING, "--resume", id)) {
            assertThat(taken.errorLine()).contains("already in use");
            assertThat(unknown.errorLine()).contains("No conversation found");
        }
    }

    @Test
    void strikesOnlyTheFirstProcesses() throws Exception {
        ScriptedAgent.Builder command =
                ScriptedAgent.command().fault(Fault.EXIT, FaultPoint.STARTING).times(1);
        try (AgentDriver first = start(command)) {
            assertThat(first.awaitExit()).isEqualTo(1);
        }
        try (AgentDriver second = start(command)) {
            assertThat(text(second.ask("SAY 1"))).isEqualTo("w1 ");
        }
    }

    @Test
    void breaksWhenThePromptSaysSo() throws Exception {
        try (AgentDriver agent = start(Fault.NONE, FaultPoint.STARTING)) {
            agent.ask("SAY 1");
            agent.prompt("FAULT exit 7");

            assertThat(agent.awaitExit()).isEqualTo(7);
        }
    }

    @Test
    void neverReads() throws Exception {
        try (AgentDriver agent = start(Fault.NEVER_READ, FaultPoint.READY)) {
            agent.ask("SAY 1");
            agent.endInput();

            assertThat(agent.process().isAlive()).isTrue();
        }
    }

    private static void provoke(AgentDriver agent, FaultPoint point) throws Exception {
        try {
            if (point != FaultPoint.STARTING) {
                agent.control("version", Map.of("subtype", "get_binary_version"));
            }
            if (point == FaultPoint.READY || point == FaultPoint.BUSY) {
                agent.prompt("SAY 3");
            }
            if (point == FaultPoint.READY) {
                agent.awaitResult();
            }
        } catch (IOException e) {
            assertThat(point).as("writing failed: " + e).isIn(FaultPoint.HANDSHAKE, FaultPoint.BUSY);
        }
    }

    private static boolean writeFails(AgentDriver agent) {
        try {
            agent.prompt("anyone there?");
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    private static String text(JsonNode result) {
        return result.path("result").asText();
    }

    private AgentDriver start(Fault fault, FaultPoint point, String... arguments) throws IOException {
        return AgentDriver.start(state, withState(ScriptedAgent.command().fault(fault, point)), withAsk(arguments));
    }

    private AgentDriver start(ScriptedAgent.Builder command) throws IOException {
        return AgentDriver.start(state, withState(command), withAsk());
    }

    private List<String> withState(ScriptedAgent.Builder command) {
        return command.stateDirectory(state).build();
    }

    private static String[] withAsk(String... arguments) {
        List<String> all = new ArrayList<>(List.of("--permission-prompt-tool", "stdio"));
        all.addAll(List.of(arguments));
        return all.toArray(String[]::new);
    }
}
