package io.hotplex.core.internal.session;

import java.time.Duration;
import java.util.ArrayDeque;

/**
 * Suspends starts after too many crashes: {@code limit} within {@code window} open the breaker for {@code pause}. A
 * turn that completes closes it. Confined to the session's owner.
 */
final class CrashBreaker {
    private final int limit;
    private final long windowNanos;
    private final long pauseNanos;
    private final ArrayDeque<Long> crashes = new ArrayDeque<>();

    CrashBreaker(int limit, Duration window, Duration pause) {
        this.limit = limit;
        this.windowNanos = window.toNanos();
        this.pauseNanos = pause.toNanos();
    }

    void crashed(long now) {
        crashes.addLast(now);
        if (crashes.size() > limit) {
            crashes.removeFirst();
        }
    }

    void succeeded() {
        crashes.clear();
    }

    /** How long starts are suspended from now on; zero when they are not. */
    Duration pauseLeft(long now) {
        if (crashes.size() < limit || crashes.getLast() - crashes.getFirst() > windowNanos) {
            return Duration.ZERO;
        }
        long left = crashes.getLast() + pauseNanos - now;
        return left > 0 ? Duration.ofNanos(left) : Duration.ZERO;
    }
}
