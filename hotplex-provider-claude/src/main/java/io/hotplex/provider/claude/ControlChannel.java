package io.hotplex.provider.claude;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.spi.ProtocolSink;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Requests from us to Claude, each waiting for its one response. Confined to its protocol's caller. */
final class ControlChannel {
    /** Far more than a session asks for at a time; bounds what an agent that never answers can make us keep. */
    static final int MAX_OPEN = 256;

    private final Map<String, Handler> open = new LinkedHashMap<>();
    private long next = 1;

    /** Takes the response to a request. */
    @FunctionalInterface
    interface Handler {
        /**
         * @param response the content of a success; may be missing
         * @param error why the request failed, or {@code null} for a success
         */
        void answered(@Nullable JsonNode response, @Nullable String error, ProtocolSink sink);
    }

    /** Sends a request. */
    void request(ObjectNode request, Handler handler, ProtocolSink sink) {
        if (open.size() >= MAX_OPEN) {
            Iterator<Handler> oldest = open.values().iterator();
            Handler dropped = oldest.next();
            oldest.remove();
            dropped.answered(null, "Claude Code did not answer", sink);
        }
        String id = "hotplex-" + next++;
        open.put(id, handler);
        ObjectNode message = ClaudeJson.object();
        message.put("type", "control_request").put("request_id", id).set("request", request);
        sink.send(ClaudeJson.line(message));
    }

    /** A request without fields. */
    static ObjectNode request(String subtype) {
        return ClaudeJson.object().put("subtype", subtype);
    }

    /** Takes a {@code control_response} line; one that answers nothing of ours is ignored. */
    void receive(ObjectNode message, ProtocolSink sink) {
        JsonNode response = message.get("response");
        String id = ClaudeJson.text(response, "request_id");
        Handler handler = id == null ? null : open.remove(id);
        if (handler == null || response == null) {
            return;
        }
        boolean success = "success".equals(ClaudeJson.text(response, "subtype"));
        handler.answered(
                response.get("response"),
                success ? null : ClaudeJson.text(response, "error", "Claude Code refused the request"),
                sink);
    }

    /** Answers a request of Claude. */
    static void respond(String requestId, ObjectNode response, ProtocolSink sink) {
        ObjectNode body = ClaudeJson.object();
        body.put("subtype", "success").put("request_id", requestId).set("response", response);
        send(body, sink);
    }

    /** Answers a request of Claude with a failure. */
    static void refuse(String requestId, String error, ProtocolSink sink) {
        send(
                ClaudeJson.object()
                        .put("subtype", "error")
                        .put("request_id", requestId)
                        .put("error", error),
                sink);
    }

    /** How many requests wait for their response. */
    int openRequests() {
        return open.size();
    }

    private static void send(ObjectNode body, ProtocolSink sink) {
        ObjectNode message = ClaudeJson.object();
        message.put("type", "control_response").set("response", body);
        sink.send(ClaudeJson.line(message));
    }
}
