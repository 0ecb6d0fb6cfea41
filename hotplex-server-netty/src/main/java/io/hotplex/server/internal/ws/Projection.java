package io.hotplex.server.internal.ws;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.EventSchema;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Session;
import io.hotplex.api.SessionStats;
import io.hotplex.api.Subscriber;
import io.hotplex.api.Subscription;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnResult;
import io.hotplex.server.internal.wire.EventJson;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One turn as the first dialect shows it: {@code thinking}, {@code tool_use}, {@code tool_result} and {@code answer},
 * then {@code session_stats} and exactly one of {@code completed} and {@code error}. Texts are shown when they are
 * complete; the pieces in which they are written are not part of that dialect.
 *
 * <p>The subscriber's calls come one at a time; {@code over} turns true once, and whoever turned it has the last word.
 */
final class Projection implements Subscriber {
    private static final int SUMMARY_CHARS = 500;
    private static final int OPERATION_CHARS = 100;
    private static final int INPUT_CHARS = 100;

    /** A turn has few calls at once; an agent that never ends its calls must not fill the memory. */
    private static final int MAX_OPEN_CALLS = 1_000;

    private final Session session;
    private final Turn turn;
    private final String operation;
    private final ClassicDialect.Peer peer;
    private final Consumer<Projection> onEnded;
    private final AtomicBoolean over = new AtomicBoolean();
    private volatile @Nullable Subscription subscription;

    // confined to the subscriber's calls
    private final Map<String, Instant> openCalls = new HashMap<>();
    private Instant begun = Instant.EPOCH;

    Projection(Session session, Turn turn, String prompt, ClassicDialect.Peer peer, Consumer<Projection> onEnded) {
        this.session = session;
        this.turn = turn;
        this.operation = cut(prompt.lines().findFirst().orElse(""), OPERATION_CHARS);
        this.peer = peer;
        this.onEnded = onEnded;
    }

    /**
     * As soon as the request is as safe as the journal promises: says that it is taken, and in which session, then
     * shows what comes after an offset. A turn that the engine gives back before that ends here.
     */
    void begin(long after) {
        var unused = turn.accepted().thenRun(() -> show(after));
        var unusedToo = turn.result().whenComplete((result, failure) -> {
            if (failure != null) {
                onClosed();
            }
        });
    }

    @SuppressWarnings("IllegalCatch") // whatever it is: the client was told that there will be an end
    private void show(long after) {
        if (over.get()) {
            return;
        }
        peer.say("thinking", data("thinking", "ai.thinking", meta("running", null, null, Duration.ZERO, "", "", "")));
        try {
            session.subscribe(after, this);
        } catch (RuntimeException e) {
            onFailed(e);
        }
    }

    @Override
    public void onSubscribe(Subscription begin) {
        subscription = begin;
        if (over.get()) { // since a moment, so that nobody closed it
            begin.close();
        }
    }

    @Override
    public void onEvent(EventRecord record) {
        if (!turn.id().equals(record.turnId()) || over.get()) {
            return;
        }
        AgentEvent event = record.event();
        long offset = record.offset();
        if (event instanceof AgentEvent.Terminal end) {
            end(end, offset, record.time());
        } else if (event instanceof AgentEvent.TurnStarted) {
            begun = record.time();
        } else if (event instanceof AgentEvent.Thinking thinking) {
            peer.say("thinking", offset, data("thinking", thinking.text(), meta(record, "running")));
        } else if (event instanceof AgentEvent.Text text) {
            peer.say("answer", offset, data("answer", text.text(), meta(record, "success")));
        } else if (event instanceof AgentEvent.ToolStarted started) {
            toolStarted(started, record);
        } else if (event instanceof AgentEvent.ToolCompleted completed) {
            toolCompleted(completed, record);
        } else if (event instanceof AgentEvent.PermissionRequested || event instanceof AgentEvent.QuestionAsked) {
            String kind = event instanceof AgentEvent.QuestionAsked ? "question" : "permission_request";
            peer.say(kind, offset, EventSchema.toMap(record));
        }
        holdWhileFull();
    }

    private void toolStarted(AgentEvent.ToolStarted call, EventRecord record) {
        if (openCalls.size() < MAX_OPEN_CALLS) {
            openCalls.putIfAbsent(call.toolId(), record.time());
        }
        String path = call.paths().isEmpty() ? "" : call.paths().get(0);
        String input = call.title().isEmpty() ? EventJson.text(call.input()) : call.title();
        peer.say(
                "tool_use",
                record.offset(),
                data(
                        "tool_use",
                        call.name(),
                        meta("running", call.name(), call.toolId(), Duration.ZERO, cut(input, INPUT_CHARS), "", path)));
    }

