package io.hotplex.api;

/**
 * Reads a session's journal: first what is there, then what comes. The calls of one subscription never overlap, run on
 * the engine's callback executor and may block: a slow subscriber delays only itself.
 */
@FunctionalInterface
public interface Subscriber {
    /**
     * The subscription begins. The first call, on the thread that subscribes.
     *
     * @param subscription what {@link Session#subscribe} will return, for who wants to pause it from the first record
     *     on
     */
    default void onSubscribe(Subscription subscription) {}

    /**
     * The next record; offsets grow without hole. A throw cancels the subscription and is logged.
     *
     * @param record the record
     */
    void onEvent(EventRecord record);

    /** No further record is at hand right now, or others get the thread: who collects records passes them on. */
    default void onBatchEnd() {}

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

    /**
     * The subscription ended, though the session did not and nobody closed it: a call of this subscriber threw, the
     * journal could not be read, another engine took it over, or the executor takes no more. Nothing follows; who wants
     * the rest subscribes again after the last record. Called on the thread that found out, which may be the session's
     * own: must not block. What it throws is logged.
     *
     * @param cause what was thrown
     */
    default void onFailed(Throwable cause) {}
}
