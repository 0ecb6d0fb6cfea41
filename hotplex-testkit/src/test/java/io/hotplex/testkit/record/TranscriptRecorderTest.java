package io.hotplex.testkit.record;

import static io.hotplex.testkit.agent.AgentDriver.type;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.testkit.agent.AgentDriver;
import io.hotplex.testkit.agent.DemoAgent;
import io.hotplex.testkit.agent.Fault;
import io.hotplex.testkit.agent.FaultPoint;
import io.hotplex.testkit.agent.ScriptedAgent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class TranscriptRecorderTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @TempDir
    Path directory;

    @Test
    void writesDownWhatPassesThrough() throws Exception {
        List<JsonNode> seen;
        try (AgentDriver agent = record(DemoAgent.command(), "--demo-pace-ms=0", "--api-key", "hunter2")) {
            agent.handshake();
            agent.prompt("hello");
            seen = agent.until(type("command_lifecycle").or(type("result")));
            agent.endInput();
            assertThat(agent.awaitExit()).isZero();
        }

        List<JsonNode> transcript = transcript();
        assertThat(transcript.get(0).path("dir").asText()).isEqualTo("spawn");
        assertThat(transcript.get(0).path("argv").toString())
                .contains("DemoAgent", "<masked>")
                .doesNotContain("hunter2");
        assertThat(transcript.stream()
                        .filter(entry -> entry.path("dir").asText().equals("out"))
                        .map(entry -> entry.path("json")))
                .containsAll(seen);
        assertThat(transcript.stream()
                        .filter(entry -> entry.path("dir").asText().equals("in")))
                .hasSize(2);
        JsonNode last = transcript.get(transcript.size() - 1);
        assertThat(last.path("dir").asText()).isEqualTo("exit");
        assertThat(last.path("code").asInt(-1)).isZero();
        assertThat(transcript)
                .isSortedAccordingTo((a, b) ->
                        Double.compare(a.path("ms").asDouble(), b.path("ms").asDouble()));
    }

    @Test
    void recordsGarbageAndHandsTheExitStatusOn() throws Exception {
        List<String> command = ScriptedAgent.command()
                .fault(Fault.GARBAGE, FaultPoint.STARTING)
                .stateDirectory(directory)
                .build();
        try (AgentDriver agent = record(command)) {
            agent.ask("SAY 1");
            agent.prompt("FAULT exit 5");
            assertThat(agent.awaitExit()).isEqualTo(5);
        }

        List<JsonNode> transcript = transcript();
        assertThat(transcript.stream().filter(entry -> entry.has("raw"))).isNotEmpty();
        assertThat(transcript.stream()
                        .filter(entry -> entry.path("dir").asText().equals("stderr")))
                .anyMatch(entry -> entry.path("text").asText().equals("scripted exit"));
        assertThat(transcript.get(transcript.size() - 1).path("code").asInt()).isEqualTo(5);
    }

    @Test
    void masksWhatLooksLikeACredential() {
        assertThat(CommandLineMask.mask(List.of(
                        "claude", "--auth-token", "x1", "--api-key=x2", "-p", "sk-ant-0123456789", "--model", "m")))
                .containsExactly(
                        "claude", "--auth-token", "<masked>", "--api-key=<masked>", "-p", "<masked>", "--model", "m");
    }

    private AgentDriver record(List<String> command, String... arguments) throws IOException {
        List<String> all = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                TranscriptRecorder.class.getName(),
                "--out",
                directory.resolve("talk.ndjson").toString(),
                "--"));
        all.addAll(command);
        all.add("--state-dir=" + directory);
        return AgentDriver.start(directory, all, arguments);
    }

    private List<JsonNode> transcript() throws IOException {
        List<JsonNode> entries = new ArrayList<>();
        for (String line : Files.readAllLines(directory.resolve("talk.ndjson"))) {
            entries.add(MAPPER.readTree(line));
        }
        return entries;
    }
}