    private void toolCompleted(AgentEvent.ToolCompleted call, EventRecord record) {
        Instant start = openCalls.remove(call.toolId());
        Duration took = start == null ? Duration.ZERO : Duration.between(start, record.time());
        Map<String, @Nullable Object> meta = meta(
                call.isError() ? "error" : "success",
                call.name(),
                call.toolId(),
                took,
                "",
                cut(call.output(), SUMMARY_CHARS),
                "");
        if (call.isError()) {
            meta.put("error_msg", cut(call.output(), SUMMARY_CHARS));
        }
        peer.say("tool_result", record.offset(), data("tool_result", call.output(), meta));
    }

    /** Records that this did not see are lost to it; the end is not, since the turn remembers it. */
    @Override
    public void onReset(long oldest, long newest) {
        TurnResult result = turn.info().result();
        if (result != null && result.offset() < oldest) {
            end(result.end(), result.offset(), Instant.now());
        }
    }

    /** The turn's end came before, unless it waits in a durable journal for the next engine. */
    @Override
    public void onClosed() {
        endAnyhow(
                "the engine closed before the turn began; a durable journal keeps it for the next one",
                ErrorCode.ENGINE_CLOSED,
                true);
    }

    @Override
    public void onFailed(Throwable cause) {
        HotPlexException lost = Dialogue.lost(cause);
        endAnyhow(String.valueOf(lost.getMessage()), lost.code(), lost.retryable());
    }

    /** No more events will come: the end is what the turn remembers, or else this error. */
    private void endAnyhow(String message, ErrorCode code, boolean retryable) {
        TurnResult result = turn.info().result();
        if (result != null) {
            end(result.end(), result.offset(), Instant.now());
        } else if (finish()) {
            fail(0, message, code.name(), retryable);
            onEnded.accept(this);
        }
    }

    private void end(AgentEvent.Terminal end, long offset, Instant time) {
        if (finish()) {
            sayEnd(end, offset, time);
            onEnded.accept(this);
        }
    }

    private void sayEnd(AgentEvent.Terminal end, long offset, Instant time) {
        if (end instanceof AgentEvent.TurnBlocked blocked) {
            peer.say("danger_block", offset, danger(blocked));
            fail(offset, blocked.message(), ErrorCode.PROMPT_BLOCKED.name(), false);
        } else if (end instanceof AgentEvent.TurnCompleted completed) {
            peer.say("session_stats", offset, sessionStats(time, null));
            Map<String, @Nullable Object> data = new LinkedHashMap<>();
            data.put("session_id", session.id());
            data.put("stats", stats(session.stats()));
            data.put("result", completed.text());
            peer.say("completed", offset, data);
        } else if (end instanceof AgentEvent.TurnFailed failed) {
            peer.say("session_stats", offset, sessionStats(time, failed.message()));
            fail(offset, failed.message(), failed.code().name(), failed.retryable());
        } else if (end instanceof AgentEvent.TurnTimedOut late) {
            String message = "the turn took longer than " + late.limit();
            peer.say("session_stats", offset, sessionStats(time, message));
            fail(offset, message, late.code().name(), late.code().retryable());
        } else {
            String message = "cancelled: " + ((AgentEvent.TurnCancelled) end).reason();
            peer.say("session_stats", offset, sessionStats(time, message));
            fail(offset, message, "CANCELLED", false);
        }
    }

    private void fail(long offset, String message, String code, boolean retryable) {
        peer.error("Execution failed: " + message, offset, code, retryable);
    }

    /** Nothing more is shown of this turn but by who calls this; {@code false} when that was so before. */
    private boolean finish() {
        if (!over.compareAndSet(false, true)) {
            return false;
        }
        Subscription held = subscription;
        if (held != null) {
            held.close();
        }
        return true;
    }

    /** The client is gone. */
    void abandon() {
        if (finish()) {
            onEnded.accept(this);
        }
    }

    /** The socket takes more. */
    void goOn() {
        Subscription held = subscription;
        if (held != null) {
            held.resume();
        }
    }

    private void holdWhileFull() {
        Subscription held = subscription;
        if (held != null && !peer.socket().isWritable()) {
            held.pause();
            if (peer.socket().isWritable()) { // it changed before there was a pause to end
                held.resume();
            }
        }
    }

    // ---- the dialect's records

