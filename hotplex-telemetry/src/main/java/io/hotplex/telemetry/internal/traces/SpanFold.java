package io.hotplex.telemetry.internal.traces;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.TokenUsage;
import io.hotplex.telemetry.internal.tail.RecordFold;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Makes spans of what sessions write: one for each turn, a part of the trace that its prompt came with, and below it
 * one for the start of its process, each tool call, each wait for a permission and each refusal of a guard. Their times
 * are those of the records. Confined to the thread that reads journals.
 */
public final class SpanFold implements RecordFold {
    /** More than a session has open at a time. */
    private static final int MAX_OPEN = 1_000;

    private final Tracer tracer;
    private final boolean content;
    private final Function<String, @Nullable Instant> accepted;
    private final Function<String, @Nullable Duration> starts;
    private final BiConsumer<String, SpanContext> turns;
    private final Map<String, Story> stories = new HashMap<>();

    /** What is open in a session. */
    private static final class Story {
        private @Nullable SpanContext first;
        private @Nullable Start start;
        private @Nullable String model;
        private final Map<String, Span> turns = new LinkedHashMap<>();
        private final Map<String, Span> tools = new LinkedHashMap<>();
        private final Map<String, Span> waits = new LinkedHashMap<>();
    }

    private record Start(String how, Instant begin, Instant end) {}

    /**
     * @param content whether spans may have what was said
     * @param accepted when a turn's prompt was accepted, as far as known
     * @param starts takes how long the last start of a session's process took
     * @param turns is told the span of each turn
     */
    public SpanFold(
            OpenTelemetry telemetry,
            boolean content,
            Function<String, @Nullable Instant> accepted,
            Function<String, @Nullable Duration> starts,
            BiConsumer<String, SpanContext> turns) {
        tracer = telemetry.getTracer("io.hotplex");
        this.content = content;
        this.accepted = accepted;
        this.starts = starts;
        this.turns = turns;
    }

    @Override
    public void fold(EventRecord record, String provider) {
        AgentEvent event = record.event();
        Story story = stories.computeIfAbsent(record.sessionId(), id -> new Story());
        if (event instanceof AgentEvent.SessionStarted) {
            started(record, "cold", story);
        } else if (event instanceof AgentEvent.SessionResumed) {
            started(record, "resume", story);
        } else if (event instanceof AgentEvent.AgentInfo info) {
            story.model = info.model() == null ? story.model : info.model();
        } else if (event instanceof AgentEvent.ModelChanged changed) {
            story.model = changed.model();
        } else if (event instanceof AgentEvent.TurnStarted started) {
            turnStarted(record, started, provider, story);
        } else if (event instanceof AgentEvent.TurnBlocked blocked) {
            blocked(record, blocked, provider, story);
        } else if (event instanceof AgentEvent.Terminal) {
            turnEnded(record, story);
        } else {
            below(record, story);
        }
    }

    private void started(EventRecord record, String how, Story story) {
        Duration took = starts.apply(record.sessionId());
        Instant end = record.time();
        story.start = new Start(how, took == null ? end : end.minus(took), end);
    }

    private Span invoke(EventRecord record, String provider, Story story, @Nullable String traceparent, Instant begin) {
        Context parent = Context.root();
        if (traceparent != null) { // checked when the prompt was made
            String[] parts = traceparent.split("-", -1);
            parent = parent.with(Span.wrap(SpanContext.createFromRemoteParent(
                    parts[1], parts[2], TraceFlags.fromHex(parts[3], 0), TraceState.getDefault())));
        }
        SpanBuilder builder = tracer.spanBuilder(Conventions.INVOKE_AGENT + " " + provider)
                .setParent(parent)
                .setSpanKind(SpanKind.INTERNAL)
                .setStartTimestamp(begin)
                .setAttribute(Conventions.OPERATION, Conventions.INVOKE_AGENT)
                .setAttribute(Conventions.PROVIDER, Conventions.VENDORS.getOrDefault(provider, provider))
                .setAttribute(Conventions.AGENT, provider)
                .setAttribute(Conventions.CONVERSATION, record.sessionId())
                .setAttribute(Conventions.TURN, String.valueOf(record.turnId()));
        if (story.model != null) {
            builder.setAttribute(Conventions.MODEL, story.model);
        }
        if (story.first != null) {
            builder.addLink(story.first); // the turn with which the session began
        }
        Span span = builder.startSpan();
        if (story.first == null && span.getSpanContext().isValid()) {
            story.first = span.getSpanContext();
        }
        turns.accept(String.valueOf(record.turnId()), span.getSpanContext());
        return span;
    }

