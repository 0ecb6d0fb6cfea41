package io.hotplex.provider.claude;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.spi.ProtocolSink;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Makes events of what Claude says beside the conversation. Confined to its protocol's caller. */
final class NoticeReader {
    /** Claude's own delays end at about 38 s; a vendor's retry-after may be longer, but not a year. */
    private static final long MAX_DELAY_MILLIS = Duration.ofDays(365).toMillis();

    private final AgentProfile profile;

    NoticeReader(AgentProfile profile) {
        this.profile = profile;
    }

    /** Takes a {@code system} line; returns whether it is understood. */
    boolean system(String subtype, ObjectNode line, ProtocolSink sink) {
        switch (subtype) {
            case "status" -> {
                String mode = ClaudeJson.text(line, "permissionMode");
                if (mode != null) {
                    profile.permissionModeIs(mode, sink);
                }
                String compacted = ClaudeJson.text(line, "compact_result");
                return compacted == null || compacted.equals("success");
            }
            case "compact_boundary" -> {
                JsonNode data = line.get("compact_metadata");
                sink.event(new AgentEvent.Compacted(
                        ClaudeJson.text(data, "trigger", "auto"), ClaudeJson.number(data, "pre_tokens")));
            }
            case "task_progress" -> {
                String tool = ClaudeJson.text(line, "tool_use_id");
                String text = ClaudeJson.text(line, "description");
                if (tool == null || text == null) {
                    return false;
                }
                sink.event(new AgentEvent.ToolProgress(tool, text, null));
            }
            case "thinking_tokens", "session_state_changed" -> {
                // estimates and a summary of what other lines say
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    /** Takes a line of a rare type; returns whether it is understood. */
    boolean top(String type, ObjectNode line, ProtocolSink sink) {
        switch (type) {
            case "conversation_reset" -> profile.reset(ClaudeJson.text(line, "trigger", "cleared"));
            case "rate_limit_event" -> {
                JsonNode info = line.get("rate_limit_info");
                String status = ClaudeJson.text(info, "status");
                if (status == null) {
                    return false;
                }
                String limit = ClaudeJson.text(info, "rateLimitType", "");
                sink.event(new AgentEvent.RateLimited(status, instant(ClaudeJson.number(info, "resetsAt")), limit));
            }
            case "tool_progress" -> {
                String tool = ClaudeJson.text(line, "tool_use_id");
                JsonNode seconds = line.get("elapsed_time_seconds");
                if (tool == null || seconds == null || !seconds.isNumber()) {
                    return false;
                }
                sink.event(new AgentEvent.ToolProgress(
                        tool,
                        "running for " + seconds.longValue() + " s",
                        ClaudeJson.text(line, "parent_tool_use_id")));
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    /** Takes a {@code system/api_retry} line. */
    boolean retry(ObjectNode line, ProtocolSink sink) {
        Long attempt = ClaudeJson.number(line, "attempt");
        Long max = ClaudeJson.number(line, "max_retries");
        Long delay = ClaudeJson.number(line, "retry_delay_ms");
        Long status = ClaudeJson.number(line, "error_status");
        if (attempt == null) {
            return false;
        }
        long millis = delay == null ? 0 : Math.max(0, Math.min(delay, MAX_DELAY_MILLIS));
        sink.event(new AgentEvent.Retrying(
                attempt.intValue(),
                max == null ? attempt.intValue() : max.intValue(),
                Duration.ofMillis(millis),
                status == null ? null : status.intValue(),
                ClaudeJson.text(line, "error", "unknown")));
        return true;
    }

    /** Whether a retry is about credentials, so that trying again is of no use. */
    boolean credentialsRejected(ObjectNode line) {
        Long status = ClaudeJson.number(line, "error_status");
        return "authentication_failed".equals(ClaudeJson.text(line, "error")) || status != null && status == 401;
    }

    private static @Nullable String instant(@Nullable Long epochSeconds) {
        boolean plausible = epochSeconds != null && epochSeconds > 0 && epochSeconds < 1L << 40;
        return plausible && epochSeconds != null
                ? Instant.ofEpochSecond(epochSeconds).toString()
                : null;
    }
}
