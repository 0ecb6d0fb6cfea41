package io.hotplex.api.spi;

import io.hotplex.api.SessionSpec;

/**
 * Reads what all sessions of an engine write down: what tells the world outside is one of these. Calls come from
 * several threads, may overlap, and must be quick and never block, but for {@link #start}, {@link #deleting} and
 * {@link #close}; reading happens on the reader's own threads. A throw is logged and ignored, but for {@link #start}.
 *
 * <p>A reader keeps no session awake: those that sleep in a durable journal are read from the journal.
 */
public interface JournalReader extends AutoCloseable {
    /**
     * The engine opens; called once, after what an earlier engine left was mended and before any session is open. May
     * block on I/O. When it throws the engine does not open: nobody would notice what the reader does not tell.
     *
     * @param journal stays open until after {@link #close}; to be read from alone
     */
    default void start(Journal journal) {}

    /**
     * A session can be read. What it wrote so far is in the log; what comes is told by {@link #readable}, which may be
     * called for the session before this is.
     *
     * @param log stays readable as long as it is held, what the journal does not keep any more excepted
     */
    default void opened(SessionSpec spec, SessionLog log) {}

    /**
     * Readers see everything up to an offset. Called for each record, by the session's owner or the journal's writer,
     * so it is part of what a turn waits for.
     */
    default void readable(String sessionId, long newest) {}

    /**
     * The session will write nothing more: it is over, left to the next engine, or asleep. One that wakes in this
     * engine is {@link #opened} again.
     */
    default void completed(String sessionId) {}

    /**
     * A session is about to be deleted with everything that is kept of it: the last time that it can be read. May block
     * for a moment.
     */
    default void deleting(String sessionId) {}

    /** A session was deleted with everything that was kept of it; one that has its id later is another. */
    default void deleted(String sessionId) {}

    /** The engine ends, and the journal after it: reads what it still can within a bound that it has, then stops. */
    @Override
    default void close() {}
}
