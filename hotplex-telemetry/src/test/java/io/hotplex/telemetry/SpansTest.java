package io.hotplex.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.GuardFinding;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.SessionLog;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SpansTest {
    private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private final InMemorySpanExporter spans = InMemorySpanExporter.create();
    private final SdkTracerProvider provider = SdkTracerProvider.builder()
            .addSpanProcessor(SimpleSpanProcessor.create(spans))
            .build();

    @AfterEach
    void end() {
        provider.close();
    }

    private Rig rig(boolean content) {
        return new Rig(Telemetry.builder()
                .openTelemetry(
                        OpenTelemetrySdk.builder().setTracerProvider(provider).build())
                .content(content)
                .clock(Clock.fixed(Rig.BEGIN, ZoneOffset.UTC))
                .build());
    }

    private SpanData span(String name) {
        await().until(() -> spans.getFinishedSpanItems().stream()
                .anyMatch(span -> span.getName().equals(name)));
        return spans.getFinishedSpanItems().stream()
                .filter(span -> span.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static @Nullable String text(SpanData span, String key) {
        return span.getAttributes().get(AttributeKey.stringKey(key));
    }

    private static double seconds(long nanos) {
        Instant time = Instant.ofEpochSecond(0, nanos);
        return Duration.between(Rig.BEGIN, time).toNanos() / 1e9;
    }

    private static void turn(Rig rig, SessionLog log, String turn, @Nullable String trace, double at) {
        rig.append(log, turn, at, new AgentEvent.TurnStarted(AgentEvent.Origin.PROMPT, null, "the \"prompt\"", trace));
        rig.append(
                log,
                turn,
                at + 1,
                new AgentEvent.TurnCompleted(
                        "the answer", new TokenUsage(10, 20, 3, 4), 0.25, Duration.ofSeconds(1), "end_turn", null));
    }

    @Test
    void aTurnIsASpanOfTheCallersTraceWithWhatHappenedInIt() {
        try (Rig rig = rig(false)) {
            SessionLog log = rig.open("s1", "claude");
            rig.telemetry.listener().onTurnAccepted("s1", "claude", "t1");
            rig.telemetry.listener().onProcessReady("s1", "claude", 1, Duration.ofSeconds(2));
            rig.append(log, null, 3, new AgentEvent.SessionStarted("claude", "a", 1, 5, "/w", "posix", "none"));
            rig.append(log, null, 3, new AgentEvent.AgentInfo("2", "opus", null, List.of(), Map.of()));
            rig.append(log, "t1", 4, new AgentEvent.TurnStarted(AgentEvent.Origin.PROMPT, null, "p", TRACE));
            rig.append(
                    log,
                    "t1",
                    5,
                    new AgentEvent.ToolStarted(
                            "task", "Task", AgentEvent.ToolKind.THINK, "", Map.of(), List.of(), null));
            rig.append(
                    log,
                    "t1",
                    6,
                    new AgentEvent.ToolStarted(
                            "bash", "Bash", AgentEvent.ToolKind.EXECUTE, "", Map.of(), List.of(), "task"));
            rig.append(log, "t1", 6, new AgentEvent.PermissionRequested("p", "bash", "Bash", Map.of(), "", List.of()));
            rig.append(log, "t1", 9, new AgentEvent.PermissionResolved("p", AgentEvent.Resolution.ALLOWED, "a", null));
            rig.append(log, "t1", 10, new AgentEvent.ToolCompleted("bash", "Bash", true, "", List.of(), "task"));
            rig.append(log, "t1", 11, new AgentEvent.ToolCompleted("task", "Task", false, "", List.of(), null));
            rig.append(
                    log,
                    "t1",
                    11,
                    new AgentEvent.ToolDenied("x", "Write", new GuardFinding("no-write", "file", "high", "no")));
            await().until(() -> rig.telemetry.traceparent("t1") != null);
            rig.append(
                    log,
                    "t1",
                    12,
                    new AgentEvent.TurnCompleted(
                            "done", new TokenUsage(10, 20, 3, 4), 0.25, Duration.ofSeconds(8), "end_turn", null));

            SpanData turn = span("invoke_agent claude");
            assertThat(turn.getTraceId()).isEqualTo("0af7651916cd43dd8448eb211c80319c");
            assertThat(turn.getParentSpanId()).isEqualTo("b7ad6b7169203331");
            assertThat(seconds(turn.getStartEpochNanos()))
                    .as("when it was accepted")
                    .isZero();
            assertThat(seconds(turn.getEndEpochNanos())).isEqualTo(12);
            assertThat(text(turn, "gen_ai.operation.name")).isEqualTo("invoke_agent");
            assertThat(text(turn, "gen_ai.provider.name")).isEqualTo("anthropic");
            assertThat(text(turn, "gen_ai.agent.name")).isEqualTo("claude");
            assertThat(text(turn, "gen_ai.conversation.id")).isEqualTo("s1");
            assertThat(text(turn, "gen_ai.request.model")).isEqualTo("opus");
            assertThat(text(turn, "hotplex.turn.id")).isEqualTo("t1");
            assertThat(text(turn, "hotplex.turn.start")).isEqualTo("cold");
            assertThat(text(turn, "hotplex.turn.origin")).isEqualTo("prompt");
            assertThat(text(turn, "hotplex.turn.outcome")).isEqualTo("completed");
            assertThat(turn.getAttributes().get(AttributeKey.longKey("gen_ai.usage.input_tokens")))
                    .isEqualTo(17);
            assertThat(turn.getAttributes().get(AttributeKey.longKey("gen_ai.usage.output_tokens")))
                    .isEqualTo(20);
            assertThat(turn.getAttributes().get(AttributeKey.longKey("gen_ai.usage.cache_creation.input_tokens")))
                    .isEqualTo(3);
            assertThat(turn.getAttributes().get(AttributeKey.longKey("gen_ai.usage.cache_read.input_tokens")))
                    .isEqualTo(4);
            assertThat(turn.getAttributes().get(AttributeKey.doubleKey("hotplex.turn.cost_usd")))
                    .isEqualTo(0.25);
            assertThat(turn.getAttributes().get(AttributeKey.stringArrayKey("gen_ai.response.finish_reasons")))
                    .containsExactly("end_turn");
            SpanData cold = span("cold_start");
            assertThat(cold.getParentSpanId()).isEqualTo(turn.getSpanId());
            assertThat(seconds(cold.getStartEpochNanos())).isEqualTo(1);
            assertThat(seconds(cold.getEndEpochNanos())).isEqualTo(3);
            SpanData task = span("execute_tool Task");
            assertThat(task.getParentSpanId()).isEqualTo(turn.getSpanId());
            SpanData bash = span("execute_tool Bash");
            assertThat(bash.getParentSpanId()).as("of the call that runs it").isEqualTo(task.getSpanId());
            assertThat(bash.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
            assertThat(text(bash, "error.type")).isEqualTo("tool_error");
            assertThat(text(bash, "gen_ai.tool.name")).isEqualTo("Bash");
            assertThat(text(bash, "gen_ai.tool.call.id")).isEqualTo("bash");
            assertThat(TimeUnit.NANOSECONDS.toSeconds(bash.getEndEpochNanos() - bash.getStartEpochNanos()))
                    .isEqualTo(4);
            SpanData wait = span("permission_wait");
            assertThat(wait.getParentSpanId()).isEqualTo(turn.getSpanId());
            assertThat(text(wait, "hotplex.permission.resolution")).isEqualTo("allowed");
            SpanData guard = span("guard");
            assertThat(guard.getParentSpanId()).isEqualTo(turn.getSpanId());
            assertThat(text(guard, "hotplex.guard.rule")).isEqualTo("no-write");
            assertThat(rig.telemetry.traceparent("t1"))
                    .isEqualTo("00-" + turn.getTraceId() + "-" + turn.getSpanId() + "-01");
        }
    }

    @Test
    void laterTurnsAreLinkedToTheFirstOfTheirSession() {
        try (Rig rig = rig(false)) {
            SessionLog log = rig.open("s1", "claude");
            turn(rig, log, "t1", null, 0);
            turn(rig, log, "t2", null, 10);
            await().until(() -> spans.getFinishedSpanItems().size() == 2);

            SpanData first = spans.getFinishedSpanItems().get(0);
            SpanData second = spans.getFinishedSpanItems().get(1);
            assertThat(first.getLinks()).isEmpty();
            assertThat(second.getLinks())
                    .extracting(link -> link.getSpanContext().getSpanId())
                    .containsExactly(first.getSpanId());
            assertThat(second.getTraceId()).isNotEqualTo(first.getTraceId());
            assertThat(text(second, "hotplex.turn.start")).isEqualTo("hot");
        }
    }

    @Test
    void whatFailsIsAnError() {
        try (Rig rig = rig(false)) {
            SessionLog log = rig.open("s1", "other");
            rig.append(log, "t1", 0, new AgentEvent.TurnStarted(AgentEvent.Origin.AGENT, null, null));
            rig.append(
                    log,
                    "t1",
                    1,
                    new AgentEvent.TurnFailed(
                            ErrorCode.AGENT_CRASHED, "m", true, TokenUsage.ZERO, null, Duration.ofSeconds(1)));
            rig.append(log, "t2", 2, new AgentEvent.TurnBlocked("no-secrets", "c", "high", "m", List.of()));
            await().until(() -> spans.getFinishedSpanItems().size() == 3);

            SpanData failed = spans.getFinishedSpanItems().get(0);
            assertThat(failed.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
            assertThat(text(failed, "error.type")).isEqualTo("AGENT_CRASHED");
            assertThat(text(failed, "gen_ai.provider.name")).isEqualTo("other");
            SpanData guard = spans.getFinishedSpanItems().get(1);
            assertThat(text(guard, "hotplex.guard.rule")).isEqualTo("no-secrets");
            SpanData blocked = spans.getFinishedSpanItems().get(2);
            assertThat(guard.getParentSpanId()).isEqualTo(blocked.getSpanId());
            assertThat(text(blocked, "error.type")).isEqualTo("PROMPT_BLOCKED");
        }
    }

    @Test
    void contentIsThereOnlyIfAsked() {
        try (Rig without = rig(false);
                Rig with = rig(true)) {
            turn(without, without.open("s1", "claude"), "t1", null, 0);
            await().until(() -> spans.getFinishedSpanItems().size() == 1);
            turn(with, with.open("s2", "claude"), "t2", null, 0);
            await().until(() -> spans.getFinishedSpanItems().size() == 2);

            assertThat(spans.getFinishedSpanItems().get(0).getAttributes().toString())
                    .doesNotContain("the answer", "prompt\\\"");
            SpanData shown = spans.getFinishedSpanItems().get(1);
            assertThat(text(shown, "gen_ai.input.messages"))
                    .isEqualTo(
                            "[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"the \\\"prompt\\\"\"}]}]");
            assertThat(Objects.requireNonNull(text(shown, "gen_ai.output.messages")))
                    .contains("the answer");
        }
    }

    @Test
    void whatNeverEndsEndsWithItsSession() {
        try (Rig rig = rig(false)) {
            SessionLog log = rig.open("s1", "claude");
            rig.append(log, "t1", 0, new AgentEvent.TurnStarted(AgentEvent.Origin.AGENT, null, null));
            rig.telemetry.reader().completed("s1");

            assertThat(span("invoke_agent claude").hasEnded()).isTrue();
        }
    }
}
