package io.hotplex.telemetry.internal.metrics;

import io.hotplex.api.Engine;
import io.hotplex.api.JournalStats;
import io.hotplex.api.PoolSnapshot;
import io.hotplex.api.ProcessState;
import io.hotplex.api.SessionInfo;
import io.hotplex.api.SubscriberStats;
import io.hotplex.api.spi.HookStatus;
import io.prometheus.client.Collector;
import io.prometheus.client.CounterMetricFamily;
import io.prometheus.client.GaugeMetricFamily;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What is so at the moment at which somebody asks. Thread-safe. */
public final class Now extends Collector {
    private static final double MILLIS = 1e3;
    private static final double NANOS = 1e9;

    private final Supplier<@Nullable Engine> engine;
    private final Supplier<List<HookStatus>> hooks;
    private final Supplier<Map<String, Integer>> connections;
    private final LongSupplier behind;
    private final LongSupplier lost;
    private final Meters meters;

    /**
     * @param connections open ones by kind
     * @param behind records that telemetry has not read
     * @param lost records that it could not read
     */
    public Now(
            Meters meters,
            Supplier<@Nullable Engine> engine,
            Supplier<List<HookStatus>> hooks,
            Supplier<Map<String, Integer>> connections,
            LongSupplier behind,
            LongSupplier lost) {
        this.meters = meters;
        this.engine = engine;
        this.hooks = hooks;
        this.connections = connections;
        this.behind = behind;
        this.lost = lost;
    }

    @Override
    public List<MetricFamilySamples> collect() {
        List<MetricFamilySamples> all = new ArrayList<>();
        Engine open = engine.get();
        int active = 0;
        if (open != null) {
            engine(open, all);
            active = open.pool().sessions();
        }
        hooks(all);
        GaugeMetricFamily connected =
                new GaugeMetricFamily("hotplex_http_connections", "Open connections.", List.of("kind"));
        connections.get().forEach((kind, count) -> connected.addMetric(List.of(kind), count));
        all.add(connected);
        all.add(new GaugeMetricFamily(
                "hotplex_telemetry_behind_records", "Records that are not counted yet.", (double) behind.getAsLong()));
        all.add(new CounterMetricFamily(
                "hotplex_telemetry_lost_records",
                "Records that the journal did not keep until they were counted.",
                (double) lost.getAsLong()));
        all.addAll(Classic.families(meters, active));
        return all;
    }

    private static void engine(Engine engine, List<MetricFamilySamples> all) {
        PoolSnapshot pool = engine.pool();
        GaugeMetricFamily processes =
                new GaugeMetricFamily("hotplex_processes", "Agent processes that live.", List.of("state"));
        processes.addMetric(List.of("starting"), pool.starting());
        processes.addMetric(List.of("busy"), pool.busy());
        processes.addMetric(List.of("idle"), pool.idle());
        all.add(processes);
        all.add(new GaugeMetricFamily(
                "hotplex_processes_max", "How many agent processes may live.", pool.maxProcesses()));
        Map<ProcessState, Integer> states = new EnumMap<>(ProcessState.class);
        int queued = 0;
        long records = 0;
        for (SessionInfo session : engine.sessions()) {
            states.merge(session.state(), 1, Integer::sum);
            queued += session.queuedTurns();
            records += Math.max(0, session.newestOffset() - session.oldestOffset() + 1);
        }
        GaugeMetricFamily sessions = new GaugeMetricFamily(
                "hotplex_sessions_open", "Open sessions, by the state of their process.", List.of("state"));
        for (ProcessState state : ProcessState.values()) {
            sessions.addMetric(List.of(state.name().toLowerCase(Locale.ROOT)), states.getOrDefault(state, 0));
        }
        all.add(sessions);
        all.add(new GaugeMetricFamily("hotplex_turns_queued", "Turns that wait in their session.", queued));
        all.add(new GaugeMetricFamily(
                "hotplex_turns_waiting", "Sessions that wait for a process slot.", pool.waiting()));
        all.add(new GaugeMetricFamily(
                "hotplex_journal_records", "Records that the journal keeps of open sessions.", (double) records));
        all.add(new GaugeMetricFamily(
                "hotplex_journal_writable", "Whether the journal can be written, 1 or 0.", writable(engine)));
        journal(engine.journal(), all);
        subscribers(engine.subscribers(), all);
    }

