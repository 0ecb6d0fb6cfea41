package io.hotplex.testkit.agent;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The lines that the agent writes, in the shapes of Claude Code 2.1.330.
 *
 * <p>Thread-safe: it keeps nothing but the output, which is.
 */
final class Wire {
    /** The version of the dialect, as a host asks for it. */
    static final String DIALECT_VERSION = "2.1.330";

    private final AgentOutput out;
    private final String sessionId;
    private final boolean partial;

    Wire(AgentOutput out, String sessionId, boolean partial) {
        this.out = out;
        this.sessionId = sessionId;
        this.partial = partial;
    }

    String sessionId() {
        return sessionId;
    }

    void init(AgentSettings settings, List<String> tools) {
        system(
                "init",
                "cwd",
                Path.of("").toAbsolutePath().toString(),
                "tools",
                tools,
                "mcp_servers",
                List.of(),
                "model",
                settings.model(),
                "permissionMode",
                settings.permissionMode(),
                "slash_commands",
                List.of(),
                "apiKeySource",
                "none",
                "claude_code_version",
                DIALECT_VERSION,
                "agents",
                List.of(),
                "skills",
                List.of());
    }

    /** A {@code system} line; more members as keys and values. */
    void system(String subtype, @Nullable Object... members) {
        Map<String, @Nullable Object> line = Json.object("type", "system", "subtype", subtype);
        line.putAll(Json.object(members));
        session(line);
    }

    /** A piece of the model's stream; written only when the host asked for partial messages. */
    void stream(Map<String, @Nullable Object> event) {
        if (partial) {
            session(Json.object("type", "stream_event", "event", event, "parent_tool_use_id", null));
        }
    }

    void assistant(Map<String, @Nullable Object> message, boolean aborted) {
        Map<String, @Nullable Object> line =
                Json.object("type", "assistant", "message", message, "parent_tool_use_id", null);
        if (aborted) {
            line.put("aborted", true);
        }
        session(line);
    }

    void user(Map<String, @Nullable Object> contentBlock, @Nullable Object toolUseResult) {
        Map<String, @Nullable Object> line = Json.object(
                "type",
                "user",
                "message",
                Json.object("role", "user", "content", List.of(contentBlock)),
                "parent_tool_use_id",
                null,
                "timestamp",
                Instant.now().toString());
        if (toolUseResult != null) {
            line.put("tool_use_result", toolUseResult);
        }
        session(line);
    }

    void result(Map<String, @Nullable Object> members) {
        Map<String, @Nullable Object> line = Json.object("type", "result");
        line.putAll(members);
        session(line);
    }

    /** Where a prompt with an id of the host's stands: queued, started, completed or cancelled. */
    void lifecycle(@Nullable String promptUuid, String state) {
        if (promptUuid != null) {
            session(Json.object("type", "command_lifecycle", "command_uuid", promptUuid, "state", state));
        }
    }

    void succeeded(String requestId, @Nullable Object response) {
        Map<String, @Nullable Object> body = Json.object("subtype", "success", "request_id", requestId);
        if (response != null) {
            body.put("response", response);
        }
        out.line(Json.object("type", "control_response", "response", body));
    }

    void failed(String requestId, String error) {
        out.line(Json.object(
                "type",
                "control_response",
                "response",
                Json.object("subtype", "error", "request_id", requestId, "error", error)));
    }

    void request(String requestId, Map<String, @Nullable Object> request) {
        out.line(Json.object("type", "control_request", "request_id", requestId, "request", request));
    }

    void withdraw(String requestId) {
        out.line(Json.object("type", "control_cancel_request", "request_id", requestId));
    }

    private void session(Map<String, @Nullable Object> line) {
        line.put("session_id", sessionId);
        line.put("uuid", UUID.randomUUID().toString());
        out.line(line);
    }
}
