package io.hotplex.testkit.agent;

import static io.hotplex.testkit.agent.AgentDriver.delta;
import static io.hotplex.testkit.agent.AgentDriver.type;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DemoAgentTest {
    private static final String ID = "6cf2721a-a6da-48cd-8f58-b4b8dea5cc54";

    @TempDir
    Path state;

    @TempDir
    Path work;

    @Test
    void saysWhatItIsAndRepeatsThePrompt() throws Exception {
        try (AgentDriver agent = start("--include-partial-messages", "--session-id", ID)) {
            agent.handshake();
            agent.prompt("How do I sort a list?");

            List<JsonNode> turn = agent.until(type("result"));
            String streamed = turn.stream()
                    .filter(delta())
                    .map(message -> message.at("/event/delta/text").asText())
                    .collect(Collectors.joining());
            JsonNode result = turn.get(turn.size() - 1);

            assertThat(streamed)
                    .contains("demo agent", "no model", "You said: How do I sort a list?", "npm install")
                    .isEqualTo(result.path("result").asText());
            assertThat(turn.stream().filter(delta())).hasSizeGreaterThan(20);
            assertThat(result.path("subtype").asText()).isEqualTo("success");
            assertThat(result.path("session_id").asText()).isEqualTo(ID);
            assertThat(result.path("total_cost_usd").asInt(-1)).isZero();
            assertThat(turn.get(0).path("subtype").asText()).isEqualTo("init");
        }
    }

    @Test
    void exitsWithZeroWhenItsInputEnds() throws Exception {
        try (AgentDriver agent = start()) {
            agent.ask("hello");
            agent.endInput();

            assertThat(agent.awaitExit()).isZero();
        }
    }

    @Test
    void printsAVersion() throws Exception {
        try (AgentDriver agent = start("--version")) {
            assertThat(agent.rawLine()).matches("\\d+\\.\\d+\\.\\d+ .*demo agent.*");
            assertThat(agent.awaitExit()).isZero();
        }
    }

    @Test
    void remembersOverProcesses() throws Exception {
        try (AgentDriver first = start("--session-id", ID)) {
            first.ask("remember that my cat is called Ada");
        }
        try (AgentDriver second = start("--resume=" + ID)) {
            JsonNode result = second.ask("what did I say?");

            assertThat(result.path("result").asText()).contains("my cat is called Ada");
            assertThat(result.path("session_id").asText()).isEqualTo(ID);
        }
    }

    @Test
    void forksIntoASessionOfItsOwn() throws Exception {
        String fork = UUID.randomUUID().toString();
        try (AgentDriver first = start("--session-id", ID)) {
            first.ask("remember the tea");
        }
        try (AgentDriver second = start("--resume", ID, "--fork-session", "--session-id", fork)) {
            JsonNode result = second.ask("what did I say?");

            assertThat(result.path("session_id").asText()).isEqualTo(fork);
            assertThat(result.path("result").asText()).contains("the tea");
        }
    }

    @Test
    void keepsConversationsToTheirOwner() throws Exception {
        Path home = state.resolve("fresh");
        try (AgentDriver agent = AgentDriver.start(
                work, DemoAgent.command(), "--demo-pace-ms=0", "--state-dir=" + home, "--session-id", ID)) {
            agent.ask("hello");
        }

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home)))
                .isEqualTo("rwx------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home.resolve(ID + ".jsonl"))))
                .isEqualTo("rw-------");
    }

    @Test
    void refusesASessionIdThatIsTaken() throws Exception {
        try (AgentDriver first = start("--session-id", ID)) {
            first.ask("hello");
        }
        try (AgentDriver second = start("--session-id", ID)) {
            assertThat(second.errorLine()).isEqualTo("Error: Session ID " + ID + " is already in use.");
            assertThat(second.awaitExit()).isEqualTo(1);
        }
    }

    @Test
    void refusesToResumeWhatItDoesNotKnow() throws Exception {
        try (AgentDriver agent = start("--resume", ID)) {
            JsonNode result = agent.awaitResult();

            assertThat(result.path("errors").path(0).asText())
                    .isEqualTo("No conversation found with session ID: " + ID);
            assertThat(agent.errorLine()).isEqualTo("No conversation found with session ID: " + ID);
            assertThat(agent.awaitExit()).isEqualTo(1);
        }
    }

    @Test
    void stopsInMidStreamWhenInterrupted() throws Exception {
        try (AgentDriver agent = start("--include-partial-messages", "--demo-pace-ms=5000")) {
            agent.prompt("hello");
            agent.await(message -> "requesting".equals(message.path("status").asText()));
            agent.control("stop", Map.of("subtype", "interrupt"));

            List<JsonNode> rest = agent.until(type("result"));

            assertThat(rest.stream().filter(type("control_response"))).hasSize(1);
            assertThat(rest.get(rest.size() - 1).path("subtype").asText()).isEqualTo("error_during_execution");
            assertThat(rest.get(rest.size() - 1).path("terminal_reason").asText())
                    .isEqualTo("aborted_streaming");
        }
    }

    @Test
    void livesOnAfterAnInterrupt() throws Exception {
        try (AgentDriver agent = start("--include-partial-messages", "--demo-pace-ms=20")) {
            agent.prompt("hello " + "word ".repeat(2_000));
            agent.await(delta());
            agent.control("stop", Map.of("subtype", "interrupt"));
            agent.awaitResult();

            assertThat(agent.ask("remember me").path("subtype").asText()).isEqualTo("success");
        }
    }

    @Test
    void thinksWhenAskedTo() throws Exception {
        try (AgentDriver agent = start("--include-partial-messages")) {
            agent.prompt("think about it");

            assertThat(agent.until(type("result")).stream()
                            .map(message -> message.at("/event/delta/type").asText()))
                    .contains("thinking_delta", "text_delta");
        }
    }

    @Test
    void asksBeforeItUsesATool() throws Exception {
        Files.createFile(work.resolve("notes.txt"));
        try (AgentDriver agent = start("--permission-prompt-tool", "stdio")) {
            agent.prompt("use a tool");
            JsonNode question = agent.await(type("control_request"));
            agent.answer(
                    question.path("request_id").asText(),
                    Map.of("behavior", "allow", "updatedInput", Map.of("path", ".")));

            assertThat(question.at("/request/subtype").asText()).isEqualTo("can_use_tool");
            assertThat(agent.awaitResult().path("result").asText()).contains("notes.txt");
        }
    }

    @Test
    void goesOnWithoutTheToolWhenDenied() throws Exception {
        try (AgentDriver agent = start("--permission-prompt-tool", "stdio")) {
            agent.prompt("list files");
            JsonNode question = agent.await(type("control_request"));
            agent.answer(question.path("request_id").asText(), Map.of("behavior", "deny", "message", "not today"));

            JsonNode result = agent.awaitResult();
            assertThat(result.path("result").asText()).contains("not today");
            assertThat(result.path("permission_denials")).hasSize(1);
        }
    }

    @Test
    void withdrawsItsQuestionWhenInterrupted() throws Exception {
        try (AgentDriver agent = start("--permission-prompt-tool", "stdio")) {
            agent.prompt("list files");
            JsonNode question = agent.await(type("control_request"));
            agent.control("stop", Map.of("subtype", "interrupt"));

            JsonNode withdrawn = agent.await(type("control_cancel_request"));
            assertThat(withdrawn.path("request_id")).isEqualTo(question.path("request_id"));
            assertThat(agent.awaitResult().path("terminal_reason").asText()).isEqualTo("aborted_tools");
        }
    }

    @Test
    void doesNotAskForAToolThatIsAllowed() throws Exception {
        try (AgentDriver agent = start("--permission-prompt-tool", "stdio", "--allowedTools", "ListFiles")) {
            agent.prompt("use a tool");

            assertThat(agent.until(type("result")).stream().filter(type("control_request")))
                    .isEmpty();
        }
    }

    @Test
    void changesModelAndPermissionModeOnRequest() throws Exception {
        try (AgentDriver agent = start()) {
            agent.control("m", Map.of("subtype", "set_model", "model", "other"));
            agent.control("p", Map.of("subtype", "set_permission_mode", "mode", "plan"));
            agent.control("b", Map.of("subtype", "set_permission_mode", "mode", "bypassPermissions"));
            agent.prompt("hello");

            List<JsonNode> messages =
                    agent.until(message -> "init".equals(message.path("subtype").asText()));
            JsonNode init = messages.get(messages.size() - 1);
            assertThat(init.path("model").asText()).isEqualTo("other");
            assertThat(init.path("permissionMode").asText()).isEqualTo("plan");
            assertThat(messages.stream()
                            .filter(type("control_response"))
                            .map(message -> message.at("/response/subtype").asText()))
                    .containsExactly("success", "success", "error");
        }
    }

    @Test
    void diesOfALineThatIsNoJson() throws Exception {
        try (AgentDriver agent = start()) {
            agent.process().getOutputStream().write("nonsense\n".getBytes(StandardCharsets.UTF_8));
            agent.process().getOutputStream().flush();

            assertThat(agent.awaitExit()).isEqualTo(1);
        }
    }

    private AgentDriver start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(DemoAgent.command());
        command.addAll(List.of("--demo-pace-ms=0", "--state-dir=" + state));
        return AgentDriver.start(work, command, arguments);
    }
}
