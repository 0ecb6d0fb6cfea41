/** Metrics, and the one place that knows the client library of Prometheus. */
@NullMarked
package io.hotplex.telemetry.internal.metrics;

import org.jspecify.annotations.NullMarked;