    private static void journal(JournalStats journal, List<MetricFamilySamples> all) {
        all.add(new GaugeMetricFamily(
                "hotplex_journal_bytes", "Size of the records that the journal keeps.", (double) journal.bytes()));
        all.add(new GaugeMetricFamily(
                "hotplex_journal_backlog_bytes", "What a durable journal has taken and not written yet.", (double)
                        journal.backlogBytes()));
        all.add(new GaugeMetricFamily(
                "hotplex_journal_lag_seconds",
                "How long that which is being written waits to be.",
                journal.lag().toNanos() / NANOS));
    }

    private static void subscribers(SubscriberStats subscribers, List<MetricFamilySamples> all) {
        all.add(new GaugeMetricFamily(
                "hotplex_subscriptions", "Subscriptions that follow sessions.", subscribers.subscriptions()));
        all.add(new GaugeMetricFamily(
                "hotplex_subscriber_behind_records", "Records that subscribers have not been given.", (double)
                        subscribers.behindRecords()));
        all.add(new GaugeMetricFamily(
                "hotplex_subscriber_furthest_behind_records",
                "Those of the subscriber that has most before it.",
                (double) subscribers.furthestBehindRecords()));
        all.add(new CounterMetricFamily(
                "hotplex_subscriber_merged_records",
                "Records that were told as a part of another to subscribers far behind.",
                (double) subscribers.mergedRecords()));
        all.add(new CounterMetricFamily(
                "hotplex_subscriber_resets", "Times that the journal did not keep what a subscriber came for.", (double)
                        subscribers.resets()));
    }

    @SuppressWarnings("IllegalCatch") // whatever is wrong with it, it cannot be written
    private static double writable(Engine engine) {
        try {
            engine.checkJournal();
            return 1;
        } catch (RuntimeException e) {
            return 0;
        }
    }

    private void hooks(List<MetricFamilySamples> all) {
        List<String> names = List.of("hook");
        CounterMetricFamily delivered =
                new CounterMetricFamily("hotplex_hook_events", "Events that a hook delivered.", names);
        CounterMetricFamily failed =
                new CounterMetricFamily("hotplex_hook_failures", "Deliveries of a hook that failed.", names);
        CounterMetricFamily dead =
                new CounterMetricFamily("hotplex_hook_dead_letters", "Events that a hook put aside.", names);
        CounterMetricFamily gone = new CounterMetricFamily(
                "hotplex_hook_lost_records", "Records that the journal did not keep for a hook.", names);
        GaugeMetricFamily behind =
                new GaugeMetricFamily("hotplex_hook_behind_records", "Records that a hook has not dealt with.", names);
        GaugeMetricFamily lag =
                new GaugeMetricFamily("hotplex_hook_lag_seconds", "How long the oldest of them waits.", names);
        GaugeMetricFamily enabled =
                new GaugeMetricFamily("hotplex_hook_enabled", "0 when a hook is disabled, else 1.", names);
        for (HookStatus hook : hooks.get()) {
            List<String> name = List.of(hook.name());
            delivered.addMetric(name, (double) hook.delivered());
            failed.addMetric(name, (double) hook.failedAttempts());
            dead.addMetric(name, (double) hook.deadLetters());
            gone.addMetric(name, (double) hook.lost());
            behind.addMetric(name, (double) hook.lagRecords());
            lag.addMetric(name, hook.lag().toMillis() / MILLIS);
            enabled.addMetric(name, hook.state() == HookStatus.State.DISABLED ? 0 : 1);
        }
        all.addAll(List.of(delivered, failed, dead, gone, behind, lag, enabled));
    }
}
