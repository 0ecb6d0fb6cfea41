package io.hotplex.telemetry.internal.metrics;

import java.time.Duration;

/** Counts what a gateway does. Thread-safe and quick. */
public final class GatewayMeter {
    private static final double NANOS = 1e9;

    private final Meters meters;

    public GatewayMeter(Meters meters) {
        this.meters = meters;
    }

    /** A request was answered, or its connection ended before. */
    public void request(String method, String route, int status, long bytes, Duration time) {
        String bounded = meters.routes.of(route);
        // whoever invents methods must not make labels
        String known = route.equals("-") ? "-" : method;
        meters.requests.labels(known, bounded, Integer.toString(status)).inc();
        meters.requestDuration.labels(bounded).observe(time.toNanos() / NANOS);
        meters.responseBytes.labels(bounded).inc((double) bytes);
    }

    /** A connection was turned away. */
    public void connectionRefused() {
        meters.refused.inc();
    }
}
