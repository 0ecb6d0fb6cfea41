package io.hotplex.api.spi;

import io.hotplex.api.EventRecord;
import io.hotplex.api.JournalStats;
import java.util.List;
import java.util.Optional;

/**
 * Keeps the ordered logs of sessions and, if it is {@linkplain #durable() durable}, what an engine needs to go on with
 * them later. Thread-safe.
 */
public interface Journal extends AutoCloseable {
    /**
     * The log of a session, created when there is none. One engine opens a session's log once at a time. Never blocks
     * on I/O.
     *
     * @param listener hears what becomes of what is appended
     * @throws io.hotplex.api.HotPlexException STATE_IN_USE when another engine took the journal over
     */
    SessionLog open(String sessionId, LogListener listener);

    /** The log of a session for those who look at it when they please; otherwise as the other method. */
    default SessionLog open(String sessionId) {
        return open(sessionId, LogListener.NONE);
    }

    /** Whether sessions and their events outlive the engine and its JVM. */
    default boolean durable() {
        return false;
    }

    /**
     * The sessions that the journal knows, closed ones included, in no order. May block on I/O.
     *
     * @throws io.hotplex.api.HotPlexException JOURNAL_UNAVAILABLE when they cannot be read
     */
    default List<StoredSession> sessions() {
        return List.of();
    }

    /** One of {@link #sessions()}. */
    default Optional<StoredSession> session(String sessionId) {
        return Optional.empty();
    }

    /**
     * The turns of a session that have not ended, and the last prompts' turns that have, in order of acceptance. May
     * block on I/O.
     */
    default List<StoredTurn> turns(String sessionId) {
        return List.of();
    }

    /** Records of a session that need not be open; otherwise as {@link SessionLog#read}. */
    default List<EventRecord> read(String sessionId, long after, int max) {
        return List.of();
    }

    /**
     * Deletes a session with all that is known of it. The session's log must not be open. May block on I/O.
     *
     * @return whether there was one
     */
    default boolean delete(String sessionId) {
        return false;
    }

    /**
     * Whether records can be written now, as far as the last attempt told. Never blocks on I/O.
     *
     * @throws io.hotplex.api.HotPlexException JOURNAL_UNAVAILABLE when they cannot, with the reason; STATE_IN_USE when
     *     another engine took the journal over
     */
    default void checkWritable() {}

    /**
     * Tries to write, even when nobody else does at the moment. Blocks on I/O, some seconds at most.
     *
     * @throws io.hotplex.api.HotPlexException JOURNAL_UNAVAILABLE when records cannot be written, or soon cannot since
     *     there is no room, with the reason; STATE_IN_USE when another engine took the journal over
     */
    default void probe() {
        checkWritable();
    }

    /** How much it keeps, and how far it is behind, for who operates it. Never blocks on I/O. */
    default JournalStats stats() {
        return JournalStats.NONE;
    }

    /** Writes what waits, as long as that takes only a moment, and ends the journal; logs must not be used any more. */
    @Override
    void close();
}
