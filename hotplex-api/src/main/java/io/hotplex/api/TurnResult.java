package io.hotplex.api;

import org.jspecify.annotations.Nullable;

/**
 * How a turn ended.
 *
 * @param offset where the terminal event stands in the journal
 * @param end the terminal event
 */
public record TurnResult(String sessionId, String turnId, long offset, AgentEvent.Terminal end) {
    /** Whether the agent answered. */
    public boolean completed() {
        return end instanceof AgentEvent.TurnCompleted;
    }

    /** The answer's text; empty unless completed. */
    public String text() {
        return end instanceof AgentEvent.TurnCompleted c ? c.text() : "";
    }

    /** Why it did not complete, or {@code null} when it did or was cancelled. */
    public @Nullable ErrorCode code() {
        if (end instanceof AgentEvent.TurnFailed failed) {
            return failed.code();
        }
        if (end instanceof AgentEvent.TurnTimedOut timedOut) {
            return timedOut.code();
        }
        return end instanceof AgentEvent.TurnBlocked ? ErrorCode.PROMPT_BLOCKED : null;
    }
}
