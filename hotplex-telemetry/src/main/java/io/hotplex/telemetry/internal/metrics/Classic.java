package io.hotplex.telemetry.internal.metrics;

import io.prometheus.client.Collector;
import io.prometheus.client.Collector.MetricFamilySamples;
import io.prometheus.client.Counter;
import java.util.List;

/** The five metrics of HotPlex for Go, under its names, which have no suffixes: what watches it goes on working. */
final class Classic {
    private Classic() {}

    static List<MetricFamilySamples> families(Meters meters, int active) {
        return List.of(
                family("hotplex_sessions_active", "As in HotPlex for Go: sessions that are awake.", active),
                family("hotplex_sessions_total", "As in HotPlex for Go: sessions opened.", sum(meters.sessionsOpened)),
                family("hotplex_sessions_errors", "As in HotPlex for Go: turns that failed.", sum(meters.turnFailures)),
                family("hotplex_tools_invoked", "As in HotPlex for Go: tool calls.", sum(meters.toolCalls)),
                family("hotplex_dangers_blocked", "As in HotPlex for Go: denied by guards.", denied(meters)));
    }

    private static MetricFamilySamples family(String name, String help, double value) {
        return new MetricFamilySamples(
                name,
                Collector.Type.UNKNOWN,
                help,
                List.of(new MetricFamilySamples.Sample(name, List.of(), List.of(), value)));
    }

    private static double sum(Counter counter) {
        return counter.collect().stream()
                .flatMap(family -> family.samples.stream())
                .filter(sample -> sample.name.endsWith("_total"))
                .mapToDouble(sample -> sample.value)
                .sum();
    }

    private static double denied(Meters meters) {
        return meters.guardDecisions.collect().stream()
                .flatMap(family -> family.samples.stream())
                .filter(sample -> sample.name.endsWith("_total") && sample.labelValues.contains("deny"))
                .mapToDouble(sample -> sample.value)
                .sum();
    }
}
