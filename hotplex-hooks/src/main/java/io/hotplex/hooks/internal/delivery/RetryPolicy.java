package io.hotplex.hooks.internal.delivery;

import io.hotplex.api.spi.HookConfig;
import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * How long to wait after a failure: twice as long after each, up to a limit, less a random part of up to a half, so
 * that many who failed together do not come back together. Immutable.
 *
 * @param attempts how often a delivery is tried before it is put aside
 * @param random gives numbers from 0 to 1
 */
record RetryPolicy(int attempts, Duration first, Duration longest, DoubleSupplier random) {
    /** Doubling further would overflow, and is beyond any limit. */
    private static final int MAX_DOUBLINGS = 40;

    static RetryPolicy of(HookConfig config, DoubleSupplier random) {
        Duration first = config.duration("retry-delay", "1s");
        Duration longest = config.duration("retry-max-delay", "30m");
        if (first.compareTo(longest) > 0) {
            throw config.invalid("retry-delay", "at most retry-max-delay");
        }
        return new RetryPolicy(config.number("retry-attempts", 20, 1, 1_000_000), first, longest, random);
    }

    /** @param failures how many there were in a row, at least 1 */
    long delayNanos(int failures) {
        double doubled = (double) first.toNanos() * Math.pow(2, Math.min(failures - 1, MAX_DOUBLINGS));
        return (long) (Math.min(doubled, (double) longest.toNanos()) * (1 - random.getAsDouble() / 2));
    }
}
