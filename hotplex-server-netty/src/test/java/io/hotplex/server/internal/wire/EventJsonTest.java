package io.hotplex.server.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.EventSchema;
import io.hotplex.api.TokenUsage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class EventJsonTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    static Stream<AgentEvent> events() {
        Map<String, @Nullable Object> input = new LinkedHashMap<>();
        input.put("deep", Map.of("list", Arrays.asList(1, 2.5, true, null, "x")));
        input.put("nothing", null);
        return Stream.of(
                new AgentEvent.TextDelta("m", 3, "a \"quoted\"\n\u2028 \ud83d\ude00", null),
                new AgentEvent.TextDelta("m", 3, "b", "tool"),
                new AgentEvent.ThinkingDelta("m", 0, "c", "tool"),
                new AgentEvent.Text("m", 0, "d", null),
                new AgentEvent.ToolStarted(
                        "t", "Bash", AgentEvent.ToolKind.EXECUTE, "ls", input, List.of("/a"), "parent"),
                new AgentEvent.ToolCompleted("t", null, true, "out", List.of(input), null),
                new AgentEvent.PermissionRequested("r", null, "Bash", input, "", List.of(input)),
                new AgentEvent.QuestionAsked(
                        "q",
                        null,
                        List.of(new AgentEvent.Question("?", "h", List.of(new AgentEvent.Option("l", "d")), true))),
                new AgentEvent.QuestionAnswered("q", Map.of("?", List.of("l")), "ann"),
                new AgentEvent.TurnStarted(AgentEvent.Origin.PROMPT, "c1", "do it"),
                new AgentEvent.TurnCompleted("x", new TokenUsage(1, 2, 3, 4), 0.125, Duration.ofMillis(7), null, null),
                new AgentEvent.TurnFailed(ErrorCode.RATE_LIMITED, "slow", true, TokenUsage.ZERO, null, Duration.ZERO),
                new AgentEvent.TurnTimedOut(
                        ErrorCode.TURN_TIMEOUT, Duration.ofSeconds(1), TokenUsage.ZERO, null, Duration.ZERO),
                new AgentEvent.TurnBlocked("r", "c", "high", "m", List.of("s")),
                new AgentEvent.AgentInfo("1", null, "default", List.of("Bash"), Map.of("srv", "ok")),
                new AgentEvent.Raw("odd", "{}", true));
    }

    @ParameterizedTest
    @MethodSource("events")
    void isTheFormThatTheSchemaClassGives(AgentEvent event) throws JsonProcessingException {
        for (EventRecord record : List.of(
                new EventRecord("s", 7, 7, null, Instant.ofEpochSecond(1), event),
                new EventRecord("s", 5, 9, "t1", Instant.ofEpochMilli(1_700_000_000_123L), event))) {
            String json = EventJson.text(record);

            assertThat(MAPPER.readTree(json))
                    .isEqualTo(MAPPER.readTree(MAPPER.writeValueAsString(EventSchema.toMap(record))));
            assertThat(fieldOrder(json)).isEqualTo(fieldOrder(MAPPER.writeValueAsString(EventSchema.toMap(record))));
            assertThat(ProtocolSchemas.faults("event", json)).isEmpty();
            assertThat(json).doesNotContain("\n");
        }
    }

    private static List<String> fieldOrder(String json) throws JsonProcessingException {
        List<String> names = new ArrayList<>();
        MAPPER.readTree(json).properties().forEach(entry -> names.add(entry.getKey()));
        return names;
    }
}
