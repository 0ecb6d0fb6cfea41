package io.hotplex.server.internal.http;

import io.hotplex.api.HotPlexException;
import java.util.concurrent.Executor;

/** The way to a WebSocket's client. Thread-safe; no method blocks. Pings are sent and answered by the connection. */
public interface WebSocket {
    /** The request that was upgraded: principal, address, parameters. */
    Request request();

    /**
     * Sends a text message. What comes after the end is dropped. Whoever writes while the connection is not writable
     * makes it hold ever more; beyond {@code server.max-pending-bytes} it is closed.
     */
    void send(String text);

    /** Whether more may be written now; otherwise wait for {@link WebSocketEndpoint.Listener#onWritable()}. */
    boolean isWritable();

    /**
     * Says good-bye and closes. Idempotent: the first one counts.
     *
     * @param code see {@link ErrorStatus#close()}
     * @param reason cut to what a close frame can hold, 123 bytes
     */
    void close(int code, String reason);

    /**
     * Counts a message of the client, which costs as much as a request with its key.
     *
     * @throws HotPlexException TOO_MANY_REQUESTS when there were too many in a second, UNAUTHENTICATED when the key is
     *     valid no longer
     */
    void countMessage();

    /** Runs what may take a while; bounded, so it may refuse. */
    Executor workers();

    /** The connection's event loop: runs short tasks in order with the listener's calls. */
    Executor eventLoop();
}
