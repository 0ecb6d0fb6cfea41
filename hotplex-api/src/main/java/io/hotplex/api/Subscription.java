package io.hotplex.api;

/** A running subscription. Thread-safe. */
public interface Subscription extends AutoCloseable {
    /** The offset of the last record that was delivered, or that was skipped by a reset, or the start position. */
    long position();

    /**
     * Holds delivery back: no call of the subscriber begins until {@link #resume()}. A call that is running may still
     * end; called from within the subscriber, no other follows. What comes meanwhile stays in the journal, and a paused
     * subscription occupies no thread. Idempotent, never blocks.
     */
    void pause();

    /** Goes on after the last record that was delivered. Idempotent, never blocks. */
    void resume();

    /** Stops delivery; a call that is running may still end. Idempotent, never blocks. */
    @Override
    void close();
}
