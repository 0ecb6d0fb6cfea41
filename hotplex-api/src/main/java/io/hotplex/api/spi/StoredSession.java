package io.hotplex.api.spi;

/**
 * A session that a journal keeps.
 *
 * @param state as it was saved last
 * @param oldest the oldest offset that is kept
 * @param newest the newest offset
 * @param openTurns how many accepted prompts, and turns of the agent itself, have no terminal event
 */
public record StoredSession(SessionState state, long oldest, long newest, int openTurns) {
    /** The session's id. */
    public String id() {
        return state.spec().id();
    }
}
