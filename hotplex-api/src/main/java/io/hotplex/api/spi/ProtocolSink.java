package io.hotplex.api.spi;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.TokenUsage;
import org.jspecify.annotations.Nullable;

/**
 * Takes what an {@link AgentProtocol} has to say, in order. Usable only during the call that handed it over, and only
 * by its thread. Implemented by the engine, and by tests.
 */
public interface ProtocolSink {
    /**
     * Writes to the agent's standard input.
     *
     * @param line the bytes including the line end; must not be changed afterwards
     */
    void send(byte[] line);

    /**
     * Records an event. It belongs to the turn that runs. Not for {@linkplain io.hotplex.api.AgentEvent.Terminal
     * terminal}, turn and process events: the engine writes those.
     */
    void event(AgentEvent event);

    /**
     * Puts a tool call that has not run before the guards; each gets one {@link AgentProtocol#decided}, later. For
     * protocols whose process was started {@linkplain LaunchRequest#guarded() guarded}. What people are asked about
     * comes as a {@link AgentEvent.PermissionRequested} besides.
     *
     * @param callId names the call in the answer
     */
    void toolCall(String callId, ToolCall call);

    /** The agent takes prompts now. Further calls do nothing. */
    void ready();

    /**
     * A turn runs that the engine did not begin: a steered prompt that got a turn of its own, or, with {@code null},
     * one that the agent began by itself. The latter may cross with a prompt that is open: that one goes on when the
     * agent's own turn has ended, and is not announced again.
     */
    void turnStarted(@Nullable String turnId);

    /**
     * A turn is over. Ends of prompts that are not open are ignored.
     *
     * @param turnId the prompt's turn, or {@code null} for a turn that the agent began by itself
     */
    void turnEnded(@Nullable String turnId, TurnEnd end);

    /** The agent's conversation has another id now. */
    void agentSession(String agentSessionId, String reason);

    /**
     * A command is done.
     *
     * @param error why it failed, or {@code null}
     */
    void commandEnded(String commandId, @Nullable String error);

    /** How a turn ended. */
    enum Outcome {
        COMPLETED,
        FAILED,
        /** The agent ended it because it was interrupted. */
        INTERRUPTED
    }

    /**
     * @param text the final answer, or what is known of it
     * @param usage tokens of this turn
     * @param costUsd cost of this turn, or {@code null} when the agent does not tell
     * @param stopReason the vendor's word, or {@code null}
     * @param code for FAILED the code, else {@code null}
     * @param message for FAILED what went wrong, else {@code null}
     * @param mergedInto the turn that took a steered prompt in, or {@code null}
     */
    record TurnEnd(
            Outcome outcome,
            String text,
            TokenUsage usage,
            @Nullable Double costUsd,
            @Nullable String stopReason,
            @Nullable ErrorCode code,
            @Nullable String message,
            @Nullable String mergedInto) {
        /** The agent answered. */
        public static TurnEnd completed(
                String text, TokenUsage usage, @Nullable Double costUsd, @Nullable String stopReason) {
            return new TurnEnd(Outcome.COMPLETED, text, usage, costUsd, stopReason, null, null, null);
        }

        /** The turn failed. */
        public static TurnEnd failed(ErrorCode code, String message, TokenUsage usage, @Nullable Double costUsd) {
            return new TurnEnd(Outcome.FAILED, "", usage, costUsd, null, code, message, null);
        }

        /** The turn was interrupted. */
        public static TurnEnd interrupted(String text, TokenUsage usage, @Nullable Double costUsd) {
            return new TurnEnd(Outcome.INTERRUPTED, text, usage, costUsd, null, null, null, null);
        }

        /** The same end for a prompt that another turn took in; its tokens are counted there. */
        public TurnEnd mergedInto(String turnId) {
            return new TurnEnd(outcome, text, TokenUsage.ZERO, null, stopReason, code, message, turnId);
        }
    }
}
