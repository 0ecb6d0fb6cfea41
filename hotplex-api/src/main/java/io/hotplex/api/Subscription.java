package io.hotplex.api;

/** A running subscription. Thread-safe. */
public interface Subscription extends AutoCloseable {
    /** The offset of the last record that was delivered, or the start position. */
    long position();

    /** Stops delivery; a call that is running may still end. Idempotent, never blocks. */
    @Override
    void close();
}
