package io.hotplex.api;

/** State of a session's agent process. */
public enum ProcessState {
    /** There is none; the next prompt starts one. */
    NONE,
    /** Launched, not ready yet. */
    STARTING,
    /** Waits for a prompt. */
    READY,
    /** A turn runs. */
    BUSY,
    /** It ended or is being ended. */
    DEAD
}
