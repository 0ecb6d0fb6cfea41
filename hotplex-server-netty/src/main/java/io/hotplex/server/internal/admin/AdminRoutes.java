package io.hotplex.server.internal.admin;

import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.PoolSnapshot;
import io.hotplex.api.Session;
import io.hotplex.api.SessionInfo;
import io.hotplex.api.spi.HookStatus;
import io.hotplex.server.KeyConfig;
import io.hotplex.server.ServerConfig;
import io.hotplex.server.internal.http.Access;
import io.hotplex.server.internal.http.Connections;
import io.hotplex.server.internal.http.Request;
import io.hotplex.server.internal.http.Response;
import io.hotplex.server.internal.http.Route;
import io.hotplex.server.internal.wire.Fields;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** For operators: what runs, and its end. Tells of sessions that they exist, not what is said in them. */
public final class AdminRoutes {
    private static final String GUARD = "/admin/sessions/{session}/guard-bypass";

    private final Engine engine;
    private final Supplier<Connections> connections;
    private final Supplier<Map<String, Object>> config;
    private final Runnable drain;
    private final Supplier<List<HookStatus>> hooks;

    /**
     * @param connections of the server
     * @param config what is configured, without secrets
     * @param drain begins to stop the server; must not block
     * @param hooks how they are doing
     */
    public AdminRoutes(
            Engine engine,
            Supplier<Connections> connections,
            Supplier<Map<String, Object>> config,
            Runnable drain,
            Supplier<List<HookStatus>> hooks) {
        this.engine = engine;
        this.connections = connections;
        this.config = config;
        this.drain = drain;
        this.hooks = hooks;
    }

    /** The routes. */
    public List<Route> routes() {
        return List.of(
                get("/admin/pool", this::pool),
                get("/admin/sessions", () -> Map.of("sessions", sessions(false))),
                get("/admin/processes", () -> Map.of("processes", sessions(true))),
                get("/admin/config", config),
                get(
                        "/admin/hooks",
                        () -> Map.of(
                                "hooks",
                                hooks.get().stream().map(AdminRoutes::hook).toList())),
                Route.of("POST", GUARD, Access.ADMIN, this::bypass),
                Route.of("DELETE", GUARD, Access.ADMIN, this::restore),
                Route.of("POST", "/admin/drain", Access.ADMIN, request -> {
                            drain.run();
                            return CompletableFuture.completedFuture(Response.json(202, Map.of("status", "draining")));
                        })
                        .with(Route.Flag.WHILE_DRAINING));
    }

    private static Map<String, @Nullable Object> hook(HookStatus status) {
        Map<String, @Nullable Object> body = new LinkedHashMap<>();
        body.put("name", status.name());
        body.put("type", status.type());
        body.put("state", status.state().name().toLowerCase(Locale.ROOT));
        body.put("lag_records", status.lagRecords());
        body.put("lag_ms", status.lag().toMillis());
        body.put("delivered", status.delivered());
        body.put("failed_attempts", status.failedAttempts());
        body.put("dead_letters", status.deadLetters());
        body.put("lost", status.lost());
        body.put("last_error", status.lastError());
        body.put(
                "last_error_at",
                status.lastErrorAt() == null ? null : status.lastErrorAt().toString());
        return body;
    }

    /** Switches a session's guards off for a while; the engine's configuration has to allow it. */
    private CompletionStage<Response> bypass(Request request) {
        Fields fields = new Fields(request.json(), "body");
        Long millis = fields.number("duration_ms");
        String reason = fields.requiredText("reason");
        fields.end();
        if (millis == null) {
            throw fields.wrong("duration_ms is missing");
        }
        session(request)
                .bypassGuard(Duration.ofMillis(millis), request.principal().keyId(), reason);
        return CompletableFuture.completedFuture(Response.empty(204));
    }

    private CompletionStage<Response> restore(Request request) {
        session(request).restoreGuard(request.principal().keyId());
        return CompletableFuture.completedFuture(Response.empty(204));
    }

    private Session session(Request request) {
        return engine.session(request.parameter("session"))
                .orElseThrow(() -> new HotPlexException(
                        ErrorCode.SESSION_NOT_FOUND, "no open session has this id: list those there are"));
    }

    private static Route get(String path, Supplier<Map<String, Object>> body) {
        return Route.of(
                        "GET",
                        path,
                        Access.ADMIN,
                        request -> CompletableFuture.completedFuture(Response.json(200, body.get())))
                .with(Route.Flag.WHILE_DRAINING);
    }

    private Map<String, Object> pool() {
        PoolSnapshot pool = engine.pool();
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("sessions", pool.sessions());
        body.put("processes", pool.processes());
        body.put("starting", pool.starting());
        body.put("busy", pool.busy());
        body.put("idle", pool.idle());
        body.put("waiting", pool.waiting());
        body.put("max_processes", pool.maxProcesses());
        body.put("providers", engine.providers());
        body.put("connections", connections.get().open());
        body.put("draining", connections.get().draining());
        return body;
    }

    private List<Map<String, Object>> sessions(boolean withProcess) {
        return engine.sessions().stream()
                .filter(info -> !withProcess || info.pid() != null)
                .map(AdminRoutes::session)
                .toList();
    }

    private static Map<String, Object> session(SessionInfo info) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("session_id", info.id());
        body.put("owner", info.owner());
        body.put("provider", info.provider());
        body.put("state", info.state().name().toLowerCase(Locale.ROOT));
        body.put("pid", info.pid());
        body.put("generation", info.generation());
        body.put("running_turn", info.runningTurn());
        body.put("queued_turns", info.queuedTurns());
        body.put("newest_offset", info.newestOffset());
        body.put("last_activity", info.lastActivity().toString());
        return body;
    }

    /** What a server's configuration is, for operators: names of keys, and nothing of their secrets. */
    public static Map<String, Object> describe(ServerConfig config) {
        Map<String, Object> body = new LinkedHashMap<>(config.toProperties());
        for (KeyConfig key : config.clientKeys()) {
            body.put(ServerConfig.KEY_PREFIX + key.id() + ".owner", key.owner());
            body.put(ServerConfig.KEY_PREFIX + key.id() + ".scopes", String.join(",", key.get(KeyConfig.SCOPES)));
            body.put(ServerConfig.KEY_PREFIX + key.id() + ".approves", key.get(KeyConfig.APPROVES));
        }
        return body;
    }
}
