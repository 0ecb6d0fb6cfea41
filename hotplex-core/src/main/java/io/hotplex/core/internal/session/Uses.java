package io.hotplex.core.internal.session;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many calls use a session at the moment. Who uses it keeps it awake; while nobody does it may fall asleep, once
 * and for good. Thread-safe: one number, {@value #ASLEEP} when it sleeps.
 */
final class Uses {
    private static final int ASLEEP = -1;

    private final AtomicInteger count = new AtomicInteger();

    /** Begins a use; {@code false} when it sleeps. */
    boolean begin() {
        return count.updateAndGet(uses -> uses == ASLEEP ? ASLEEP : uses + 1) != ASLEEP;
    }

    /** Ends a use that began. */
    void end() {
        count.decrementAndGet();
    }

    /** Falls asleep, unless it is used. */
    boolean sleep() {
        return count.compareAndSet(0, ASLEEP);
    }

    /** Is awake after all. Only who put it to sleep may say so. */
    void stay() {
        count.set(0);
    }

    boolean asleep() {
        return count.get() == ASLEEP;
    }
}
