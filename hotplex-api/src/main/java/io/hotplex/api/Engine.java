package io.hotplex.api;

import java.util.List;
import java.util.Optional;

/** Holds sessions and the agent processes that serve them. Thread-safe. */
public interface Engine extends AutoCloseable {
    /**
     * Opens a session. The same specification again returns the same session. No process starts before the first
     * prompt.
     *
     * @throws HotPlexException PROVIDER_UNKNOWN, PROVIDER_UNAVAILABLE, WORK_DIR_*, SESSION_CONFLICT, SESSION_LIMIT,
     *     OPTIONS_CONFLICT, NOT_SUPPORTED or ENGINE_CLOSED
     */
    Session open(SessionSpec spec);

    /** The open session with this id. */
    Optional<Session> session(String id);

    /** All open sessions at this moment. */
    List<SessionInfo> sessions();

    /** The names of the configured providers. */
    List<String> providers();

    /** The pool at this moment. */
    PoolSnapshot pool();

    /**
     * Closes all sessions and ends all processes. Blocks at most for the configured shutdown limit, then kills.
     * Idempotent.
     */
    @Override
    void close();
}