    private void turnStarted(EventRecord record, AgentEvent.TurnStarted started, String provider, Story story) {
        String turn = String.valueOf(record.turnId());
        Start start = story.start;
        story.start = null;
        Instant begin = Objects.requireNonNullElse(accepted.apply(turn), record.time());
        if (start != null && start.begin.isBefore(begin)) {
            begin = start.begin; // clocks of two threads
        }
        Span span = invoke(record, provider, story, started.traceparent(), begin);
        span.setAttribute(Conventions.ORIGIN, started.origin().name().toLowerCase(Locale.ROOT));
        span.setAttribute(Conventions.START, start == null ? "hot" : start.how);
        String prompt = started.prompt();
        if (content && prompt != null) {
            span.setAttribute(Conventions.INPUT, message("user", prompt));
        }
        if (start != null) {
            child(Conventions.COLD_START, span, start.begin).end(start.end);
        }
        keep(story.turns, turn, span, record.time());
    }

    private void blocked(EventRecord record, AgentEvent.TurnBlocked blocked, String provider, Story story) {
        String turn = String.valueOf(record.turnId());
        Instant begin = Objects.requireNonNullElse(accepted.apply(turn), record.time());
        Span span = story.turns.remove(turn);
        if (span == null) {
            span = invoke(record, provider, story, null, begin);
        }
        Span guard = child(Conventions.GUARD, span, begin);
        guard.setAttribute(Conventions.RULE, blocked.ruleId());
        guard.end(record.time());
        span.setAttribute(Conventions.OUTCOME, "blocked");
        failed(span, "PROMPT_BLOCKED");
        span.end(record.time());
    }

    private void turnEnded(EventRecord record, Story story) {
        Span span = story.turns.remove(String.valueOf(record.turnId()));
        if (span == null) {
            return;
        }
        AgentEvent event = record.event();
        span.setAttribute(Conventions.OUTCOME, event.type().substring("turn_".length()));
        if (event instanceof AgentEvent.TurnCompleted end) {
            used(span, end.usage(), end.costUsd());
            if (end.stopReason() != null) {
                span.setAttribute(Conventions.FINISH_REASONS, List.of(end.stopReason()));
            }
            if (content) {
                span.setAttribute(Conventions.OUTPUT, message("assistant", end.text()));
            }
        } else if (event instanceof AgentEvent.TurnFailed end) {
            used(span, end.usage(), end.costUsd());
            failed(span, end.code().name());
        } else if (event instanceof AgentEvent.TurnTimedOut end) {
            used(span, end.usage(), end.costUsd());
            failed(span, end.code().name());
        } else if (event instanceof AgentEvent.TurnCancelled end) {
            used(span, end.usage(), end.costUsd());
        }
        span.end(record.time());
    }

    private static void used(Span span, TokenUsage usage, @Nullable Double cost) {
        span.setAttribute(Conventions.INPUT_TOKENS, (Long)
                (usage.inputTokens() + usage.cacheReadTokens() + usage.cacheWriteTokens()));
        span.setAttribute(Conventions.OUTPUT_TOKENS, (Long) usage.outputTokens());
        span.setAttribute(Conventions.CACHE_READ, (Long) usage.cacheReadTokens());
        span.setAttribute(Conventions.CACHE_WRITE, (Long) usage.cacheWriteTokens());
        if (cost != null) {
            span.setAttribute(Conventions.COST, cost);
        }
    }

