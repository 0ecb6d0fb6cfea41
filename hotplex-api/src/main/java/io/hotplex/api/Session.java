package io.hotplex.api;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** A conversation with an agent; outlives the processes that serve it. Thread-safe; no method blocks on the agent. */
public interface Session {
    /** The session's id. */
    String id();

    /** What the session was opened with, its provider's name filled in and its directory real. */
    SessionSpec spec();

    /** How the session is now. */
    SessionInfo info();

    /** How the session is at one offset of its journal, for who wants to follow it from there. */
    CompletionStage<SessionSnapshot> snapshot();

    /** What the session did so far. */
    SessionStats stats();

    /**
     * What its process uses now, with everything that it started. It is looked up for each call, which takes some
     * milliseconds, on the engine's executor.
     *
     * @return completes with nothing when no process runs or the system does not tell
     */
    CompletionStage<Optional<ProcessUsage>> usage();

    /**
     * Accepts a prompt. What happens then is in the journal, and ends with exactly one terminal event.
     *
     * @throws HotPlexException PROMPT_EMPTY, PROMPT_TOO_LARGE, QUEUE_FULL, NOT_SUPPORTED, SESSION_CLOSED or
     *     ENGINE_CLOSED; then the prompt was not accepted
     */
    Turn submit(Prompt prompt);

    /** The turns that have not ended and the last ones that have, in the order in which they came. */
    List<Turn> turns();

    /** The turn with this id, as long as it is one of {@link #turns()}. */
    Optional<Turn> turn(String turnId);

    /** Cancels the running turn; waiting turns stay. Does nothing when none runs. */
    void interrupt();

    /**
     * Answers a pending permission request; the first answer wins, and a later one is told whose that was.
     *
     * @param by who answers, for the record: the caller has made sure that they may. Who carries answers of others
     *     takes {@link #answer(String, PermissionAnswer, Approver)}
     * @throws HotPlexException REQUEST_NOT_FOUND, REQUEST_ALREADY_ANSWERED, or ENGINE_CLOSED; INVALID_ARGUMENT when the
     *     input that is to replace the agent's has text in it that was taken out of what people see
     */
    void answer(String requestId, PermissionAnswer answer, String by);

    /**
     * Answers a pending permission request for somebody; otherwise as {@link #answer(String, PermissionAnswer,
     * String)}.
     *
     * @throws HotPlexException FORBIDDEN when they may not answer for this session's owner
     */
    default void answer(String requestId, PermissionAnswer answer, Approver approver) {
        approver.check(spec());
        answer(requestId, answer, approver.label());
    }

    /**
     * Switches the guards off for a while; what the specification denies stays denied. The journal tells of it.
     *
     * @param by who does, for the record; has to be somebody who may
     * @param reason why, for the record
     * @throws HotPlexException FORBIDDEN unless {@code guard-bypass-max} allows that long; SESSION_CLOSED
     */
    default void bypassGuard(Duration duration, String by, String reason) {
        throw new HotPlexException(ErrorCode.FORBIDDEN, "this engine's guards cannot be switched off");
    }

    /** Ends a bypass before its time; does nothing when there is none. */
    default void restoreGuard(String by) {}

    /**
     * Gives the session a name, which its journal and its {@link SessionInfo} tell from then on.
     *
     * @param title what it is to be called: something, at most 500 characters
     * @param by who does, for the record
     * @return completes when readers can see it
     * @throws HotPlexException INVALID_ARGUMENT or SESSION_CLOSED
     */
    default CompletionStage<Void> rename(String title, String by) {
        throw new HotPlexException(ErrorCode.NOT_SUPPORTED, "this engine's sessions have no names");
    }

    /**
     * Answers a pending question; the first answer wins. An empty map declines.
     *
     * @param answers question text to chosen or written answers
     * @param by who answers, for the record
     * @throws HotPlexException REQUEST_NOT_FOUND, REQUEST_ALREADY_ANSWERED or ENGINE_CLOSED
     */
    void answerQuestion(String requestId, Map<String, List<String>> answers, String by);

    /** Permission requests and questions that wait for an answer, oldest first. */
    List<AgentEvent> pendingRequests();

    /**
     * Changes the model, at once where a process runs, and for later processes.
     *
     * @return completes when the agent confirmed, or at once when none runs; fails with NOT_SUPPORTED or AGENT_ERROR
     */
    CompletionStage<Void> setModel(String model);

    /** Changes the permission mode; otherwise as {@link #setModel}. */
    CompletionStage<Void> setPermissionMode(String mode);

    /**
     * Reads the journal from after an offset on: 0 reads all, {@link SessionInfo#newestOffset()} only what comes.
     *
     * @param after the last offset that the subscriber has
     * @throws HotPlexException INVALID_ARGUMENT when {@code after} is negative or beyond the newest offset
     */
    Subscription subscribe(long after, Subscriber subscriber);

    /**
     * Ends the agent process and the session; a running turn is cancelled, its terminal event written.
     *
     * @return completes when the process is gone
     */
    CompletionStage<Void> close();
}
