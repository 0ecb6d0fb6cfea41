package io.hotplex.server.internal.http;

import java.util.concurrent.Executor;

/** The way to the reader of a stream of server-sent events. Thread-safe; no method blocks. */
public interface EventStream {
    /**
     * Sends a frame, or several, as {@code text/event-stream} has them. What comes after the end is dropped. Whoever
     * writes while the stream is not writable makes it hold ever more; beyond {@code server.max-pending-bytes} it is
     * closed.
     */
    void send(String frames);

    /**
     * Sends frames as {@link #send(String)} does.
     *
     * @param written run on the event loop when the socket took them; not at all when it never does
     */
    void send(String frames, Runnable written);

    /** Whether more may be written now; otherwise wait for {@link EventSource.Listener#onWritable()}. */
    boolean isWritable();

    /** Ends the response properly. Idempotent. */
    void end();

    /** The connection's event loop: runs short tasks in order with the listener's calls. */
    Executor eventLoop();
}
