package io.hotplex.telemetry.internal.metrics;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.AgentEvent.ToolKind;
import io.hotplex.api.EventRecord;
import io.hotplex.api.TokenUsage;
import io.hotplex.telemetry.internal.tail.RecordFold;
import io.prometheus.client.Histogram;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Counts what sessions write. Confined to the thread that reads journals. */
public final class MetricsFold implements RecordFold {
    /** More than a session has open at a time; agents that never end what they begin must not fill the memory. */
    private static final int MAX_OPEN = 1_000;

    private static final double NANOS = 1e9;
    private static final int SIGKILL = 9;
    private static final String UNKNOWN = "unknown";

    private final Meters meters;
    private final Function<String, @Nullable Instant> accepted;
    private final Map<String, Story> stories = new HashMap<>();

    /** What is open in a session. */
    private static final class Story {
        private String start = "hot";
        private String model = UNKNOWN;
        private final Map<String, Instant> silentTurns = new LinkedHashMap<>();
        private final Map<String, String> traces = new LinkedHashMap<>();
        private final Map<String, Tool> tools = new LinkedHashMap<>();
        private final Map<String, Instant> questions = new LinkedHashMap<>();
    }

    private record Tool(ToolKind kind, Instant begin) {}

    /** @param accepted when a turn's prompt was accepted, as far as known */
    public MetricsFold(Meters meters, Function<String, @Nullable Instant> accepted) {
        this.meters = meters;
        this.accepted = accepted;
    }

    @Override
    public void fold(EventRecord record, String sessionProvider) {
        AgentEvent event = record.event();
        String provider = meters.providers.of(sessionProvider);
        Story story = stories.computeIfAbsent(record.sessionId(), id -> new Story());
        meters.events.labels(event.type()).inc();
        meters.eventBytes.labels(event.type()).inc((double) event.weight());
        if (event instanceof AgentEvent.TurnStarted started) {
            turnStarted(record, started, provider, story);
        } else if (event instanceof AgentEvent.Terminal) {
            turnEnded(record, provider, story);
        } else {
            process(event, provider, story);
            model(event, story);
            tool(record, story);
            people(record, story);
        }
        said(record, provider, story);
        if (event instanceof AgentEvent.Usage usage) {
            String model = usage.model() == null ? story.model : usage.model();
            tokens(usage.tokens(), provider, meters.models.of(model));
        }
    }

    private void turnStarted(EventRecord record, AgentEvent.TurnStarted started, String provider, Story story) {
        meters.turnStarts.labels(provider, story.start).inc();
        story.start = "hot";
        String turn = record.turnId();
        if (turn == null) {
            return;
        }
        put(story.silentTurns, turn, record.time());
        if (started.traceparent() != null) {
            put(story.traces, turn, started.traceparent().split("-", -1)[1]);
        }
        Instant since = accepted.apply(turn);
        if (since != null) {
            observe(meters.turnQueue.labels(provider), between(since, record.time()), story.traces.get(turn));
        }
    }

    private void turnEnded(EventRecord record, String provider, Story story) {
        AgentEvent event = record.event();
        String outcome = outcome(event);
        meters.turns.labels(provider, outcome).inc();
        String turn = String.valueOf(record.turnId());
        story.silentTurns.remove(turn);
        String trace = story.traces.remove(turn);
        Duration duration = null;
        Double cost = null;
        if (event instanceof AgentEvent.TurnCompleted end) {
            duration = end.duration();
            cost = end.costUsd();
        } else if (event instanceof AgentEvent.TurnFailed end) {
            duration = end.duration();
            cost = end.costUsd();
            meters.turnFailures.labels(provider, end.code().name()).inc();
        } else if (event instanceof AgentEvent.TurnTimedOut end) {
            duration = end.duration();
            cost = end.costUsd();
            meters.turnFailures.labels(provider, end.code().name()).inc();
        } else if (event instanceof AgentEvent.TurnCancelled end) {
            duration = end.duration();
            cost = end.costUsd();
        }
        if (duration != null) {
            observe(meters.turnDuration.labels(provider, outcome), duration.toNanos() / NANOS, trace);
        }
        if (cost != null && cost > 0) {
            meters.cost.labels(provider, meters.models.of(story.model)).inc(cost);
        }
    }

    static String outcome(AgentEvent end) {
        return end.type().substring("turn_".length());
    }

