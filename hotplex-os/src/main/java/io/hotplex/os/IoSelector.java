package io.hotplex.os;

/** Waits for many descriptors at once, level-triggered. Confined to the thread of its {@link IoLoop}. */
interface IoSelector extends AutoCloseable {
    /**
     * Calls {@code ready} from {@link #select} whenever the descriptor can be read (or written), has failed or has
     * ended. Calls may come without cause. The descriptor must not be watched already.
     */
    void watch(int fd, boolean forWriting, Runnable ready);

    /** Forgets a descriptor, if it is watched. Must come before the descriptor is closed. */
    void unwatch(int fd);

    /**
     * Waits until a descriptor is ready and calls what belongs to those that are.
     *
     * @param timeoutMillis longest wait; negative waits without limit
     */
    void select(int timeoutMillis);

    @Override
    void close();
}
