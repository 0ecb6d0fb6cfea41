package io.hotplex.core.internal.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.AgentEvent.ToolKind;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.SessionStats;
import io.hotplex.api.TokenUsage;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class StatsFoldTest {
    private static final TokenUsage TOKENS = new TokenUsage(1, 2, 3, 4);

    private final StatsFold fold = new StatsFold("s");
    private long offset;

    @Test
    void beginsWithNothing() {
        SessionStats stats = fold.snapshot();

        assertThat(stats.turns()).isZero();
        assertThat(stats.usage()).isEqualTo(TokenUsage.ZERO);
        assertThat(stats.thinkingDuration()).isZero();
    }

    @Test
    void measuresThinkingToolsAndWritingFromDeltas() {
        at(0, started());
        at(10, new AgentEvent.ThinkingDelta("m", 0, "a", null));
        at(13, new AgentEvent.ThinkingDelta("m", 0, "b", null));
        at(15, new AgentEvent.Thinking("m", 0, "ab", null));
        at(16, tool("1", "Edit", ToolKind.EDIT, "/a", "/b"));
        at(20, new AgentEvent.TextDelta("sub", 0, "of a subagent", "1"));
        at(26, done("1"));
        at(30, new AgentEvent.TextDelta("n", 0, "c", null));
        at(37, new AgentEvent.Text("n", 0, "c", null));
        at(40, completed(40));

        SessionStats stats = fold.snapshot();
        assertThat(stats.thinkingDuration()).isEqualTo(Duration.ofSeconds(5));
        assertThat(stats.toolDuration()).isEqualTo(Duration.ofSeconds(10));
        assertThat(stats.generationDuration()).isEqualTo(Duration.ofSeconds(7));
        assertThat(stats.totalDuration()).isEqualTo(Duration.ofSeconds(40));
        assertThat(stats.toolsUsed()).containsExactly("Edit");
        assertThat(stats.filePaths()).containsExactly("/a", "/b");
    }

    @Test
    void measuresWholeBlocksFromWhatCameBefore() {
        at(0, started());
        at(4, new AgentEvent.Thinking("m", 0, "a", null));
        at(9, new AgentEvent.Text("m", 1, "b", null));
        at(9, completed(9));

        assertThat(fold.snapshot().thinkingDuration()).isEqualTo(Duration.ofSeconds(4));
        assertThat(fold.snapshot().generationDuration()).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void measuresABlockOnceWhenItsEndComesLate() {
        at(0, started());
        at(1, new AgentEvent.ThinkingDelta("m", 0, "a", null));
        at(3, new AgentEvent.TextDelta("m", 1, "b", null));
        at(4, new AgentEvent.Thinking("m", 0, "a", null));
        at(8, completed(8));

        assertThat(fold.snapshot().thinkingDuration()).isEqualTo(Duration.ofSeconds(2));
        assertThat(fold.snapshot().generationDuration()).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void takesTokensAndCostFromTerminalEventsOnly() {
        at(0, started());
        at(1, new AgentEvent.Usage("m", null, new TokenUsage(100, 100, 100, 100), null));
        at(2, completed(2));
        at(3, started());
        at(4, new AgentEvent.TurnFailed(ErrorCode.AGENT_ERROR, "x", true, TOKENS, null, Duration.ofSeconds(1)));
        at(5, new AgentEvent.TurnBlocked("r", "c", "l", "m", List.of()));
        at(6, new AgentEvent.TurnCancelled("x", TOKENS, 0.5, Duration.ZERO));
        at(
                7,
                new AgentEvent.TurnTimedOut(
                        ErrorCode.TURN_TIMEOUT, Duration.ofSeconds(1), TOKENS, 0.25, Duration.ofSeconds(1)));

        SessionStats stats = fold.snapshot();
        assertThat(stats.usage()).isEqualTo(new TokenUsage(4, 8, 12, 16));
        assertThat(stats.costUsd()).isEqualTo(1.0);
        assertThat(stats.turns()).isEqualTo(5);
        assertThat(stats.failedTurns()).isEqualTo(3);
    }

    @Test
    void theEndOfAWaitingTurnDoesNotEndTheRunningOnesToolCalls() {
        at(0, started());
        at(1, tool("1", "Bash", ToolKind.EXECUTE));
        fold.fold(record(3, "waiting", new AgentEvent.TurnCancelled("x", TokenUsage.ZERO, null, Duration.ZERO)));
        at(5, done("1"));
        at(6, tool("2", "Bash", ToolKind.EXECUTE));
        at(9, completed(9));
        at(20, done("2"));

        assertThat(fold.snapshot().toolDuration()).isEqualTo(Duration.ofSeconds(7));
        assertThat(fold.snapshot().toolCalls()).isEqualTo(2);
        assertThat(fold.snapshot().toolsUsed()).containsExactly("Bash");
        assertThat(fold.snapshot().filePaths()).isEmpty();
    }

    @Test
    void staysSmallWhenAnAgentNamesMoreAndMore() {
        at(0, started());
        for (int i = 0; i < 5_000; i++) {
            at(1, tool("call" + i, "Tool" + i, ToolKind.MOVE, "/file" + i));
        }

        SessionStats stats = fold.snapshot();
        assertThat(stats.toolCalls()).isEqualTo(5_000);
        assertThat(stats.toolsUsed()).hasSize(1_000);
        assertThat(stats.filePaths()).hasSize(1_000).startsWith("/file0");
    }

    @Test
    void neverCountsTimeBackwards() {
        at(10, started());
        at(10, new AgentEvent.ThinkingDelta("m", 0, "a", null));
        at(5, new AgentEvent.Thinking("m", 0, "a", null));
        at(4, completed(1));

        assertThat(fold.snapshot().thinkingDuration()).isZero();
    }

    private void at(long second, AgentEvent event) {
        fold.fold(record(second, "turn", event));
    }

    private EventRecord record(long second, @Nullable String turn, AgentEvent event) {
        offset++;
        return new EventRecord("s", offset, offset, turn, Instant.ofEpochSecond(second), event);
    }

    private static AgentEvent started() {
        return new AgentEvent.TurnStarted(AgentEvent.Origin.PROMPT, null, "do it");
    }

    private static AgentEvent completed(long seconds) {
        return new AgentEvent.TurnCompleted("", TOKENS, 0.25, Duration.ofSeconds(seconds), null, null);
    }

    private static AgentEvent tool(String id, String name, ToolKind kind, String... paths) {
        return new AgentEvent.ToolStarted(id, name, kind, "", Map.of(), List.of(paths), null);
    }

    private static AgentEvent done(String id) {
        return new AgentEvent.ToolCompleted(id, null, false, "", List.of(), null);
    }
}
