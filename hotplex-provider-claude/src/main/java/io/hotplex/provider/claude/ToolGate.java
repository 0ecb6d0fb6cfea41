package io.hotplex.provider.claude;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.spi.ProtocolSink;
import io.hotplex.api.spi.ToolCall;
import io.hotplex.api.spi.ToolGuard.Action;
import io.hotplex.api.spi.ToolGuard.Verdict;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Puts every tool call before the guards, by a hook that Claude calls before each, in every permission mode. Claude
 * waits for the answer, and a hook that allows leaves the rest to Claude's own rules. Confined to its protocol's
 * caller.
 */
final class ToolGate {
    /** As for permission requests: one more is refused, which denies the call. */
    static final int MAX_OPEN = PermissionDesk.MAX_PENDING;

    private static final String CALLBACK = "hotplex-tool-guard";
    private static final String EVENT = "PreToolUse";

    /** Seconds that Claude waits for an answer: more than the engine lets guards take, after which Claude goes on. */
    private static final int TIMEOUT_SECONDS = 600;

    private final Set<String> open = new HashSet<>();

    /** The request that registers the hook; it has to come before the first prompt. */
    static ObjectNode registration() {
        ObjectNode request = ControlChannel.request("initialize");
        request.putObject("hooks")
                .putArray(EVENT)
                .addObject()
                .put("matcher", "*")
                .put("timeout", TIMEOUT_SECONDS)
                .putArray("hookCallbackIds")
                .add(CALLBACK);
        return request;
    }

    /** Takes a {@code control_request}; returns whether it was a call of the hook. */
    boolean receive(ObjectNode message, ProtocolSink sink) {
        JsonNode request = message.get("request");
        if (!"hook_callback".equals(ClaudeJson.text(request, "subtype"))
                || !CALLBACK.equals(ClaudeJson.text(request, "callback_id"))) {
            return false;
        }
        String id = ClaudeJson.text(message, "request_id");
        JsonNode input = request == null ? null : request.get("input");
        String tool = ClaudeJson.text(input, "tool_name");
        if (id == null) {
            return true;
        }
        if (tool == null || input == null || open.size() >= MAX_OPEN) {
            answer(id, "deny", "the call could not be looked at, so it must not run", sink);
        } else if (open.add(id)) {
            sink.toolCall(
                    id,
                    new ToolCall(
                            ClaudeJson.text(input, "tool_use_id"),
                            tool,
                            ToolCatalog.kind(tool),
                            ClaudeJson.map(input, "tool_input")));
        }
        return true;
    }

    /** Claude does not wait any more. */
    void withdraw(ObjectNode message) {
        String id = ClaudeJson.text(message, "request_id");
        if (id != null) {
            open.remove(id);
        }
    }

    /** What the guards say. */
    void decided(String callId, Verdict verdict, ProtocolSink sink) {
        if (!open.remove(callId)) {
            return;
        }
        if (verdict.action() == Action.DENY) {
            answer(callId, "deny", verdict.why().message(), sink);
        } else if (verdict.action() == Action.ASK) {
            answer(callId, "ask", verdict.why().message(), sink);
        } else {
            ControlChannel.respond(callId, ClaudeJson.object(), sink);
        }
    }

    /** How many calls wait for the guards. */
    int openCalls() {
        return open.size();
    }

    private static void answer(String id, String decision, @Nullable String reason, ProtocolSink sink) {
        ObjectNode response = ClaudeJson.object();
        response.putObject("hookSpecificOutput")
                .put("hookEventName", EVENT)
                .put("permissionDecision", decision)
                .put("permissionDecisionReason", ClaudeJson.clean(String.valueOf(reason)));
        ControlChannel.respond(id, response, sink);
    }
}
