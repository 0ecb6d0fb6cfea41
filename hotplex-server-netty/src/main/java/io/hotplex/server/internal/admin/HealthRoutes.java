package io.hotplex.server.internal.admin;

import io.hotplex.api.Engine;
import io.hotplex.server.internal.http.Access;
import io.hotplex.server.internal.http.Response;
import io.hotplex.server.internal.http.Route;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Whether the server lives. */
public final class HealthRoutes {
    private HealthRoutes() {}

    /** The routes. */
    public static List<Route> of(Engine engine) {
        return List.of(Route.of(
                        "GET",
                        "/health/live",
                        Access.PUBLIC,
                        request -> CompletableFuture.completedFuture(Response.json(200, Map.of("status", "alive"))))
                .with(Route.Flag.WHILE_DRAINING));
    }
}
