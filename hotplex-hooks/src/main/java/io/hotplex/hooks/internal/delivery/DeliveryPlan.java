package io.hotplex.hooks.internal.delivery;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Decides which session's events a hook delivers next, and when. A plain state machine without thread, clock or stream:
 * who runs it tells the time and what became of deliveries.
 *
 * <p>A lane is in one place: resting (nothing to do), queued until its time, or taken. Whose time came first is next,
 * so that sessions which always have something do not keep the others from their turn. One that fails waits longer each
 * time, and holds back only itself; but when a delivery fails, all others wait for a while as well, since most likely
 * the receiver is away, and longer with each failure that follows. A success ends that.
 *
 * <p>Confined to its runner's lock.
 */
final class DeliveryPlan {
    private final RetryPolicy retries;
    private final PriorityQueue<Lane> queued = new PriorityQueue<>(DeliveryPlan::compare);

    private long places;
    private int taken;
    private int failuresInARow;
    private long pausedUntilNanos;
    private boolean paused;
    private boolean draining;

    DeliveryPlan(RetryPolicy retries) {
        this.retries = retries;
    }

    private static int compare(Lane a, Lane b) {
        long sooner = a.dueNanos - b.dueNanos; // times of System.nanoTime are compared by their difference
        return sooner != 0 ? Long.signum(sooner) : Long.compare(a.place, b.place);
    }

    private void queue(Lane lane, long due) {
        lane.dueNanos = due;
        lane.place = places++;
        queued.add(lane);
    }

    /** A lane that rested has something. */
    void ready(Lane lane, long now) {
        lane.waitingSinceNanos = now;
        queue(lane, now);
    }

    /** The next lane to work on, or {@code null} when none is due. */
    @Nullable
    Lane take(long now) {
        if (!due(now)) {
            return null;
        }
        taken++;
        return queued.poll();
    }

    private boolean due(long now) {
        Lane first = queued.peek();
        return first != null && now - first.dueNanos >= 0 && !(paused && now - pausedUntilNanos < 0);
    }

    /** How long until something is due, in nanoseconds; {@code Long.MAX_VALUE} when only news can change that. */
    long waitNanos(long now) {
        Lane first = queued.peek();
        if (first == null) {
            return Long.MAX_VALUE;
        }
        long pause = paused ? Math.max(0, pausedUntilNanos - now) : 0;
        return Math.max(pause, Math.max(0, first.dueNanos - now));
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
        taken--;
        queue(lane, now + Math.max(askedNanos, retries.delayNanos(lane.failures)));
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
        queue(lane, draining ? now : now + delayNanos);
    }

    /** A lane that was taken has nothing more. */
    void rests() {
        taken--;
    }

    /** A lane has nothing any more that anybody wants; one that was taken is told so by whoever took it. */
    void drop(Lane lane) {
        queued.remove(lane);
    }

    /** From now on nothing is held back but what has failed. */
    void drain(long now) {
        draining = true;
        List<Lane> all = new ArrayList<>(queued);
        queued.clear();
        all.forEach(lane -> queue(lane, lane.failures == 0 ? now : lane.dueNanos));
    }

    /** Whether nothing can be delivered at the moment, nor is being delivered. */
    boolean drained(long now) {
        return taken == 0 && !due(now);
    }

    boolean retrying() {
        return failuresInARow > 0;
    }
}
