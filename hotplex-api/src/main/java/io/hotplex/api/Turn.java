package io.hotplex.api;

import java.util.concurrent.CompletionStage;

/** An accepted prompt. Thread-safe. */
public interface Turn {
    /** The turn's id, a UUID. */
    String id();

    /** The session's id. */
    String sessionId();

    /**
     * Completes, normally and exactly once, when the turn's terminal event is in the journal; completes exceptionally
     * never. Completed on the engine's callback executor.
     */
    CompletionStage<TurnResult> result();

    /** How far the turn is. */
    TurnInfo info();

    /** Asks for cancellation and returns at once; the outcome is the turn's terminal event. Idempotent. */
    void cancel();
}
