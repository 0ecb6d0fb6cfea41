package io.hotplex.core.internal.lease;

/** The right to drive an agent's conversation, held until closed or until the JVM ends. Thread-safe. */
public interface Lease extends AutoCloseable {
    /** Gives the right back. Idempotent. */
    @Override
    void close();
}
