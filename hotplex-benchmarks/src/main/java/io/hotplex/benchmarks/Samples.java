package io.hotplex.benchmarks;

import java.util.Arrays;

/** Durations of one kind. Not thread-safe. */
final class Samples {
    private long[] nanos = new long[1024];
    private int count;

    void add(long elapsedNanos) {
        if (count == nanos.length) {
            nanos = Arrays.copyOf(nanos, 2 * count);
        }
        nanos[count++] = elapsedNanos;
    }

    void addAll(Samples others) {
        for (int i = 0; i < others.count; i++) {
            add(others.nanos[i]);
        }
    }

    /** Forgets what was measured while the JVM was warming up. */
    void clear() {
        count = 0;
    }

    int count() {
        return count;
    }

    /** Microseconds that this part of all samples, 0 to 1, does not exceed. */
    double micros(double part) {
        if (count == 0) {
            throw new IllegalStateException("nothing was measured");
        }
        long[] sorted = Arrays.copyOf(nanos, count);
        Arrays.sort(sorted);
        return sorted[Math.max(0, (int) Math.ceil(part * count) - 1)] / 1000.0;
    }

    /** Microseconds on average. */
    double mean() {
        return Arrays.stream(nanos, 0, count).average().orElseThrow() / 1000;
    }

    double p50() {
        return micros(0.50);
    }

    double p99() {
        return micros(0.99);
    }
}
