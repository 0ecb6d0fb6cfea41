package io.hotplex.server.internal.http;

/** Serves the WebSockets of a route, each with a listener of its own. */
@FunctionalInterface
public interface WebSocketEndpoint {
    /**
     * A connection was made. Called on its event loop, before anything is read from it.
     *
     * @return who hears what the client says
     */
    Listener open(WebSocket socket);

    /** Hears what one client says. Called on the connection's event loop: quick, never blocking. */
    interface Listener {
        /**
         * A text message came. Until {@code done} is run, on any thread, no further message is read from this client: a
         * client that sends faster than it is served waits.
         */
        void onText(String text, Runnable done);

        /** The connection was not writable and is again. */
        default void onWritable() {}

        /** The server drains: say what there is to say, and close; soon it is closed anyhow, with 1001. */
        default void onDrain() {}

        /** The connection is over, whoever ended it. The last call. */
        void onClosed();
    }
}
