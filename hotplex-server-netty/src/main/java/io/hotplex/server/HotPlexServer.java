package io.hotplex.server;

import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.core.HotPlex;
import io.hotplex.core.config.ConfigKey;
import io.hotplex.hooks.Hooks;
import io.hotplex.server.internal.admin.AdminRoutes;
import io.hotplex.server.internal.admin.HealthRoutes;
import io.hotplex.server.internal.admin.MetricsRoute;
import io.hotplex.server.internal.admin.Readiness;
import io.hotplex.server.internal.admin.Tracing;
import io.hotplex.server.internal.auth.ApiKey;
import io.hotplex.server.internal.auth.KeyRing;
import io.hotplex.server.internal.auth.Keys;
import io.hotplex.server.internal.auth.TokenFile;
import io.hotplex.server.internal.clients.ClientRoutes;
import io.hotplex.server.internal.clients.SlackRoutes;
import io.hotplex.server.internal.console.ConsoleRoutes;
import io.hotplex.server.internal.http.Access;
import io.hotplex.server.internal.http.AccessLog;
import io.hotplex.server.internal.http.Connections;
import io.hotplex.server.internal.http.ExchangeListener;
import io.hotplex.server.internal.http.Gatekeeper;
import io.hotplex.server.internal.http.HttpServer;
import io.hotplex.server.internal.http.Policy;
import io.hotplex.server.internal.http.Route;
import io.hotplex.server.internal.http.Router;
import io.hotplex.server.internal.sessions.LastProbe;
import io.hotplex.telemetry.Telemetry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A gateway: an engine behind HTTP and WebSocket.
 *
 * <pre>{@code
 * try (HotPlexServer server = HotPlexServer.builder().engine(HotPlex.builder()).key(secret).start()) {
 *     System.out.println("listening on " + server.address());
 *     server.awaitStop(Duration.ofDays(1));
 * }
 * }</pre>
 *
 * <p>Thread-safe.
 */
