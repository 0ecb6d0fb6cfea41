package io.hotplex.api.spi;

/** Keeps the ordered logs of sessions. Thread-safe. */
public interface Journal extends AutoCloseable {
    /** The log of a session, created when there is none. One engine opens a session's log once at a time. */
    SessionLog open(String sessionId);

    /** Ends the journal; logs must not be used any more. */
    @Override
    void close();
}
