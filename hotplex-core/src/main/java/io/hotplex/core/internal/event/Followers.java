package io.hotplex.core.internal.event;

import io.hotplex.api.SubscriberStats;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;

/**
 * Those who follow the sessions of one engine: how they are served, and how far they are.
 *
 * <p>Threads: atomics. A subscription is added before it can end.
 */
public final class Followers {
    private final Executor executor;
    private final int batchSize;
    private final int mergeBacklog;
    private final Set<JournalSubscription> open = ConcurrentHashMap.newKeySet();
    private final LongAdder merged = new LongAdder();
    private final LongAdder resets = new LongAdder();

    /**
     * @param executor runs subscribers; may refuse, which ends a subscription unless a drain is under way
     * @param batchSize how many records are read at once
     * @param mergeBacklog when a subscriber is more records behind, adjacent deltas are joined
     */
    public Followers(Executor executor, int batchSize, int mergeBacklog) {
        this.executor = executor;
        this.batchSize = batchSize;
        this.mergeBacklog = mergeBacklog;
    }

    Executor executor() {
        return executor;
    }

    int batchSize() {
        return batchSize;
    }

    int mergeBacklog() {
        return mergeBacklog;
    }

    void add(JournalSubscription subscription) {
        open.add(subscription);
    }

    void remove(JournalSubscription subscription) {
        open.remove(subscription);
    }

    /** Records were told as a part of another one. */
    void merged(long records) {
        merged.add(records);
    }

    /** A subscriber was told that what it came for is not kept. */
    void reset() {
        resets.increment();
    }

    /** How they are doing. */
    public SubscriberStats stats() {
        int count = 0;
        long behind = 0;
        long furthest = 0;
        for (JournalSubscription subscription : open) {
            long left = subscription.behind();
            count++;
            behind += left;
            furthest = Math.max(furthest, left);
        }
        return new SubscriberStats(count, behind, furthest, merged.sum(), resets.sum());
    }
}
