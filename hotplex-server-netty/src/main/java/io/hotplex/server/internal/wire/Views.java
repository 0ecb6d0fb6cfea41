package io.hotplex.server.internal.wire;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.EventSchema;
import io.hotplex.api.RememberedApproval;
import io.hotplex.api.SessionInfo;
import io.hotplex.api.SessionSnapshot;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.SessionStats;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.TurnInfo;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How sessions, turns and requests look in JSON; names in snake_case, absent rather than null. */
public final class Views {
    private Views() {}

    /** A session at one moment. For who may read it alone: where it works is nobody else's concern. */
    public static Map<String, @Nullable Object> session(SessionInfo info) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("id", info.id());
        map.put("owner", info.owner());
        map.put("provider", info.provider());
        map.put("agent_session_id", info.agentSessionId());
        map.put("state", lower(info.state()));
        put(map, "running_turn", info.runningTurn());
        map.put("queued_turns", info.queuedTurns());
        map.put("generation", info.generation());
        map.put("oldest_offset", info.oldestOffset());
        map.put("newest_offset", info.newestOffset());
        map.put("last_activity", info.lastActivity().toString());
        map.put("closed", info.closed());
        map.put("work_dir", info.workDir().toString());
        put(map, "title", info.title());
        return map;
    }

    /** A session with what its next process starts with, its open turns and what it waits for. */
    public static Map<String, @Nullable Object> snapshot(SessionSnapshot snapshot) {
        Map<String, @Nullable Object> map = session(snapshot.info());
        SessionSpec spec = snapshot.spec();
        put(map, "model", spec.model());
        put(map, "permission_mode", spec.permissionMode());
        map.put("turns", snapshot.turns().stream().map(Views::turn).toList());
        map.put("pending", requests(snapshot.pendingRequests()));
        return map;
    }

    /** A turn at one moment; {@code end} is the type and data of its terminal event. */
    public static Map<String, @Nullable Object> turn(TurnInfo turn) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("id", turn.id());
        map.put("origin", lower(turn.origin()));
        put(map, "client_id", turn.clientId());
        map.put("state", lower(turn.state()));
        if (turn.result() != null) {
            map.put("end_offset", turn.result().offset());
            map.put("end", event(turn.result().end()));
        }
        return map;
    }

    /** Requests that wait for an answer: type and data, as in their events. */
    public static List<Map<String, @Nullable Object>> requests(List<AgentEvent> pending) {
        return pending.stream().map(Views::event).toList();
    }

    /** A request of a session that waits for an answer. */
    public static Map<String, @Nullable Object> waiting(String session, AgentEvent request) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("session", session);
        map.putAll(event(request));
        return map;
    }

    /** A tool call that was allowed for good. */
    public static Map<String, @Nullable Object> remembered(RememberedApproval approval) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("id", approval.id());
        map.put("tool", approval.tool());
        map.put("by", approval.by());
        map.put("at", approval.at());
        return map;
    }

    /** What a session did so far. */
    public static Map<String, @Nullable Object> stats(SessionStats stats) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        TokenUsage usage = stats.usage();
        map.put("session", stats.sessionId());
        map.put("turns", stats.turns());
        map.put("failed_turns", stats.failedTurns());
        map.put("total_duration_ms", stats.totalDuration().toMillis());
        map.put("thinking_duration_ms", stats.thinkingDuration().toMillis());
        map.put("tool_duration_ms", stats.toolDuration().toMillis());
        map.put("generation_duration_ms", stats.generationDuration().toMillis());
        map.put("input_tokens", usage.inputTokens());
        map.put("output_tokens", usage.outputTokens());
        map.put("cache_write_tokens", usage.cacheWriteTokens());
        map.put("cache_read_tokens", usage.cacheReadTokens());
        map.put("cost_usd", stats.costUsd());
        map.put("tool_calls", stats.toolCalls());
        map.put("tools_used", stats.toolsUsed());
        map.put("file_paths", stats.filePaths());
        return map;
    }

    /** Type and data of an event, without a place in a journal. */
    private static Map<String, @Nullable Object> event(AgentEvent event) {
        Map<String, @Nullable Object> record =
                EventSchema.toMap(new EventRecord("-", 1, 1, null, Instant.EPOCH, event));
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("type", record.get("type"));
        map.put("data", record.get("data"));
        return map;
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static void put(Map<String, @Nullable Object> map, String name, @Nullable Object value) {
        if (value != null) {
            map.put(name, value);
        }
    }
}
