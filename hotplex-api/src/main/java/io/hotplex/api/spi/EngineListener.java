package io.hotplex.api.spi;

import io.hotplex.api.GuardFinding;
import io.hotplex.api.PoolSnapshot;
import io.hotplex.api.TurnResult;
import java.time.Duration;

/**
 * Hears of what an engine does, for metrics and traces; what happens inside of a session is in its journal. Calls come
 * from several threads, must be quick and never block. A throw is logged and ignored.
 */
public interface EngineListener {
    /** A session was opened. */
    default void onSessionOpened(String sessionId, String provider) {}

    /** A session was closed. */
    default void onSessionClosed(String sessionId, String provider) {}

    /**
     * A process got ready.
     *
     * @param start time from the launch to readiness
     */
    default void onProcessReady(String sessionId, String provider, int generation, Duration start) {}

    /** A process is gone. */
    default void onProcessExited(String sessionId, String provider, int generation, boolean expected) {}

    /** A prompt was accepted. */
    default void onTurnAccepted(String sessionId, String provider, String turnId) {}

    /** A turn's terminal event is in the journal. */
    default void onTurnEnded(String provider, TurnResult result) {}

    /** Guards decided on a prompt or a tool call; NONE is not told. */
    default void onGuardDecision(String sessionId, ToolGuard.Action action, GuardFinding finding) {}

    /** Secrets were taken out of an event before it was written down. */
    default void onRedacted(String sessionId, int count) {}

    /** Secrets were taken out of what the program logs. Called with the log's lock held: must not log. */
    default void onLogRedacted(int count) {}

    /** A session was refused a process. */
    default void onPoolExhausted(PoolSnapshot snapshot) {}
}