public final class HotPlexServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HotPlexServer.class);

    /** What {@link #reload} applies; a change of anything else needs another start. */
    private static final Set<ConfigKey<?>> RELOADABLE = Set.of(
            ServerConfig.ALLOWED_HOSTS,
            ServerConfig.ALLOWED_ORIGINS,
            ServerConfig.REQUESTS_PER_SECOND_PER_ADDRESS,
            ServerConfig.TRUSTED_PROXIES);

    private final Builder parts;
    private final ServerConfig start;
    private final KeyRing keys;
    private final Gatekeeper gatekeeper;
    private final HttpServer http;
    /** Where metrics are, when they are not where everything else is. */
    private final @Nullable HttpServer metrics;

    private final Engine engine;
    private final @Nullable Engine owned;
    private final Tracing tracing;
    private final AtomicReference<ServerConfig> config;
    private final CountDownLatch stop;

    private HotPlexServer(Builder parts, Assembly assembly, HttpServer http, @Nullable HttpServer metrics) {
        this.parts = parts;
        this.metrics = metrics;
        this.start = Objects.requireNonNull(assembly.config.get());
        this.keys = assembly.keys;
        this.gatekeeper = assembly.gatekeeper;
        this.http = http;
        this.engine = assembly.engine;
        this.owned = assembly.owned;
        this.tracing = assembly.tracing;
        this.config = assembly.config;
        this.stop = assembly.stop;
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return http.address();
    }

    /** Where it listens for those who want metrics, if that is another port. */
    public Optional<InetSocketAddress> metricsAddress() {
        return Optional.ofNullable(metrics).map(HttpServer::address);
    }

    /** What it serves. */
    Engine engine() {
        return engine;
    }

    /** What is served, for tests that go through all of it. */
    List<Route> routes() {
        return http.routes();
    }

    /**
     * Applies keys, allowed hosts, allowed origins and the rate of addresses of another configuration. Who is connected
     * stays, as long as its key does: streams and WebSockets of one that is gone, or has another secret, owner or
     * scopes, are ended.
     *
     * @return the settings that differ from those of the start and were not applied: they need another start
     * @throws HotPlexException CONFIG_INVALID when a secret is not where it should be, or nobody could be let in any
     *     more; then nothing was changed
     */
    public List<String> reload(ServerConfig other) {
        keys.replace(parts.keys(other, open(start)));
        ServerConfig now = start.with(other, RELOADABLE);
        gatekeeper.replace(Policy.of(now));
        config.set(now);
        http.keysChanged();
        return ServerConfig.keys().stream()
                .filter(key -> !RELOADABLE.contains(key) && !start.get(key).equals(other.get(key)))
                .map(ConfigKey::name)
                .toList();
    }

    /** Asks whoever is in {@link #awaitStop} to close the server; does not block. */
    public void stop() {
        stop.countDown();
    }

    /** Waits until an operator or {@link #stop} asks for the end; tells whether one did. */
    public boolean awaitStop(Duration limit) throws InterruptedException {
        return stop.await(limit.toNanos(), TimeUnit.NANOSECONDS);
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
        stop();
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
                if (metrics != null) {
                    metrics.close();
                }
                tracing.close();
            }
        }
    }

    /** What is made before the server listens. */
    private static final class Assembly {
        private final Tracing tracing;
        private final Telemetry telemetry;
        private final MetricsRoute metrics;
        private final CountDownLatch stop = new CountDownLatch(1);
        private final AtomicReference<HttpServer> http = new AtomicReference<>();
        private final AtomicReference<ServerConfig> config;
        private final KeyRing keys;
        private final Gatekeeper gatekeeper;
        private final Engine engine;
        private final @Nullable Engine owned;

        Assembly(Builder parts) {
            config = new AtomicReference<>(parts.config);
            keys = new KeyRing(parts.keys(parts.config, open(parts.config)));
            gatekeeper = new Gatekeeper(keys, Policy.of(parts.config), open(parts.config), System::nanoTime);
            tracing = parts.telemetry == null ? Tracing.open(parts.config, parts.environment) : Tracing.none();
            telemetry = parts.telemetry != null
                    ? parts.telemetry
                    : Telemetry.builder()
                            .openTelemetry(tracing.openTelemetry())
                            .content(parts.config.get(ServerConfig.TRACING_CONTENT))
                            .build();
            metrics = new MetricsRoute(telemetry);
            HotPlex unbuilt = parts.parts;
            if (unbuilt != null) {
                parts.secrets.forEach(unbuilt::secret);
                unbuilt.listener(telemetry.listener()).reader(telemetry.reader());
                if (parts.hooks != null) {
                    parts.hooks.traces(telemetry::traceparent);
                    unbuilt.reader(parts.hooks);
                }
            }
            owned = unbuilt == null ? null : build(unbuilt);
            engine = owned == null ? Objects.requireNonNull(parts.engine, "engine") : owned;
            telemetry.watch(engine);
            if (parts.hooks != null) {
                telemetry.watchHooks(parts.hooks::status);
            }
            telemetry.watchConnections(
                    () -> http.get() == null ? Map.of() : connections().kinds());
        }

        private Engine build(HotPlex unbuilt) {
            try {
                return unbuilt.build();
            } catch (RuntimeException e) {
                tracing.close();
                throw e;
            }
        }

        private Connections connections() {
            return Objects.requireNonNull(http.get(), "not started").connections();
        }

        List<Route> routes(Builder parts) {
            Map<String, BooleanSupplier> checks = new LinkedHashMap<>();
            checks.put("accepting", () -> !connections().draining());
            LastProbe agent = new LastProbe(() -> engine.probe(null), System::nanoTime);
            checks.put(
                    "agent", () -> agent.status().toCompletableFuture().join().available());
            checks.put("journal", () -> {
                engine.checkJournal();
                return true;
            });
            checks.putAll(parts.checks);
            List<Route> routes = new ArrayList<>();
            routes.addAll(new HealthRoutes(new Readiness(checks, System::nanoTime), Clock.systemUTC()).routes());
            if (parts.config.get(ServerConfig.METRICS_PORT).isEmpty()) {
                routes.add(metrics.route(Access.ADMIN));
            }
            routes.addAll(new AdminRoutes(
                            engine,
                            this::connections,
                            () -> AdminRoutes.describe(Objects.requireNonNull(config.get())),
                            stop::countDown,
                            parts.hooks == null ? List::of : parts.hooks::status)
                    .routes());
            if (parts.hooks != null) {
                routes.addAll(new SlackRoutes(engine, parts.hooks.slackAnswers()).routes());
            }
            routes.add(gatekeeper.ticketRoute());
            routes.addAll(ConsoleRoutes.all());
            routes.addAll(ClientRoutes.of(
                    engine, parts.config, gatekeeper::quota, Optional.ofNullable(parts.stateDirectory)));
            return routes;
        }
    }

    /** Serves metrics on a port of their own, if that is configured. */
    private static @Nullable HttpServer metricsServer(
            ServerConfig config, Assembly assembly, List<ExchangeListener> listeners) {
        Optional<Integer> port = config.get(ServerConfig.METRICS_PORT);
        if (port.isEmpty()) {
            return null;
        }
        String host = config.get(ServerConfig.METRICS_HOST);
        Access access = isLoopback(host) ? Access.PUBLIC : Access.ADMIN;
        return HttpServer.start(
                config.beside(host, port.orElseThrow()),
                new Router(List.of(assembly.metrics.route(access))),
                assembly.gatekeeper,
                listeners);
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false; // binding tells what is wrong with it
        }
    }

    private static boolean open(ServerConfig config) {
        return config.get(ServerConfig.AUTHENTICATION).equals("none");
    }

    /** Collects what a server is made of. Not thread-safe; starts one server. */
    public static final class Builder {
        private ServerConfig config = ServerConfig.builder().build();
        private final List<ApiKey> own = new ArrayList<>();
        /** Keys as they are sent, as far as they are known: no event is to have one. */
        private final Set<String> secrets = new LinkedHashSet<>();

        private final Map<String, BooleanSupplier> checks = new LinkedHashMap<>();
        private Map<String, String> environment = Map.of();
        private @Nullable Path stateDirectory;
        private @Nullable Engine engine;
        private @Nullable HotPlex parts;
        private @Nullable Hooks hooks;
        private @Nullable Telemetry telemetry;

        private Builder() {}

        /** Address, keys, limits, timeouts. */
        public Builder config(ServerConfig value) {
            config = Objects.requireNonNull(value, "config");
            return this;
        }

        /**
         * Serves this engine, which the application closes. Its metrics and traces are there if {@link #telemetry} has
         * listened to it, and its hooks are if {@link #hooks} is what reads its journal.
         */
        public Builder engine(Engine value) {
            engine = Objects.requireNonNull(value, "engine");
            return this;
        }

        /** Builds the engine to serve; the server closes it. */
        public Builder engine(HotPlex value) {
            parts = Objects.requireNonNull(value, "engine");
            return this;
        }

        /**
         * Runs these hooks beside the engine that is built, which closes them. Those of an engine that is built already
         * were given to its own builder; here they are named so that operators see them, and Slack can answer.
         */
        public Builder hooks(Hooks value) {
            hooks = Objects.requireNonNull(value, "hooks");
            return this;
        }

        /**
         * Tells what happens by this, and not by one of the server's own; {@code server.tracing} has no meaning then.
         * An engine that is built already has been given its listener and its reader.
         */
        public Builder telemetry(Telemetry value) {
            telemetry = Objects.requireNonNull(value, "telemetry");
            return this;
        }

        /** Lets in who has this secret: with every scope, for the owner {@code local}. */
        public Builder key(String secret) {
            own.add(Keys.everything("key-" + (own.size() + 1), Keys.LOCAL, secret));
            secrets.add(secret);
            return this;
        }

        /**
         * Where keys are that are configured as variables; {@code HOTPLEX_API_KEY} and {@code HOTPLEX_API_KEYS} too.
         */
        public Builder environment(Map<String, String> value) {
            environment = Map.copyOf(value);
            return this;
        }

        /** Where, when there is no other key, a file with one is made, for its owner alone to read. */
        public Builder tokenDirectory(Path value) {
            stateDirectory = Objects.requireNonNull(value, "tokenDirectory");
            return this;
        }

        /** A further condition of {@code /health/ready}. May block for a moment, and fails by a throw as well. */
        public Builder readyCheck(String name, BooleanSupplier check) {
            checks.put(name, check);
            return this;
        }

        /** @param open whether everybody is let in, so that none is needed */
        private List<ApiKey> keys(ServerConfig configured, boolean open) {
            List<ApiKey> keys = new ArrayList<>(own);
            keys.addAll(Keys.of(configured.clientKeys(), environment));
            secrets.addAll(Keys.known(configured.clientKeys(), environment));
            if (keys.isEmpty() && stateDirectory != null && !open) {
                keys.add(Keys.ofTokenFile(stateDirectory));
                secrets.add(TokenFile.readOrMake(stateDirectory));
            }
            if (keys.isEmpty() && !open) {
                throw new HotPlexException(
                        ErrorCode.CONFIG_INVALID,
                        "there is no key (expected: server.keys, or server.authentication: none on loopback)");
            }
            return Keys.distinct(keys);
        }

        /**
         * Starts the server.
         *
         * @throws HotPlexException CONFIG_INVALID, also when the server could be reached from elsewhere without a key;
         *     then nothing is left running
         */
        public HotPlexServer start() {
            Assembly assembly;
            try {
                checkExposure();
                checkHooks();
                assembly = new Assembly(this);
            } catch (RuntimeException e) {
                if (hooks != null && parts != null) {
                    hooks.close(); // otherwise they are those of an engine that runs
                }
                throw e;
            }
            try {
                return listen(assembly);
            } catch (RuntimeException e) {
                if (assembly.owned != null) {
                    assembly.owned.close();
                }
                assembly.tracing.close();
                throw e;
            }
        }

        /** Hooks that read from nothing would tell nobody anything, and nobody would notice. */
        private void checkHooks() {
            if (hooks != null && parts == null && !hooks.running()) {
                throw new HotPlexException(
                        ErrorCode.CONFIG_INVALID,
                        "the hooks read from no engine (expected: HotPlex.builder().reader(hooks) for the engine that is"
                                + " served, or that builder in place of the engine)");
            }
        }

        private HotPlexServer listen(Assembly assembly) {
            List<ExchangeListener> listeners = List.of(new AccessLog(), assembly.metrics);
            HttpServer http =
                    HttpServer.start(config, new Router(assembly.routes(this)), assembly.gatekeeper, listeners);
            assembly.http.set(http);
            try {
                return new HotPlexServer(this, assembly, http, metricsServer(config, assembly, listeners));
            } catch (RuntimeException e) {
                http.close();
                throw e;
            }
        }

        private void checkExposure() {
            checkExposure(ServerConfig.HOST);
            if (config.get(ServerConfig.METRICS_PORT).isPresent()) {
                checkExposure(ServerConfig.METRICS_HOST);
            }
        }

        private void checkExposure(ConfigKey<String> key) {
            String host = config.get(key);
            if (isLoopback(host)) {
                return;
            }
            if (HotPlexServer.open(config)) {
                throw new HotPlexException(
                        ErrorCode.CONFIG_INVALID,
                        "server.authentication: none, and " + key.name() + ": " + host
                                + " can be reached from other machines"
                                + " (expected: a key, or 127.0.0.1); whoever reaches it could run commands here");
            }
            if (config.get(ServerConfig.TLS_CERTIFICATE).isEmpty()) {
                log.warn(
                        "WITHOUT TLS on {}: keys and conversations can be read on the way; set server.tls.certificate"
                                + " and server.tls.key, or let a proxy do it",
                        host);
            }
        }
    }
}
