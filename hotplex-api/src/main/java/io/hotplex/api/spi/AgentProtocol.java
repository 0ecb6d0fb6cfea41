package io.hotplex.api.spi;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Prompt;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The conversation with one agent process as a plain state machine: lines in; events and lines out. It has no thread,
 * clock or stream of its own.
 *
 * <p>Called by the session's owner only, never concurrently, so it needs no locks. Every call gets a
 * {@link ProtocolSink} and may use it during that call only. No method may block. A throw is a defect of the provider:
 * the engine ends the process and fails the running turn with {@code AGENT_PROTOCOL}. A line that cannot be understood
 * is no reason to throw; it becomes an {@link io.hotplex.api.AgentEvent.Raw} event.
 *
 * <p>Turns: the engine writes one prompt at a time and the next only after {@link ProtocolSink#turnEnded} for the last
 * one, except for {@link #steer}. A protocol must end every prompt exactly once as long as the process lives; when the
 * process dies the engine ends what is open.
 *
 * <p>Requests: a permission request or question stays pending until somebody answers it, also beyond the end of its
 * turn, since agents ask from the background, too. When the agent drops one, the protocol says so with a
 * {@link io.hotplex.api.AgentEvent.PermissionResolved} ({@code WITHDRAWN}) or an empty
 * {@link io.hotplex.api.AgentEvent.QuestionAnswered}. When the process dies the engine withdraws what is pending.
 */
public interface AgentProtocol {
    /** The process was started; write a handshake, if there is one. Called once, first. */
    void started(ProtocolSink sink);

    /** A line came from the agent's standard output. */
    void receive(AgentLine line, ProtocolSink sink);

    /**
     * Hand a prompt to the agent. Called only after {@link ProtocolSink#ready()}, while no turn runs.
     *
     * @param turnId the turn's id, a UUID; names the prompt in {@link ProtocolSink#turnEnded}
     */
    void prompt(String turnId, Prompt prompt, ProtocolSink sink);

    /**
     * Hand a prompt to the agent while a turn runs, to be taken into it. Called only with
     * {@link AgentProvider.Capability#STEER}. The protocol ends this prompt too: when it was taken into the running
     * turn with {@code mergedInto}, otherwise it {@linkplain ProtocolSink#turnStarted begins} as the next turn.
     *
     * @return whether the agent took it; on {@code false} the engine queues it
     */
    default boolean steer(String turnId, Prompt prompt, ProtocolSink sink) {
        return false;
    }

    /** Ask the agent to end the running turn. The engine kills the process when it does not. */
    void interrupt(ProtocolSink sink);

    /** The answer to a {@link io.hotplex.api.AgentEvent.PermissionRequested} that is pending. */
    void answer(String requestId, PermissionAnswer answer, ProtocolSink sink);

    /** The answer to a pending {@link io.hotplex.api.AgentEvent.QuestionAsked}; an empty map declines. */
    default void answerQuestion(String requestId, Map<String, List<String>> answers, ProtocolSink sink) {}

    /**
     * What the guards say to a {@link ProtocolSink#toolCall}. On DENY the call must not run, and the agent hears why;
     * on ASK the protocol makes the agent ask, so that a {@link io.hotplex.api.AgentEvent.PermissionRequested} follows;
     * on NONE and ALLOW the agent's own rules go on to count, and what it asks nevertheless is answered by the engine.
     */
    default void decided(String callId, ToolGuard.Verdict verdict, ProtocolSink sink) {}

    /**
     * Change the model. The protocol reports with {@link ProtocolSink#commandEnded}.
     *
     * @param commandId names the command in the report
     */
    default void setModel(String commandId, String model, ProtocolSink sink) {
        sink.commandEnded(commandId, "this agent cannot change its model");
    }

    /** Change the permission mode; otherwise as {@link #setModel}. */
    default void setPermissionMode(String commandId, String mode, ProtocolSink sink) {
        sink.commandEnded(commandId, "this agent cannot change its permission mode");
    }

    /**
     * Why the process ended, read from what it said last. Called once, last; there is no sink any more.
     *
     * @param exit how it ended
     * @param stderrTail the last lines of its error output, oldest first
     */
    ExitVerdict exited(ExitStatus exit, List<String> stderrTail);

    /** What the end of a process means. */
    enum ExitKind {
        /** A crash, or an end that nobody explained. */
        CRASH,
        /** The conversation id given is taken; the engine resumes it instead. */
        SESSION_ID_TAKEN,
        /** There is no conversation to resume; the engine begins a new one. */
        SESSION_NOT_FOUND,
        /** The agent refuses to start this way; starting again is of no use. */
        REFUSED,
        /**
         * It was taken out of service while nothing ran, to be replaced by a fresh one. What was written to it since
         * then it never saw; the engine hands that to the next process.
         */
        RETIRED
    }

    /**
     * @param code for CRASH and REFUSED the code of the failure, for example AUTHENTICATION_FAILED
     * @param message for people; {@code null} for a general one
     */
    record ExitVerdict(
            ExitKind kind, ErrorCode code, @Nullable String message) {
        /** Nothing special. */
        public static final ExitVerdict CRASHED = new ExitVerdict(ExitKind.CRASH, ErrorCode.AGENT_CRASHED, null);
    }
}
