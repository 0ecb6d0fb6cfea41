package io.hotplex.server.internal.auth;

import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A token bucket for each of many senders. Thread-safe: one entry of the map is one bucket.
 *
 * <p>A bucket is one number, the moment at which it would be full again; a full one needs no entry and is forgotten in
 * time. It holds what comes in one second at its rate.
 *
 * @param <K> names a sender
 */
public final class RateLimiter<K> {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    /** After so many new entries those that say nothing are thrown out. */
    private static final int SWEEP_AFTER = 1024;

    private final LongSupplier ticker;
    private final long start;
    private final ConcurrentHashMap<K, Long> fullAt = new ConcurrentHashMap<>();
    private final AtomicInteger added = new AtomicInteger();

    /** @param ticker gives nanoseconds of some clock that does not jump */
    public RateLimiter(LongSupplier ticker) {
        this.ticker = ticker;
        this.start = ticker.getAsLong();
    }

    /**
     * Takes one token.
     *
     * @param perSecond the rate that holds for this sender now
     * @return {@code null} when there was one, else the time until there is
     */
    public @Nullable Duration take(K sender, int perSecond) {
        long now = ticker.getAsLong() - start;
        long interval = Math.max(1, SECOND / perSecond);
        long[] wait = new long[1];
        fullAt.compute(sender, (k, known) -> {
            if (known == null) {
                added.incrementAndGet();
            }
            long full = Math.max(now, known == null ? now : known) + interval;
            wait[0] = full - now - SECOND;
            return wait[0] > 0 && known != null ? known : full;
        });
        if (added.get() >= SWEEP_AFTER) {
            added.set(0);
            fullAt.values().removeIf(full -> full <= now);
        }
        return wait[0] > 0 ? Duration.ofNanos(wait[0]) : null;
    }

    /** How many senders are remembered. */
    int size() {
        return fullAt.size();
    }
}
