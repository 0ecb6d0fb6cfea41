package io.hotplex.provider.claude;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.ProtocolSink;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the process: version, model, permission mode, tools, servers, and the conversation's id. Tells what
 * changed. Confined to its protocol's caller.
 */
final class AgentProfile {
    private final LaunchRequest.Mode mode;
    private String sessionId;
    private @Nullable String resetReason;
    private @Nullable String version;
    private @Nullable String model;
    private @Nullable String initModel;
    private @Nullable String permissionMode;
    private AgentEvent.@Nullable AgentInfo told;

    AgentProfile(LaunchRequest.Start start) {
        mode = start.mode();
        sessionId = start.agentSessionId();
    }

    /** The process answered for the first time. */
    void versionKnown(@Nullable String value, ProtocolSink sink) {
        if (value != null) {
            version = value;
            tell(new AgentEvent.AgentInfo(version, null, null, List.of(), Map.of()), sink);
        }
    }

    /** Takes a {@code system/init} line; one comes with every turn. */
    void init(ObjectNode line, ProtocolSink sink) {
        session(ClaudeJson.text(line, "session_id"), sink);
        version = ClaudeJson.text(line, "claude_code_version", version == null ? "" : version);
        String nowModel = ClaudeJson.text(line, "model");
        if (nowModel != null) {
            if (initModel != null && !nowModel.equals(initModel)) {
                modelIs(nowModel, sink);
            }
            // the first one resolves what the session asked for, "opus" for example; that is no change
            model = nowModel;
            initModel = nowModel;
        }
        String nowMode = ClaudeJson.text(line, "permissionMode");
        if (nowMode != null) {
            if (permissionMode != null) {
                permissionModeIs(nowMode, sink);
            }
            permissionMode = nowMode;
        }
        Map<String, String> servers = new LinkedHashMap<>();
        for (JsonNode server : line.path("mcp_servers")) {
            String name = ClaudeJson.text(server, "name");
            if (name != null) {
                servers.put(name, ClaudeJson.text(server, "status", ""));
            }
        }
        tell(
                new AgentEvent.AgentInfo(
                        version.isEmpty() ? null : version,
                        model,
                        permissionMode,
                        ClaudeJson.texts(line, "tools"),
                        servers),
                sink);
    }

    /** Claude announced that the conversation begins anew; the next line with an id names it. */
    void reset(String trigger) {
        resetReason = trigger.equals("clear") ? "cleared" : trigger;
    }

    /** A line names the conversation. */
    void session(@Nullable String id, ProtocolSink sink) {
        if (id == null || id.isEmpty() || id.equals(sessionId)) {
            return;
        }
        boolean first = initModel == null;
        String usual = first && mode == LaunchRequest.Mode.FORK ? "forked" : first ? "changed" : "cleared";
        sessionId = id;
        sink.agentSession(id, resetReason == null ? usual : resetReason);
        resetReason = null;
    }

    /** The model answers from here on. */
    void modelIs(String now, ProtocolSink sink) {
        if (!now.equals(model)) {
            String previous = model;
            model = now;
            sink.event(new AgentEvent.ModelChanged(previous, now));
        }
    }

    /** The mode holds from here on. */
    void permissionModeIs(String now, ProtocolSink sink) {
        if (!now.equals(permissionMode)) {
            String previous = permissionMode;
            permissionMode = now;
            sink.event(new AgentEvent.PermissionModeChanged(previous, now));
        }
    }

    private void tell(AgentEvent.AgentInfo info, ProtocolSink sink) {
        if (!info.equals(told)) {
            told = info;
            sink.event(info);
        }
    }
}
