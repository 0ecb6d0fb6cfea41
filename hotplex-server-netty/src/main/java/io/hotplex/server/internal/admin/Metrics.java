package io.hotplex.server.internal.admin;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.PoolSnapshot;
import io.hotplex.api.TurnResult;
import io.hotplex.api.spi.EngineListener;
import io.hotplex.server.internal.http.Access;
import io.hotplex.server.internal.http.Connections;
import io.hotplex.server.internal.http.ExchangeListener;
import io.hotplex.server.internal.http.Response;
import io.hotplex.server.internal.http.Route;
import io.prometheus.client.Collector;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.GaugeMetricFamily;
import io.prometheus.client.Histogram;
import io.prometheus.client.exporter.common.TextFormat;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Counts what engine and server do, for Prometheus. Thread-safe, and quick: it is called while they do it. No label has
 * an id of a session, a path or a key; their number has no bound.
 */
public final class Metrics implements EngineListener, ExchangeListener {
    private static final double NANOS = 1e9;

    private final CollectorRegistry registry = new CollectorRegistry();
    private final Counter sessionsOpened = counter("sessions_opened", "Sessions that were opened.", "provider");
    private final Counter sessionsClosed = counter("sessions_closed", "Sessions that were closed.", "provider");
    private final Histogram processStart = Histogram.build()
            .name("hotplex_process_start_seconds")
            .help("From an agent's launch until it is ready.")
            .labelNames("provider")
            .buckets(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
            .register(registry);
    private final Counter processExits =
            counter("process_exits", "Agent processes that ended.", "provider", "expected");
    private final Counter turnsAccepted = counter("turns_accepted", "Prompts that were accepted.", "provider");
    private final Counter turns = counter("turns", "Turns that ended.", "provider", "outcome");
    private final Counter poolExhausted =
            counter("pool_exhausted", "Turns that were refused for want of a process slot.");
    private final Counter requests = counter("http_requests", "Requests that ended.", "method", "route", "status");
    private final Counter refused = counter("http_connections_refused", "Connections beyond a limit.");

    public Metrics() {
        Gauge.build()
                .name("hotplex_start_time_seconds")
                .help("When the server started.")
                .register(registry)
                .setToCurrentTime();
    }

    private Counter counter(String name, String help, String... labels) {
        return Counter.build()
                .name("hotplex_" + name)
                .help(help)
                .labelNames(labels)
                .register(registry);
    }

    /** {@code /metrics}, with what is read off engine and server when it is asked for. */
    public Route route(Engine engine, Supplier<Connections> connections) {
        new Now(engine, connections).register(registry);
        return Route.of("GET", "/metrics", Access.ADMIN, request -> CompletableFuture.completedFuture(text()))
                .with(Route.Flag.WHILE_DRAINING);
    }

    private Response text() {
        try (StringWriter text = new StringWriter()) {
            TextFormat.write004(text, registry.metricFamilySamples());
            return Response.of(200, TextFormat.CONTENT_TYPE_004, text.toString().getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("a string can always be written to", e);
        }
    }

    @Override
    public void onSessionOpened(String sessionId, String provider) {
        sessionsOpened.labels(provider).inc();
    }

    @Override
    public void onSessionClosed(String sessionId, String provider) {
        sessionsClosed.labels(provider).inc();
    }

    @Override
    public void onProcessReady(String sessionId, String provider, int generation, Duration start) {
        processStart.labels(provider).observe(start.toNanos() / NANOS);
    }

    @Override
    public void onProcessExited(String sessionId, String provider, int generation, boolean expected) {
        processExits.labels(provider, Boolean.toString(expected)).inc();
    }

    @Override
    public void onTurnAccepted(String sessionId, String provider, String turnId) {
        turnsAccepted.labels(provider).inc();
    }

    @Override
    public void onTurnEnded(String provider, TurnResult result) {
        turns.labels(provider, outcome(result.end())).inc();
    }

    private static String outcome(AgentEvent.Terminal end) {
        if (end instanceof AgentEvent.TurnCompleted) {
            return "completed";
        }
        if (end instanceof AgentEvent.TurnCancelled) {
            return "cancelled";
        }
        if (end instanceof AgentEvent.TurnTimedOut) {
            return "timed_out";
        }
        return end instanceof AgentEvent.TurnBlocked ? "blocked" : "failed";
    }

    @Override
    public void onPoolExhausted(PoolSnapshot snapshot) {
        poolExhausted.inc();
    }

    @Override
    public void onExchange(Summary summary) {
        // whoever invents methods must not make labels
        String method = summary.route().equals("-") ? "-" : summary.method();
        requests.labels(method, summary.route(), Integer.toString(summary.status()))
                .inc();
    }

    @Override
    public void onConnectionRefused() {
        refused.inc();
    }

    /** What is so now. */
    private static final class Now extends Collector {
        private final Engine engine;
        private final Supplier<Connections> connections;

        Now(Engine engine, Supplier<Connections> connections) {
            this.engine = engine;
            this.connections = connections;
        }

        @Override
        public List<MetricFamilySamples> collect() {
            PoolSnapshot pool = engine.pool();
            GaugeMetricFamily processes =
                    new GaugeMetricFamily("hotplex_processes", "Agent processes that live.", List.of("state"));
            processes.addMetric(List.of("starting"), pool.starting());
            processes.addMetric(List.of("busy"), pool.busy());
            processes.addMetric(List.of("idle"), pool.idle());
            return List.of(
                    processes,
                    new GaugeMetricFamily("hotplex_sessions", "Open sessions.", pool.sessions()),
                    new GaugeMetricFamily(
                            "hotplex_turns_waiting", "Sessions that wait for a process slot.", pool.waiting()),
                    new GaugeMetricFamily(
                            "hotplex_http_connections",
                            "Open connections.",
                            connections.get().open()));
        }
    }
}
