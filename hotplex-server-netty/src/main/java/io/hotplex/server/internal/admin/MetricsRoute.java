package io.hotplex.server.internal.admin;

import io.hotplex.server.internal.http.Access;
import io.hotplex.server.internal.http.ExchangeListener;
import io.hotplex.server.internal.http.Response;
import io.hotplex.server.internal.http.Route;
import io.hotplex.telemetry.Telemetry;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

/** Metrics on a path, and the server's part in them. Thread-safe. */
public final class MetricsRoute implements ExchangeListener {
    private final Telemetry telemetry;

    public MetricsRoute(Telemetry telemetry) {
        this.telemetry = telemetry;
    }

    /**
     * {@code /metrics}, as text that Prometheus reads: OpenMetrics if it asks for that.
     *
     * @param access what a request needs
     */
    public Route route(Access access) {
        return Route.of("GET", "/metrics", access, request -> {
                    String type = telemetry.contentType(request.headers().first("Accept"));
                    byte[] text = telemetry.metrics(type).getBytes(StandardCharsets.UTF_8);
                    return CompletableFuture.completedFuture(Response.of(200, type, text));
                })
                .with(Route.Flag.WHILE_DRAINING);
    }

    @Override
    public void onExchange(Summary summary) {
        telemetry.request(summary.method(), summary.route(), summary.status(), summary.bytes(), summary.time());
    }

    @Override
    public void onConnectionRefused() {
        telemetry.connectionRefused();
    }
}
