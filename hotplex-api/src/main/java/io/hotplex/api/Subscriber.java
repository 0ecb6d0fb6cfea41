package io.hotplex.api;

/**
 * Reads a session's journal: first what is there, then what comes. The calls of one subscription never overlap, run on
 * the engine's callback executor and may block: a slow subscriber delays only itself.
 */
@FunctionalInterface
public interface Subscriber {
    /**
     * The next record; offsets grow without hole. A throw cancels the subscription and is logged.
     *
     * @param record the record
     */
    void onEvent(EventRecord record);

    /**
     * Records between the last one delivered and {@code oldest} are not kept any more. The next record delivered is
     * {@code oldest}.
     *
     * @param oldest the oldest offset that is kept
     * @param newest the newest offset
     */
    default void onReset(long oldest, long newest) {}

    /** The session is closed and everything was delivered. Nothing follows. */
    default void onClosed() {}
}