    /** What happens within a turn; what belongs to none has no span. */
    private void below(EventRecord record, Story story) {
        AgentEvent event = record.event();
        Span turn = story.turns.get(String.valueOf(record.turnId()));
        if (event instanceof AgentEvent.ToolStarted tool && turn != null) {
            Span parent = tool.parentToolId() == null ? null : story.tools.get(tool.parentToolId());
            Span span =
                    child(Conventions.EXECUTE_TOOL + " " + tool.name(), parent == null ? turn : parent, record.time());
            span.setAttribute(Conventions.OPERATION, Conventions.EXECUTE_TOOL);
            span.setAttribute(Conventions.TOOL, tool.name());
            span.setAttribute(Conventions.TOOL_CALL, tool.toolId());
            keep(story.tools, tool.toolId(), span, record.time());
        } else if (event instanceof AgentEvent.ToolCompleted tool) {
            end(story.tools.remove(tool.toolId()), tool.isError() ? "tool_error" : null, record.time());
        } else if (event instanceof AgentEvent.ToolDenied denied && turn != null) {
            Span guard = child(Conventions.GUARD, turn, record.time());
            guard.setAttribute(Conventions.RULE, denied.finding().ruleId());
            guard.setAttribute(Conventions.TOOL, denied.toolName());
            end(guard, "denied", record.time());
            end(denied.toolId() == null ? null : story.tools.remove(denied.toolId()), "denied", record.time());
        } else if (event instanceof AgentEvent.PermissionRequested asked && turn != null) {
            Span span = child(Conventions.PERMISSION_WAIT, turn, record.time());
            span.setAttribute(Conventions.TOOL, asked.toolName());
            keep(story.waits, asked.requestId(), span, record.time());
        } else if (event instanceof AgentEvent.PermissionResolved resolved) {
            Span span = story.waits.remove(resolved.requestId());
            if (span != null) {
                span.setAttribute(
                        Conventions.RESOLUTION, resolved.resolution().name().toLowerCase(Locale.ROOT));
                span.end(record.time());
            }
        }
    }

    private Span child(String name, Span parent, Instant begin) {
        return tracer.spanBuilder(name)
                .setParent(Context.root().with(parent))
                .setStartTimestamp(begin)
                .startSpan();
    }

    private static void failed(Span span, String type) {
        AttributeKey<String> error = Conventions.ERROR;
        span.setAttribute(error, type).setStatus(StatusCode.ERROR);
    }

    private static void end(@Nullable Span span, @Nullable String error, Instant time) {
        if (span != null) {
            if (error != null) {
                failed(span, error);
            }
            span.end(time);
        }
    }

    private static void keep(Map<String, Span> open, String id, Span span, Instant time) {
        Span before = open.put(id, span);
        if (before != null) {
            before.end(time);
        }
        if (open.size() > MAX_OPEN) {
            Iterator<Span> oldest = open.values().iterator();
            oldest.next().end(time);
            oldest.remove();
        }
    }

    /** In the form that the conventions ask for. */
    private static String message(String role, String text) {
        StringBuilder json = new StringBuilder();
        json.append("[{\"role\":\"").append(role).append("\",\"parts\":[{\"type\":\"text\",\"content\":\"");
        text.chars().forEach(c -> {
            if (c == '"' || c == '\\') {
                json.append('\\').append((char) c);
            } else if (c < ' ') {
                json.append(String.format("\\u%04x", c));
            } else {
                json.append((char) c);
            }
        });
        return json.append("\"}]}]").toString();
    }

    @Override
    public void end(String sessionId) {
        Story story = stories.remove(sessionId);
        if (story != null) {
            story.tools.values().forEach(Span::end);
            story.waits.values().forEach(Span::end);
            story.turns.values().forEach(Span::end);
        }
    }
}
