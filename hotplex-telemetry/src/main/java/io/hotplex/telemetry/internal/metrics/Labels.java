package io.hotplex.telemetry.internal.metrics;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The values that one label has had: when there are too many, further ones are {@code other}. Every series of a metric
 * costs memory here and in Prometheus for as long as the process lives. Thread-safe.
 */
final class Labels {
    static final String OTHER = "other";

    private final Set<String> seen = ConcurrentHashMap.newKeySet();
    private final int limit;

    Labels(int limit) {
        this.limit = limit;
    }

    String of(String value) {
        if (seen.contains(value)) {
            return value;
        }
        if (seen.size() >= limit) {
            return OTHER;
        }
        seen.add(value);
        return value;
    }
}
