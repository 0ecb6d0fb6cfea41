package io.hotplex.api.spi;

import io.hotplex.api.EventRecord;
import org.jspecify.annotations.Nullable;

/**
 * An event on its way to a hook. Immutable.
 *
 * @param id the same whenever and however often this event is delivered, and of no other event
 * @param record what happened
 * @param owner whose session it is
 * @param provider the name of the session's provider
 * @param severity how much it matters
 * @param traceparent the trace that its turn belongs to, in the form of W3C Trace Context, or {@code null} if none is
 *     known
 */
public record HookEvent(
        String id,
        EventRecord record,
        String owner,
        String provider,
        Severity severity,
        @Nullable String traceparent) {
    /** How much an event matters to who operates agents. */
    public enum Severity {
        /** Pieces of what others tell as a whole. */
        DEBUG,
        /** What is meant to happen. */
        INFO,
        /** Somebody is asked, or something was held up. */
        WARNING,
        /** Something that was asked for did not happen. */
        ERROR
    }
}
