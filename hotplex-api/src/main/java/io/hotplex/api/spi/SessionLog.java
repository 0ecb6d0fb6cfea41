package io.hotplex.api.spi;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The log of one session. {@link #append} belongs to the session's owner; the rest is thread-safe. */
public interface SessionLog extends AutoCloseable {
    /**
     * Appends an event and returns its record; from then on readers see it. Never blocks on I/O. Called by one thread
     * at a time.
     */
    EventRecord append(@Nullable String turnId, Instant time, AgentEvent event);

    /**
     * Reads records in order.
     *
     * @param after the last offset that the reader has
     * @param max how many at most
     * @return the records after {@code after}; when those are not kept any more, what is kept from the oldest on; empty
     *     at the end
     */
    List<EventRecord> read(long after, int max);

    /** The oldest offset that is kept; {@code newest() + 1} when none is. */
    long oldest();

    /** The newest offset; 0 when nothing was appended. */
    long newest();

    /** Ends writing. What the journal keeps stays readable by those who hold this log. */
    @Override
    void close();
}
