package io.hotplex.server.internal.admin;

import io.hotplex.server.internal.http.Access;
import io.hotplex.server.internal.http.Handler;
import io.hotplex.server.internal.http.Response;
import io.hotplex.server.internal.http.Route;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Whether the server lives, and whether it can do its work. Public, so it names what is wrong and nothing else. */
public final class HealthRoutes {
    private final Readiness readiness;
    private final Clock clock;
    private final Instant start;

    public HealthRoutes(Readiness readiness, Clock clock) {
        this.readiness = readiness;
        this.clock = clock;
        this.start = clock.instant();
    }

    /** The routes. */
    public List<Route> routes() {
        return List.of(
                route("/health", request -> readiness.checks().thenApply(this::summary)),
                route("/health/live", request -> CompletableFuture.completedFuture(Response.json(200, times("alive")))),
                route("/health/ready", request -> readiness.checks().thenApply(HealthRoutes::ready)));
    }

    private static Route route(String path, Handler handler) {
        return Route.of("GET", path, Access.PUBLIC, handler).with(Route.Flag.WHILE_DRAINING);
    }

    private static Response ready(Map<String, Boolean> checks) {
        List<String> failed = checks.entrySet().stream()
                .filter(check -> !check.getValue())
                .map(Map.Entry::getKey)
                .toList();
        return failed.isEmpty()
                ? Response.json(200, Map.of("status", "ready"))
                : Response.json(503, Map.of("status", "not_ready", "reason", String.join(", ", failed)));
    }

    /** In the form of HotPlex for Go. */
    private Response summary(Map<String, Boolean> checks) {
        boolean healthy = !checks.containsValue(false);
        Map<String, Object> body = times(healthy ? "healthy" : "unhealthy");
        body.put("checks", checks);
        return Response.json(healthy ? 200 : 503, body);
    }

    private Map<String, Object> times(String status) {
        Instant now = clock.instant();
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("status", status);
        body.put("timestamp", now.toString());
        body.put("uptime", Duration.between(start, now).toSeconds() + "s");
        return body;
    }
}