    private void process(AgentEvent event, String provider, Story story) {
        if (event instanceof AgentEvent.SessionStarted) {
            story.start = "cold";
        } else if (event instanceof AgentEvent.SessionResumed) {
            story.start = "resume";
        } else if (event instanceof AgentEvent.ProcessExited exited) {
            Integer signal = exited.signal();
            if (signal != null && signal == SIGKILL) {
                meters.processKills.labels(provider).inc();
            }
            meters.survivors
                    .labels(provider, "killed")
                    .inc(Math.max(0, exited.survivorsFound() - exited.survivorsLeft()));
            meters.survivors.labels(provider, "left").inc(exited.survivorsLeft());
            Duration cleanup = exited.cleanup();
            if (cleanup != null) {
                meters.cleanup.labels(provider).observe(cleanup.toNanos() / NANOS);
            }
        }
    }

    private static void model(AgentEvent event, Story story) {
        if (event instanceof AgentEvent.AgentInfo info && info.model() != null) {
            story.model = info.model();
        } else if (event instanceof AgentEvent.ModelChanged changed) {
            story.model = changed.model();
        }
    }

    private void tokens(TokenUsage usage, String provider, String model) {
        meters.tokens.labels(provider, model, "input").inc((double) usage.inputTokens());
        meters.tokens.labels(provider, model, "output").inc((double) usage.outputTokens());
        meters.tokens.labels(provider, model, "cache_write").inc((double) usage.cacheWriteTokens());
        meters.tokens.labels(provider, model, "cache_read").inc((double) usage.cacheReadTokens());
    }

    private void tool(EventRecord record, Story story) {
        if (record.event() instanceof AgentEvent.ToolStarted started) {
            put(story.tools, started.toolId(), new Tool(started.kind(), record.time()));
        } else if (record.event() instanceof AgentEvent.ToolCompleted completed) {
            Tool tool = story.tools.remove(completed.toolId());
            String kind = (tool == null ? ToolKind.OTHER : tool.kind).name().toLowerCase(Locale.ROOT);
            meters.toolCalls.labels(kind, completed.isError() ? "error" : "ok").inc();
            if (tool != null) {
                meters.toolDuration.labels(kind).observe(between(tool.begin, record.time()));
            }
        } else if (record.event() instanceof AgentEvent.ToolDenied denied && denied.toolId() != null) {
            story.tools.remove(denied.toolId());
        }
    }

    private void people(EventRecord record, Story story) {
        if (record.event() instanceof AgentEvent.PermissionRequested asked) {
            put(story.questions, asked.requestId(), record.time());
        } else if (record.event() instanceof AgentEvent.PermissionResolved resolved) {
            Instant asked = story.questions.remove(resolved.requestId());
            if (asked != null) {
                meters.permissionWait
                        .labels(resolved.resolution().name().toLowerCase(Locale.ROOT))
                        .observe(between(asked, record.time()));
            }
        }
    }

    /** The first thing that the agent says in a turn ends its silence. */
    private void said(EventRecord record, String provider, Story story) {
        AgentEvent event = record.event();
        boolean content = event instanceof AgentEvent.TextDelta
                || event instanceof AgentEvent.Text
                || event instanceof AgentEvent.ThinkingDelta
                || event instanceof AgentEvent.Thinking
                || event instanceof AgentEvent.ToolStarted;
        Instant begin = content && record.turnId() != null ? story.silentTurns.remove(record.turnId()) : null;
        if (begin != null) {
            observe(
                    meters.turnFirstEvent.labels(provider),
                    between(begin, record.time()),
                    story.traces.get(record.turnId()));
        }
    }

    private static void observe(Histogram.Child histogram, double seconds, @Nullable String trace) {
        if (trace == null) {
            histogram.observe(seconds);
        } else {
            histogram.observeWithExemplar(seconds, "trace_id", trace);
        }
    }

    private static double between(Instant from, Instant to) {
        return Math.max(0, Duration.between(from, to).toNanos() / NANOS);
    }

    private static <V> void put(Map<String, V> map, String key, V value) {
        map.put(key, value);
        if (map.size() > MAX_OPEN) {
            Iterator<String> oldest = map.keySet().iterator();
            oldest.next();
            oldest.remove();
        }
    }

    @Override
    public void end(String sessionId) {
        stories.remove(sessionId);
    }
}
