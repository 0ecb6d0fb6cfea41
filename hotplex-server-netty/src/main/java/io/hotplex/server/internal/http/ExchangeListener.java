package io.hotplex.server.internal.http;

import java.time.Duration;

/** Hears of requests and connections. Called on event loops: quick, never blocking. */
public interface ExchangeListener {
    /** A request was answered, or its connection ended before. For a stream or a WebSocket: when that ended. */
    void onExchange(Summary summary);

    /** A connection was turned away because there are too many. */
    default void onConnectionRefused() {}

    /**
     * @param method of the request
     * @param route the template of its route, or {@code -}; never the path, which has ids
     * @param status of the response, or 0 when there was none
     * @param bytes of the response's body
     * @param keyId the name of the key, or {@code -}
     */
    record Summary(
            String requestId, String method, String route, int status, long bytes, Duration time, String keyId) {}
}
