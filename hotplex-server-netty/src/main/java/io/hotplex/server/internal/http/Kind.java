package io.hotplex.server.internal.http;

/** How a route answers when all is well. */
public enum Kind {
    /** With one response. */
    RESPONSE,
    /** With a stream of server-sent events. */
    EVENTS,
    /** By becoming a WebSocket. Takes no request that is not an upgrade. */
    WEBSOCKET
}
