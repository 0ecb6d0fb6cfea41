package io.hotplex.api.spi;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The log of one session. {@link #append} and {@link #save} belong to the session's owner; the rest is thread-safe.
 *
 * <p>A durable journal writes later than it takes. What it takes is in order, and readers see a record only when it is
 * as safe as the journal's {@linkplain JournalConfig.Acknowledgement acknowledgement} promises: what a reader saw is
 * never taken back by a crash.
 */
public interface SessionLog extends AutoCloseable {
    /** Appends an event and returns its record. Never blocks on I/O. Called by one thread at a time. */
    EventRecord append(@Nullable String turnId, Instant time, AgentEvent event);

    /** Keeps the session's state, beside what was appended before. Never blocks on I/O. The last one counts. */
    default void save(SessionState state) {}

    /**
     * Keeps an accepted prompt until the turn's terminal event is appended. Never blocks on I/O.
     *
     * @param onSafe called once, on any thread, when it is as safe as the journal's acknowledgement promises
     * @throws io.hotplex.api.HotPlexException JOURNAL_UNAVAILABLE when the journal cannot write at the moment,
     *     STATE_IN_USE when another engine took it over; then it keeps nothing of it
     */
    default void accept(StoredTurn turn, Runnable onSafe) {
        onSafe.run();
    }

    /**
     * Whether more waits to be written than the journal wants to hold. Who asks should append no more than it must
     * until {@link LogListener#relieved()} is called.
     */
    default boolean backlogged() {
        return false;
    }

    /**
     * Reads records in order. May block on I/O for those that are not in memory any more.
     *
     * @param after the last offset that the reader has
     * @param max how many at most
     * @return the records after {@code after}; when those are not kept any more, what is kept from the oldest on; empty
     *     at the end
     */
    List<EventRecord> read(long after, int max);

    /** The oldest offset that is kept; {@code newest() + 1} when none is. */
    long oldest();

    /** The newest offset that readers see; 0 when there is none. */
    long newest();

    /** Ends writing. What the journal keeps stays readable by those who hold this log. */
    @Override
    void close();
}
