package io.hotplex.core.internal.session;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.AgentEvent.Terminal;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.ProtocolSink.Outcome;
import io.hotplex.api.spi.ProtocolSink.TurnEnd;
import io.hotplex.core.internal.session.OpenTurn.Stop;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Makes terminal events. What the agent completed is completed, even when somebody wanted to stop it. */
final class TurnEnds {
    private TurnEnds() {}

    /** The end that the agent reported, seen in the light of what the engine asked for. */
    static Terminal reported(@Nullable Stop stop, TurnEnd end, Duration duration) {
        if (end.outcome() == Outcome.COMPLETED) {
            return new AgentEvent.TurnCompleted(
                    end.text(), end.usage(), end.costUsd(), duration, end.stopReason(), end.mergedInto());
        }
        if (stop != null) {
            return stopped(stop, end.usage(), end.costUsd(), duration);
        }
        if (end.outcome() == Outcome.INTERRUPTED) {
            return new AgentEvent.TurnCancelled("interrupted by the agent", end.usage(), end.costUsd(), duration);
        }
        ErrorCode code = Objects.requireNonNullElse(end.code(), ErrorCode.AGENT_ERROR);
        String message = Objects.requireNonNullElse(end.message(), "the agent reported a failure");
        return new AgentEvent.TurnFailed(code, message, code.retryable(), end.usage(), end.costUsd(), duration);
    }

    /** The end that the engine writes because it wanted the turn to stop. */
    static Terminal stopped(Stop stop, Duration duration) {
        return stopped(stop, TokenUsage.ZERO, null, duration);
    }

    private static Terminal stopped(Stop stop, TokenUsage usage, @Nullable Double costUsd, Duration duration) {
        if (stop instanceof Stop.TimeOut timeOut) {
            return new AgentEvent.TurnTimedOut(timeOut.code(), timeOut.limit(), usage, costUsd, duration);
        }
        return new AgentEvent.TurnCancelled(((Stop.Cancel) stop).reason(), usage, costUsd, duration);
    }

    /** The end that the engine writes because the agent cannot any more. */
    static Terminal lost(@Nullable Stop stop, ErrorCode code, String message, Duration duration) {
        return stop != null
                ? stopped(stop, duration)
                : new AgentEvent.TurnFailed(code, message, code.retryable(), TokenUsage.ZERO, null, duration);
    }
}
