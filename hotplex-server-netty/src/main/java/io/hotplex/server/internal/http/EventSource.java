package io.hotplex.server.internal.http;

/** Gives the frames of a stream of server-sent events. */
@FunctionalInterface
public interface EventSource {
    /**
     * The response's head was sent: frames may follow, from this call or from any other thread.
     *
     * @param out where they go
     * @return who hears of the stream's condition from now on
     */
    Listener open(EventStream out);

    /** Hears of a stream's condition. Called on the connection's event loop: quick, never blocking. */
    interface Listener {
        /** The stream was not writable and is again. */
        default void onWritable() {}

        /** The server drains: say what there is to say and call {@link EventStream#end()}; soon it is ended anyhow. */
        default void onDrain() {}

        /** The stream is over, whoever ended it. The last call. */
        void onClosed();
    }
}
