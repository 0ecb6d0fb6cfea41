package io.hotplex.os;

/** A clock and the tasks that wait for it. Tasks run on the thread that owns the state they change. */
interface Timers {
    /** Nanoseconds from an arbitrary origin; compare by difference. */
    long nanoTime();

    /**
     * Runs a task when the clock has reached a time.
     *
     * @return cancels the task when it has not begun; may be run more than once
     */
    Runnable at(long nanoTime, Runnable task);
}