    private static Map<String, @Nullable Object> data(String type, String text, Map<String, @Nullable Object> meta) {
        Map<String, @Nullable Object> data = new LinkedHashMap<>();
        data.put("event_type", type);
        data.put("event_data", text);
        data.put("meta", meta);
        return data;
    }

    private Map<String, @Nullable Object> meta(EventRecord record, String status) {
        Map<String, @Nullable Object> meta = meta(status, null, null, Duration.ZERO, "", "", "");
        if (begun.isAfter(Instant.EPOCH)) {
            meta.put("total_duration_ms", Duration.between(begun, record.time()).toMillis());
        }
        return meta;
    }

    private static Map<String, @Nullable Object> meta(
            String status,
            @Nullable String tool,
            @Nullable String toolId,
            Duration took,
            String input,
            String output,
            String path) {
        Map<String, @Nullable Object> meta = new LinkedHashMap<>();
        meta.put("duration_ms", took.toMillis());
        meta.put("total_duration_ms", 0);
        meta.put("tool_name", Objects.requireNonNullElse(tool, ""));
        meta.put("tool_id", Objects.requireNonNullElse(toolId, ""));
        meta.put("status", status);
        meta.put("error_msg", "");
        meta.put("input_tokens", 0);
        meta.put("output_tokens", 0);
        meta.put("cache_write_tokens", 0);
        meta.put("cache_read_tokens", 0);
        meta.put("input_summary", input);
        meta.put("output_summary", output);
        meta.put("file_path", path);
        meta.put("line_count", 0);
        meta.put("progress", 0);
        meta.put("total_steps", 0);
        meta.put("current_step", 0);
        return meta;
    }

    private Map<String, @Nullable Object> danger(AgentEvent.TurnBlocked blocked) {
        Map<String, @Nullable Object> danger = new LinkedHashMap<>();
        danger.put("operation", operation);
        danger.put("reason", blocked.message());
        danger.put("pattern_matched", blocked.ruleId());
        danger.put("level", level(blocked.level()));
        danger.put("category", blocked.category());
        danger.put("bypass_allowed", false);
        danger.put("suggestions", blocked.suggestions());
        return danger;
    }

    private static int level(String level) {
        return switch (level) {
            case "critical" -> 0;
            case "high" -> 1;
            default -> 2;
        };
    }

    private Map<String, @Nullable Object> sessionStats(Instant end, @Nullable String error) {
        SessionStats stats = session.stats();
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("session_id", session.id());
        map.put("start_time", (begun.isAfter(Instant.EPOCH) ? begun : end).getEpochSecond());
        map.put("end_time", end.getEpochSecond());
        durations(map, stats);
        map.put("total_tokens", stats.usage().inputTokens() + stats.usage().outputTokens());
        map.put("tool_call_count", stats.toolCalls());
        map.put("tools_used", new ArrayList<>(stats.toolsUsed()));
        files(map, stats);
        map.put("total_cost_usd", stats.costUsd());
        map.put("model_used", model());
        map.put("is_error", error != null);
        if (error != null) {
            map.put("error_message", error);
        }
        return map;
    }

    private String model() {
        String model = session.spec().model();
        return model == null ? session.info().provider() : model;
    }

    /** What a session did, as {@code stats} and {@code completed} show it. */
    static Map<String, @Nullable Object> stats(SessionStats stats) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("session_id", stats.sessionId());
        durations(map, stats);
        map.put("tool_call_count", stats.toolCalls());
        files(map, stats);
        return map;
    }

    private static void durations(Map<String, @Nullable Object> map, SessionStats stats) {
        TokenUsage usage = stats.usage();
        map.put("total_duration_ms", stats.totalDuration().toMillis());
        map.put("thinking_duration_ms", stats.thinkingDuration().toMillis());
        map.put("tool_duration_ms", stats.toolDuration().toMillis());
        map.put("generation_duration_ms", stats.generationDuration().toMillis());
        map.put("input_tokens", usage.inputTokens());
        map.put("output_tokens", usage.outputTokens());
        map.put("cache_write_tokens", usage.cacheWriteTokens());
        map.put("cache_read_tokens", usage.cacheReadTokens());
    }

    private static void files(Map<String, @Nullable Object> map, SessionStats stats) {
        List<String> paths = stats.filePaths();
        map.put("files_modified", paths.size());
        map.put("file_paths", paths);
    }

    /** As many characters as a limit allows, counted as people do; what is left out is shown by dots. */
    private static String cut(String text, int limit) {
        return text.codePointCount(0, text.length()) <= limit
                ? text
                : text.substring(0, text.offsetByCodePoints(0, limit)) + "...";
    }
}
