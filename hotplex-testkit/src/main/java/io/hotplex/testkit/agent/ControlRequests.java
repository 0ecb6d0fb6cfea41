package io.hotplex.testkit.agent;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Answers what a host asks beside its prompts. Confined to the reading thread. */
final class ControlRequests {
    private static final String BUILD_TIME = "2026-01-01T00:00:00Z";

    private final StreamJsonAgent agent;
    private final AgentSettings settings;
    private final Wire wire;
    private boolean endRequested;

    ControlRequests(StreamJsonAgent agent, AgentSettings settings, Wire wire) {
        this.agent = agent;
        this.settings = settings;
        this.wire = wire;
    }

    /** Whether the host asked the agent to end although its input is open. */
    boolean endRequested() {
        return endRequested;
    }

    void handle(Map<String, @Nullable Object> message) {
        String id = Objects.requireNonNullElse(Json.text(message, "request_id"), "");
        Map<String, @Nullable Object> request = Json.child(message, "request");
        String subtype = Objects.requireNonNullElse(Json.text(request, "subtype"), "");
        switch (subtype) {
            case "get_binary_version" ->
                wire.succeeded(id, Json.object("version", Wire.DIALECT_VERSION, "buildTime", BUILD_TIME));
            case "initialize" -> {
                settings.hook(firstCallback(Json.child(request, "hooks")));
                wire.succeeded(id, initialized());
            }
            case "interrupt" -> interrupt(id);
            case "set_model" -> {
                settings.model(Json.text(request, "model"));
                wire.succeeded(id, null);
            }
            case "set_permission_mode" -> setPermissionMode(id, Json.text(request, "mode"));
            case "cancel_async_message" ->
                wire.succeeded(id, Json.object("cancelled", agent.cancelWaiting(Json.text(request, "message_uuid"))));
            case "mcp_status" -> wire.succeeded(id, Json.object("mcpServers", List.of()));
            case "apply_flag_settings", "set_max_thinking_tokens" -> wire.succeeded(id, null);
            case "end_session" -> {
                wire.succeeded(id, null);
                endRequested = true;
            }
            default -> wire.failed(id, "Unsupported control request subtype: " + subtype);
        }
    }

    /** The callback that wants to hear of tool calls before they run, if there is one. */
    private static @Nullable String firstCallback(Map<String, @Nullable Object> hooks) {
        for (Object matcher : Json.list(hooks, "PreToolUse")) {
            for (Object callback : Json.list(Json.asObject(matcher), "hookCallbackIds")) {
                return String.valueOf(callback);
            }
        }
        return null;
    }

    private Map<String, @Nullable Object> initialized() {
        return Json.object(
                "commands",
                List.of(),
                "agents",
                List.of(),
                "output_style",
                "default",
                "models",
                List.of(Json.object(
                        "value", AgentSettings.DEFAULT_MODEL, "displayName", "Demo", "description", "No model at all")),
                "account",
                Json.object("tokenSource", "none", "apiKeySource", "none"),
                "pid",
                ProcessHandle.current().pid(),
                "claude_code_version",
                Wire.DIALECT_VERSION,
                "current_permission_mode",
                settings.permissionMode());
    }

    private void interrupt(String id) {
        if (!agent.behaviour().heedsInterrupts()) {
            return;
        }
        Turn turn = agent.currentTurn();
        if (turn != null) {
            turn.withdrawQuestion();
        }
        wire.succeeded(id, Json.object("still_queued", agent.waitingUuids()));
        if (turn != null) {
            turn.deliver(new Turn.Interrupted());
        }
    }

    private void setPermissionMode(String id, @Nullable String mode) {
        String refused = settings.permissionMode(mode);
        if (refused != null) {
            wire.failed(id, refused);
            return;
        }
        wire.succeeded(id, Json.object("mode", mode));
        wire.system("status", "status", null, "permissionMode", mode);
    }
}
