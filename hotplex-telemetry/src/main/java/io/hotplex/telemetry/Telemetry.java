package io.hotplex.telemetry;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.EventRecord;
import io.hotplex.api.spi.EngineListener;
import io.hotplex.api.spi.HookStatus;
import io.hotplex.api.spi.JournalReader;
import io.hotplex.telemetry.internal.metrics.EngineMeter;
import io.hotplex.telemetry.internal.metrics.GatewayMeter;
import io.hotplex.telemetry.internal.metrics.Meters;
import io.hotplex.telemetry.internal.metrics.MetricsFold;
import io.hotplex.telemetry.internal.metrics.Now;
import io.hotplex.telemetry.internal.tail.JournalTail;
import io.hotplex.telemetry.internal.tail.RecordFold;
import io.hotplex.telemetry.internal.traces.SpanFold;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.SpanContext;
import java.time.Clock;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Metrics and traces of one engine, and of the gateway in front of it.
 *
 * <pre>{@code
 * Telemetry telemetry = Telemetry.builder().openTelemetry(GlobalOpenTelemetry.get()).build();
 * Engine engine = HotPlex.builder().listener(telemetry.listener()).reader(telemetry.reader()).build();
 * telemetry.watch(engine);
 * String text = telemetry.metrics("text/plain; version=0.0.4; charset=utf-8");
 * }</pre>
 *
 * <p>Thread-safe.
 */
public final class Telemetry {
    /** Turns whose trace is known: those that hooks may be telling of. */
    private static final int REMEMBERED_TURNS = 10_000;

    private final Meters meters = new Meters();
    private final EngineMeter engineMeter;
    private final GatewayMeter gateway = new GatewayMeter(meters);
    private final JournalTail tail;
    private final Map<String, String> traces = Collections.synchronizedMap(new LinkedHashMap<>());
    private volatile @Nullable Engine engine;
    private volatile Supplier<List<HookStatus>> hooks = List::of;
    private volatile Supplier<Map<String, Integer>> connections = Map::of;

    private Telemetry(Builder builder) {
        engineMeter = new EngineMeter(meters, builder.clock);
        tail = new JournalTail(List.of(
                new MetricsFold(meters, engineMeter::accepted),
                new SpanFold(
                        builder.openTelemetry,
                        builder.content,
                        engineMeter::accepted,
                        engineMeter::takeStart,
                        this::remember),
                new Forget()));
        meters.add(new Now(meters, () -> engine, () -> hooks.get(), () -> connections.get(), tail::behind, tail::lost));
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Hears of what the engine does; to be given to its builder. */
    public EngineListener listener() {
        return engineMeter;
    }

    /** Reads what sessions write; to be given to the engine's builder. */
    public JournalReader reader() {
        return tail;
    }

    /**
     * A gateway answered a request, or its connection ended before. Quick.
     *
     * @param route the template of its route, never its path
     * @param status of the response, or 0 when there was none
     * @param bytes of the response's body
     */
    public void request(String method, String route, int status, long bytes, Duration time) {
        gateway.request(method, route, status, bytes, time);
    }

    /** A gateway turned a connection away because there are too many. Quick. */
    public void connectionRefused() {
        gateway.connectionRefused();
    }

    /** From now on metrics tell how this engine is. */
    public void watch(Engine value) {
        engine = Objects.requireNonNull(value, "engine");
    }

    /** From now on metrics tell how these hooks are doing. */
    public void watchHooks(Supplier<List<HookStatus>> value) {
        hooks = Objects.requireNonNull(value, "hooks");
    }

    /** From now on metrics tell how many connections of each kind are open. */
    public void watchConnections(Supplier<Map<String, Integer>> value) {
        connections = Objects.requireNonNull(value, "connections");
    }

    /** The content type that an {@code Accept} header wants: OpenMetrics, which has exemplars, or the older text. */
    public String contentType(@Nullable String accept) {
        return Meters.contentType(Objects.requireNonNullElse(accept, ""));
    }

    /** All metrics as text. */
    public String metrics(String contentType) {
        return meters.text(contentType);
    }

    /**
     * A metric.
     *
     * @param name as Prometheus sees it; a histogram has {@code _bucket}, {@code _sum} and {@code _count} behind it
     * @param type {@code counter}, {@code gauge}, {@code histogram} or {@code untyped}
     * @param help what it counts
     */
    public record Metric(String name, String type, String help) {}

    /** What metrics there are, by name. */
    public List<Metric> describe() {
        return meters.describe().stream()
                .map(metric -> new Metric(metric.name(), metric.type(), metric.help()))
                .toList();
    }

    /** The span of a turn that runs or ended lately, in the form of W3C Trace Context, or {@code null}. */
    public @Nullable String traceparent(String turnId) {
        return traces.get(turnId);
    }

    private void remember(String turnId, SpanContext context) {
        if (context.isValid()) {
            synchronized (traces) {
                traces.put(
                        turnId,
                        "00-" + context.getTraceId() + "-" + context.getSpanId() + "-"
                                + context.getTraceFlags().asHex());
                if (traces.size() > REMEMBERED_TURNS) {
                    traces.remove(traces.keySet().iterator().next());
                }
            }
        }
    }

    /** The last of the folds: what was kept for a turn goes when its end was read. */
    private final class Forget implements RecordFold {
        @Override
        public void fold(EventRecord record, String provider) {
            if (record.event() instanceof AgentEvent.Terminal && record.turnId() != null) {
                engineMeter.forget(record.turnId());
            }
        }

        @Override
        public void end(String sessionId) {}
    }

    /** Collects what telemetry needs. Not thread-safe. */
    public static final class Builder {
        private OpenTelemetry openTelemetry = OpenTelemetry.noop();
        private boolean content;
        private Clock clock = Clock.systemUTC();

        private Builder() {}

        /** Takes the spans; by default nobody does. */
        public Builder openTelemetry(OpenTelemetry value) {
            openTelemetry = Objects.requireNonNull(value, "openTelemetry");
            return this;
        }

        /** Whether spans may have prompts and answers; by default they have not. */
        public Builder content(boolean value) {
            content = value;
            return this;
        }

        /** Gives the time of day; the same as the engine's. */
        public Builder clock(Clock value) {
            clock = Objects.requireNonNull(value, "clock");
            return this;
        }

        public Telemetry build() {
            return new Telemetry(this);
        }
    }
}
