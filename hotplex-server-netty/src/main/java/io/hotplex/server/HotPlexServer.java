package io.hotplex.server;

import io.hotplex.api.Engine;
import io.hotplex.core.HotPlex;
import io.hotplex.server.internal.admin.HealthRoutes;
import io.hotplex.server.internal.auth.ApiKey;
import io.hotplex.server.internal.auth.KeyRing;
import io.hotplex.server.internal.auth.Principal;
import io.hotplex.server.internal.auth.Quota;
import io.hotplex.server.internal.auth.Scope;
import io.hotplex.server.internal.clients.ClientRoutes;
import io.hotplex.server.internal.console.ConsoleRoutes;
import io.hotplex.server.internal.http.AccessLog;
import io.hotplex.server.internal.http.Gatekeeper;
import io.hotplex.server.internal.http.HttpServer;
import io.hotplex.server.internal.http.Route;
import io.hotplex.server.internal.http.Router;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A gateway: an engine behind HTTP and WebSocket.
 *
 * <pre>{@code
 * try (HotPlexServer server = HotPlexServer.builder().engine(HotPlex.builder()).key(secret).start()) {
 *     System.out.println("listening on " + server.address());
 *     server.awaitStop();
 * }
 * }</pre>
 *
 * <p>Thread-safe.
 */
public final class HotPlexServer implements AutoCloseable {
    private final HttpServer http;
    private final @Nullable Engine owned;

    private HotPlexServer(HttpServer http, @Nullable Engine owned) {
        this.http = http;
        this.owned = owned;
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return http.address();
    }

    /**
     * Lets go of all clients, with good-byes; blocks until they are gone, at most {@code server.drain-timeout} and a
     * few seconds. Idempotent.
     */
    public void drain() {
        http.drain();
    }

    /**
     * Drains, ends the server, and closes the engine if it was built for it. Idempotent; bounded.
     *
     * <p>The engine is closed while clients are let go of: those that follow a session see how it ends, and who waited
     * for that would wait for nothing.
     */
    @Override
    public void close() {
        CompletableFuture<Void> drained =
                CompletableFuture.runAsync(http::drain, task -> new Thread(task, "hotplex-drain").start());
        try {
            if (owned != null) {
                owned.close();
            }
        } finally {
            try {
                drained.join();
            } finally {
                http.close();
            }
        }
    }

    /** Collects what a server is made of. Not thread-safe; starts one server. */
    public static final class Builder {
        private ServerConfig config = ServerConfig.builder().build();
        private final List<ApiKey> keys = new ArrayList<>();
        private @Nullable Engine engine;
        private @Nullable HotPlex parts;

        private Builder() {}

        /** Address, limits, timeouts. */
        public Builder config(ServerConfig value) {
            config = Objects.requireNonNull(value, "config");
            return this;
        }

        /** Serves this engine, which the application closes. */
        public Builder engine(Engine value) {
            engine = Objects.requireNonNull(value, "engine");
            return this;
        }

        /** Builds the engine to serve; the server closes it. */
        public Builder engine(HotPlex value) {
            parts = Objects.requireNonNull(value, "engine");
            return this;
        }

        /** Lets in who has this secret: with every scope, for the owner {@code local}. */
        public Builder key(String secret) {
            Principal principal = new Principal("local", EnumSet.allOf(Scope.class), "key-" + (keys.size() + 1));
            keys.add(ApiKey.of(secret, principal, Quota.UNLIMITED));
            return this;
        }

        /**
         * Starts the server.
         *
         * @throws io.hotplex.api.HotPlexException CONFIG_INVALID; then nothing is left running
         */
        public HotPlexServer start() {
            Engine built = parts == null ? null : parts.build();
            Engine served = built == null ? Objects.requireNonNull(engine, "engine") : built;
            try {
                KeyRing ring = new KeyRing(keys);
                List<Route> routes = new ArrayList<>(HealthRoutes.of(served));
                routes.addAll(ConsoleRoutes.all());
                routes.addAll(ClientRoutes.of(served, config, ring::quota));
                HttpServer http = HttpServer.start(config, new Router(routes), new Gatekeeper(ring), new AccessLog());
                return new HotPlexServer(http, built);
            } catch (RuntimeException e) {
                if (built != null) {
                    built.close();
                }
                throw e;
            }
        }
    }
}
