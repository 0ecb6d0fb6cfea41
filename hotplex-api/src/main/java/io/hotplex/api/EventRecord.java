package io.hotplex.api;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An event with its place in the session's journal.
 *
 * @param sessionId the session
 * @param firstOffset the first offset that this record stands for; equal to {@code offset} unless deltas were merged
 * @param offset the record's offset: 1, 2, 3 … per session, never reused
 * @param turnId the turn that the event belongs to, or {@code null}
 * @param time when the engine saw it
 * @param event what happened
 */
public record EventRecord(
        String sessionId,
        long firstOffset,
        long offset,
        @Nullable String turnId,
        Instant time,
        AgentEvent event) {
    public EventRecord {
        if (firstOffset < 1 || offset < firstOffset) {
            throw new IllegalArgumentException(
                    "offsets: " + firstOffset + ".." + offset + " (expected: 1 <= first <= last)");
        }
    }
}
