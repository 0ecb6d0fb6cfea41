package io.hotplex.telemetry.internal.metrics;

import io.prometheus.client.Collector;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;
import io.prometheus.client.exporter.common.TextFormat;
import io.prometheus.client.hotspot.BufferPoolsExports;
import io.prometheus.client.hotspot.ClassLoadingExports;
import io.prometheus.client.hotspot.GarbageCollectorExports;
import io.prometheus.client.hotspot.MemoryPoolsExports;
import io.prometheus.client.hotspot.StandardExports;
import io.prometheus.client.hotspot.ThreadExports;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Every metric that is counted as things happen. Immutable set of thread-safe metrics.
 *
 * <p>No label has an id of a session, turn or request, a path, or anything that somebody said; labels whose values come
 * from elsewhere are bounded by {@link Labels}.
 */
public final class Meters {
    private static final double[] LATENCY = {
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800
    };
    private static final double[] STARTS = {0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
    private static final double[] PEOPLE = {1, 5, 15, 30, 60, 300, 900, 3600, 14_400, 86_400};

    private final CollectorRegistry registry = new CollectorRegistry();

    final Counter sessionsOpened = counter("sessions_opened", "Sessions that were opened.", "provider");
    final Counter sessionsClosed = counter("sessions_closed", "Sessions that were closed.", "provider");
    final Histogram processStart =
            histogram("process_start_seconds", "From an agent's launch until it is ready.", STARTS, "provider");
    final Counter processExits = counter("process_exits", "Agent processes that ended.", "provider", "expected");
    final Counter processKills = counter("process_kills", "Agent processes that were ended by SIGKILL.", "provider");
    final Counter survivors =
            counter("survivors", "Descendants that outlived the kill of their group.", "provider", "outcome");
    final Histogram cleanup = histogram(
            "process_cleanup_seconds",
            "How long survivors of an agent were looked for and killed.",
            LATENCY,
            "provider");
    final Counter turnsAccepted = counter("turns_accepted", "Prompts that were accepted.", "provider");
    final Counter turnStarts =
            counter("turn_starts", "Turns that began to run, by what served them.", "provider", "start");
    final Counter turns = counter("turns", "Turns that ended.", "provider", "outcome");
    final Counter turnFailures = counter("turn_failures", "Turns that failed or timed out.", "provider", "code");
    final Histogram turnDuration =
            histogram("turn_duration_seconds", "From a turn's start to its end.", LATENCY, "provider", "outcome");
    final Histogram turnFirstEvent = histogram(
            "turn_first_event_seconds", "From a turn's start until the agent said something.", LATENCY, "provider");
    final Histogram turnQueue =
            histogram("turn_queue_seconds", "From a prompt's acceptance to its turn's start.", LATENCY, "provider");
    final Counter events = counter("events", "Records that sessions wrote.", "type");
    final Counter eventBytes = counter("event_bytes", "Size of the records that sessions wrote.", "type");
    final Counter tokens = counter("tokens", "Tokens that were used.", "provider", "model", "kind");
    final Counter cost =
            counter("cost_usd", "What turns cost in US dollars, as agents report it.", "provider", "model");
    final Counter toolCalls = counter("tool_calls", "Tool calls that ended.", "kind", "outcome");
    final Histogram toolDuration =
            histogram("tool_duration_seconds", "From a tool call's start to its end.", LATENCY, "kind");
    final Counter guardDecisions =
            counter("guard_decisions", "Decisions of guards on prompts and tool calls.", "action", "category");
    final Counter redactions = counter("redactions", "Secrets that were taken out of events.");
    final Counter logRedactions = counter("log_redactions", "Secrets that were taken out of the log.");
    final Histogram permissionWait =
            histogram("permission_wait_seconds", "From a permission request to its end.", PEOPLE, "resolution");
    final Counter poolExhausted = counter("pool_exhausted", "Turns that were refused for want of a process slot.");
    final Counter requests = counter("http_requests", "Requests that ended.", "method", "route", "status");
    final Histogram requestDuration =
            histogram("http_request_seconds", "From a request's head to the end of its response.", LATENCY, "route");
    final Counter responseBytes = counter("http_response_bytes", "Bytes of bodies that were sent.", "route");
    final Counter refused = counter("http_connections_refused", "Connections beyond a limit.");

    /** A provider is configured, and so is their number; this is for a configuration that is generated. */
    final Labels providers = new Labels(64);

    /** Agents tell model names, and a session may ask for any. */
    final Labels models = new Labels(64);

    /** Rules of guards are of those who write them. */
    final Labels categories = new Labels(64);

    /** Routes are templates, of which there are some dozens. */
    final Labels routes = new Labels(256);

    public Meters() {
        Gauge.build()
                .name("hotplex_start_time_seconds")
                .help("When it was started, in seconds since the epoch.")
                .register(registry)
                .setToCurrentTime();
        for (Collector exports : List.of(
                new StandardExports(),
                new MemoryPoolsExports(),
                new BufferPoolsExports(),
                new GarbageCollectorExports(),
                new ThreadExports(),
                new ClassLoadingExports())) {
            registry.register(exports);
        }
        poolExhausted.inc(0);
    }

    private Counter counter(String name, String help, String... labels) {
        return Counter.build()
                .name("hotplex_" + name)
                .help(help)
                .labelNames(labels)
                .register(registry);
    }

    private Histogram histogram(String name, String help, double[] buckets, String... labels) {
        return Histogram.build()
                .name("hotplex_" + name)
                .help(help)
                .labelNames(labels)
                .buckets(buckets)
                .register(registry);
    }

    /**
     * What alerts count of a provider, before anything of it is counted: Prometheus sees no increase to a first value.
     */
    void beginAtZero(String provider) {
        for (String outcome : List.of("completed", "failed", "timed_out", "cancelled")) {
            turns.labels(provider, outcome);
        }
        for (String expected : List.of("true", "false")) {
            processExits.labels(provider, expected);
        }
        for (String outcome : List.of("killed", "left")) {
            survivors.labels(provider, outcome);
        }
    }

    /** Adds metrics that are looked up when somebody asks. */
    public void add(Collector collector) {
        registry.register(collector);
    }

    /** The type of content that an {@code Accept} header wants: OpenMetrics, which has exemplars, or the older text. */
    public static String contentType(String accept) {
        return TextFormat.chooseContentType(accept);
    }

    /** Everything, in a content type of {@link #contentType}. */
    public String text(String contentType) {
        try (StringWriter text = new StringWriter()) {
            TextFormat.writeFormat(contentType, text, registry.metricFamilySamples());
            return text.toString();
        } catch (IOException e) {
            throw new UncheckedIOException("a string can always be written to", e);
        }
    }

    /** What one metric is. */
    public record Description(String name, String type, String help) {}

    /** All metrics, by name. */
    public List<Description> describe() {
        return Collections.list(registry.metricFamilySamples()).stream()
                .map(family -> new Description(
                        family.type == Collector.Type.COUNTER ? family.name + "_total" : family.name,
                        family.type == Collector.Type.UNKNOWN
                                ? "untyped"
                                : family.type.name().toLowerCase(Locale.ROOT),
                        family.help))
                .sorted(Comparator.comparing(Description::name))
                .toList();
    }
}
