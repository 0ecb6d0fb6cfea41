package io.hotplex.api.spi;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A hook at one moment.
 *
 * @param state what it is doing
 * @param lagRecords records of journals that it has not looked at or not delivered
 * @param lag how long the oldest of them waits since it was first looked at; zero when none was
 * @param delivered events that were delivered by this engine
 * @param failedAttempts deliveries of this engine that failed and were or will be tried again
 * @param deadLetters events that this engine put aside
 * @param lost records that the journal did not keep until the hook could read them
 * @param lastError what went wrong last, or {@code null}
 * @param lastErrorAt when, or {@code null}
 */
public record HookStatus(
        String name,
        String type,
        State state,
        long lagRecords,
        Duration lag,
        long delivered,
        long failedAttempts,
        long deadLetters,
        long lost,
        @Nullable String lastError,
        @Nullable Instant lastErrorAt) {
    /** What a hook is doing. */
    public enum State {
        /** It delivers, or has nothing to deliver. */
        ACTIVE,
        /** The last attempt failed; it waits for the next. */
        RETRYING,
        /** Its receiver wants nothing any more. */
        DISABLED
    }
}
