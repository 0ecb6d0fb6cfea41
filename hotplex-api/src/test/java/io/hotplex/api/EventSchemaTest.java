package io.hotplex.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hotplex.api.AgentEvent.Option;
import io.hotplex.api.AgentEvent.Question;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class EventSchemaTest {
    private static final TokenUsage USAGE = new TokenUsage(1, 2, 3, 4);

    /** One example of every kind. */
    static List<AgentEvent> examples() {
        return List.of(
                new AgentEvent.SessionStarted("claude", "a1", 1, 42, "/w", "posix-spawn", "none"),
                new AgentEvent.SessionResumed("claude", "a1", 2, 43, "/w", "posix-spawn", "cgroup"),
                new AgentEvent.SessionClosed("closed by owner"),
                new AgentEvent.ProcessExited(1, 42, null, 9, false, "killed", 2, 1, Duration.ofMillis(17), true),
                new AgentEvent.IsolationReduced("bubblewrap", "none", List.of("bwrap is not installed")),
                new AgentEvent.AgentSessionChanged("a1", "a2", "cleared"),
                new AgentEvent.AgentInfo("2.1", "m", "default", List.of("Bash"), Map.of("db", "connected")),
                new AgentEvent.TurnStarted(AgentEvent.Origin.AGENT, null, null),
                new AgentEvent.TurnStarted(
                        AgentEvent.Origin.PROMPT,
                        "c1",
                        "look",
                        null,
                        List.of(new AgentEvent.Attached("a.png", "image/png", 68))),
                new AgentEvent.TurnCompleted("hi", USAGE, 0.5, Duration.ofMillis(7), "end_turn", null),
                new AgentEvent.TurnFailed(ErrorCode.RATE_LIMITED, "slow", true, USAGE, null, Duration.ofMillis(7)),
                new AgentEvent.TurnCancelled("user", USAGE, null, Duration.ofMillis(7)),
                new AgentEvent.TurnTimedOut(
                        ErrorCode.TURN_TIMEOUT, Duration.ofMinutes(1), USAGE, null, Duration.ofMinutes(1)),
                new AgentEvent.TurnBlocked("r1", "injection", "high", "no", List.of("rephrase")),
                new AgentEvent.TextDelta("m1", 0, "h", null),
                new AgentEvent.Text("m1", 0, "hi", "t1"),
                new AgentEvent.ThinkingDelta("m1", 1, "h", null),
                new AgentEvent.Thinking("m1", 1, "hm", null),
                new AgentEvent.ToolStarted(
                        "t1", "Bash", AgentEvent.ToolKind.EXECUTE, "ls", input(), List.of("/a"), null),
                new AgentEvent.ToolProgress("t1", "50 %", null),
                new AgentEvent.ToolCompleted("t1", "Bash", true, "out", List.of(Map.of("type", "image")), null),
                new AgentEvent.PermissionRequested("p1", "t1", "Bash", input(), "why", List.of(Map.of("a", 1L))),
                new AgentEvent.PermissionRequested(
                        "p2",
                        "t2",
                        "Bash",
                        input(),
                        "why",
                        List.of(),
                        AgentEvent.ToolKind.EXECUTE,
                        "2026-01-02T00:00:00Z",
                        finding()),
                new AgentEvent.PermissionResolved("p1", AgentEvent.Resolution.DENIED, "ann", "no"),
                new AgentEvent.PermissionResolved(
                        "p2",
                        AgentEvent.Resolution.ALLOWED,
                        "ann",
                        "well",
                        PermissionAnswer.Scope.ALWAYS,
                        true,
                        "git-force-push"),
                new AgentEvent.ToolDenied("t3", "Bash", finding()),
                new AgentEvent.GuardBypassed("ann", "a drill", "2026-01-01T01:00:00Z"),
                new AgentEvent.GuardRestored("engine"),
                new AgentEvent.SessionRenamed("what it is about", "ann"),
                new AgentEvent.QuestionAsked(
                        "q1", "t1", List.of(new Question("Which?", "h", List.of(new Option("A", "first")), true))),
                new AgentEvent.QuestionAnswered("q1", Map.of("Which?", List.of("A")), "ann"),
                new AgentEvent.Retrying(1, 10, Duration.ofMillis(500), 529, "overloaded"),
                new AgentEvent.RateLimited("allowed_warning", "2026-01-01T00:00:00Z", "80 %"),
                new AgentEvent.Compacted("auto", 1000L),
                new AgentEvent.ModelChanged(null, "m"),
                new AgentEvent.PermissionModeChanged("default", "plan"),
                new AgentEvent.Usage("m1", "m", USAGE, null),
                new AgentEvent.Raw("invalid", "{", false));
    }

    private static GuardFinding finding() {
        return new GuardFinding("git-force-push", "git", "high", "rewrites what others have");
    }

    private static Map<String, Object> input() {
        Map<String, Object> input = new LinkedHashMap<>();
        input.put("command", "ls");
        input.put("nested", Map.of("list", List.of(1L, "two", true)));
        return input;
    }

    @Test
    void everyKindSurvivesTheRoundTripThroughItsMap() {
        for (AgentEvent event : examples()) {
            EventRecord record = new EventRecord("s1", 3, 5, "turn", Instant.ofEpochMilli(1), event);
            assertThat(EventSchema.fromMap(EventSchema.toMap(record))).isEqualTo(record);
            assertThat(event.weight()).isPositive();
        }
    }

    @Test
    void theExamplesCoverEveryKind() {
        assertThat(examples().stream().map(AgentEvent::type).collect(Collectors.toSet()))
                .isEqualTo(EventSchema.types());
    }

    @Test
    void theFormIsTheDocumentedOne() {
        EventRecord record = new EventRecord(
                "s1",
                7,
                7,
                "t",
                Instant.ofEpochMilli(0),
                new AgentEvent.TurnFailed(ErrorCode.RATE_LIMITED, "slow", true, USAGE, null, Duration.ofMillis(7)));

        assertThat(EventSchema.toMap(record).toString())
                .isEqualTo("{session=s1, offset=7, turn=t, time=1970-01-01T00:00:00Z, type=turn_failed, "
                        + "data={code=RATE_LIMITED, message=slow, retryable=true, usage={input_tokens=1, "
                        + "output_tokens=2, cache_write_tokens=3, cache_read_tokens=4}, duration_ms=7}}");
    }

    @Test
    void anUnknownTypeIsKeptAndUnknownFieldsAreIgnored() {
        Map<String, Object> map = Map.of(
                "session", "s1", "offset", 1, "time", "1970-01-01T00:00:00Z", "type", "brand_new", "data", Map.of());
        Map<String, Object> extra = Map.of(
                "session",
                "s1",
                "offset",
                1,
                "time",
                "1970-01-01T00:00:00Z",
                "type",
                "session_closed",
                "data",
                Map.of("reason", "r", "more", 1));

        assertThat(EventSchema.fromMap(map).event()).isEqualTo(new AgentEvent.Raw("brand_new", "{}", false));
        assertThat(EventSchema.fromMap(extra).event()).isEqualTo(new AgentEvent.SessionClosed("r"));
    }

    @Test
    void missingAndWrongFieldsAreNamed() {
        assertThatThrownBy(() -> EventSchema.fromMap(Map.of("type", "text", "data", Map.of())))
                .isInstanceOf(HotPlexException.class)
                .hasMessageContaining("'offset'");
        assertThatThrownBy(() -> EventSchema.fromMap(Map.of(
                        "session",
                        "s",
                        "offset",
                        1,
                        "time",
                        "1970-01-01T00:00:00Z",
                        "type",
                        "text",
                        "data",
                        Map.of("message_id", 5))))
                .hasMessageContaining("text.message_id");
    }
}
