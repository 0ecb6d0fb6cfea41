package io.hotplex.hooks.internal.delivery;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Decides which session's events a hook delivers next, and when. A plain state machine without thread, clock or stream:
 * who runs it tells the time and what became of deliveries.
 *
 * <p>A lane is in one place: resting (nothing to do), ready, delayed until its time, or taken. One that fails waits
 * longer each time, and holds back only itself; but when a delivery fails, all others wait for a while as well, since
 * most likely the receiver is away, and longer with each failure that follows. A success ends that.
 *
 * <p>Confined to its runner's lock.
 */
final class DeliveryPlan {
    private final RetryPolicy retries;
    private final Deque<Lane> ready = new ArrayDeque<>();
    private final PriorityQueue<Lane> delayed =
            new PriorityQueue<>(Comparator.comparingLong((Lane lane) -> lane.dueNanos));

    private int taken;
    private int failuresInARow;
    private long pausedUntilNanos;
    private boolean paused;
    private boolean draining;

    DeliveryPlan(RetryPolicy retries) {
        this.retries = retries;
    }

    /** A lane that rested has something. */
    void ready(Lane lane, long now) {
        lane.waitingSinceNanos = now;
        ready.add(lane);
    }

    /** The next lane to work on, or {@code null} when none is due. */
    @Nullable
    Lane take(long now) {
        if (paused && now - pausedUntilNanos < 0) {
            return null;
        }
        Lane due = delayed.peek();
        Lane next = due != null && now - due.dueNanos >= 0 ? delayed.poll() : ready.poll();
        if (next != null) {
            taken++;
        }
        return next;
    }

    /** How long until something is due, in nanoseconds; {@code Long.MAX_VALUE} when only news can change that. */
    long waitNanos(long now) {
        Lane due = delayed.peek();
        long lane = !ready.isEmpty() ? 0 : due == null ? Long.MAX_VALUE : Math.max(0, due.dueNanos - now);
        long pause = paused ? Math.max(0, pausedUntilNanos - now) : 0;
        return lane == Long.MAX_VALUE ? lane : Math.max(lane, pause);
    }

    /** Events were delivered. */
    void delivered(Lane lane, long now) {
        lane.failures = 0;
        lane.limit = 0;
        lane.waitingSinceNanos = now;
        failuresInARow = 0;
        paused = false;
    }

    /** Whether this failure of a lane is the last that it may have. */
    boolean exhausted(Lane lane) {
        return lane.failures + 1 >= retries.attempts();
    }

    /**
     * A delivery of a lane that was taken failed, and is to be tried again.
     *
     * @param askedNanos how long the receiver wants to be left alone, 0 if it did not say
     */
    void failed(Lane lane, long askedNanos, long now) {
        lane.failures++;
        lane.dueNanos = now + Math.max(askedNanos, retries.delayNanos(lane.failures));
        taken--;
        delayed.add(lane);
        pause(askedNanos, now);
    }

    /** A delivery failed for the last time: the events were put aside, the lane goes on, but others wait as well. */
    void gaveUp(Lane lane, long now) {
        delivered(lane, now);
        failuresInARow++;
    }

    private void pause(long askedNanos, long now) {
        failuresInARow++;
        paused = true;
        pausedUntilNanos = now + Math.max(askedNanos, retries.delayNanos(failuresInARow));
    }

    /**
     * A lane that was taken has been worked on for now, and may have more.
     *
     * @param delayNanos how long others, and the collection of what comes, have precedence
     */
    void again(Lane lane, long delayNanos, long now) {
        taken--;
        if (draining || delayNanos == 0) {
            ready.add(lane);
        } else {
            lane.dueNanos = now + delayNanos;
            delayed.add(lane);
        }
    }

    /** A lane that was taken has nothing more. */
    void rests() {
        taken--;
    }

    /** From now on nothing is held back but what has failed. */
    void drain() {
        draining = true;
        delayed.removeIf(lane -> {
            boolean held = lane.failures == 0;
            if (held) {
                ready.add(lane);
            }
            return held;
        });
    }

    /** Whether nothing can be delivered at the moment, nor is being delivered. */
    boolean drained(long now) {
        return taken == 0 && (ready.isEmpty() || paused && now - pausedUntilNanos < 0);
    }

    boolean retrying() {
        return failuresInARow > 0;
    }
}
