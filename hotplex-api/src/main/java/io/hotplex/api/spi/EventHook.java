package io.hotplex.api.spi;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Tells somebody outside what happens in sessions. Whoever runs it reads the journal, filters, keeps its place, retries
 * and puts aside what cannot be delivered; the hook delivers, and says how that went.
 *
 * <p>Called on threads that belong to this hook alone, at most {@code concurrency} at a time (1 unless configured), and
 * never for one session twice at a time. A call may block as long as its receiver takes, within a limit that the hook
 * should have; while it does, this hook falls behind and nobody else.
 */
@FunctionalInterface
public interface EventHook extends AutoCloseable {
    /**
     * Delivers events of one session, in order. They may come again, with the same ids, when it is not known whether
     * they arrived.
     *
     * @param events at least one, at most {@code batch-max-events}
     * @throws Exception counts as {@link Retry}
     */
    Delivery deliver(List<HookEvent> events) throws Exception;

    /** Called once, when nothing more is delivered; a call of {@link #deliver} that hangs may still run. */
    @Override
    default void close() {}

    /** How a delivery went. */
    sealed interface Delivery {
        /** The receiver has them. */
        Delivery DONE = new Done();

        /** Tries again later, as often as is configured. */
        static Delivery retry(String reason) {
            return new Retry(reason, null);
        }
    }

    /** The receiver has them. */
    record Done() implements Delivery {}

    /**
     * The receiver does not have them, and may take them later.
     *
     * @param reason what went wrong, for operators; without content or secrets
     * @param after how long the receiver asked to be left alone, or {@code null} if it did not say
     */
    record Retry(String reason, @Nullable Duration after) implements Delivery {
        public Retry {
            Objects.requireNonNull(reason, "reason");
        }
    }

    /** The receiver will never take them: they are put aside. */
    record Refused(String reason) implements Delivery {}

    /** The receiver wants nothing any more: the hook is disabled until an operator enables it. */
    record Gone(String reason) implements Delivery {}
}
