package io.hotplex.api;

import java.util.concurrent.CompletionStage;

/** An accepted prompt. Thread-safe. */
public interface Turn {
    /** The turn's id, a UUID. */
    String id();

    /** The session's id. */
    String sessionId();

    /**
     * Completes when the acceptance is as safe as the journal's acknowledgement promises: from then on the turn gets
     * its terminal event even if this engine does not live to write it. With a journal in memory at once, otherwise on
     * the engine's callback executor.
     */
    CompletionStage<Void> accepted();

    /**
     * Completes, exactly once, when the turn's terminal event is in the journal, as safe as the journal's
     * acknowledgement promises. Completes exceptionally in one case: with ENGINE_CLOSED, when the engine was closed
     * while the turn still waited and a durable journal keeps it for the next engine. Completed on the engine's
     * callback executor.
     */
    CompletionStage<TurnResult> result();

    /** How far the turn is. */
    TurnInfo info();

    /** Asks for cancellation and returns at once; the outcome is the turn's terminal event. Idempotent. */
    void cancel();
}
