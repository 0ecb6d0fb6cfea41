package io.hotplex.provider.opencode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.spi.ProtocolSink;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one session, and who waits for their answers. Confined to its protocol's caller. How many may be open
 * is limited by who makes them, {@link SessionView}.
 */
final class HttpCalls {
    private final String query;
    private final Map<String, Reply> open = new HashMap<>();
    private long count;

    /** Takes an answer. */
    interface Reply {
        void take(Answer answer, ProtocolSink sink);
    }

    /**
     * @param status the HTTP status; 0 when there was no answer
     * @param body the JSON that came, or {@code null}
     * @param failure why there was no answer, or {@code null}
     */
    record Answer(
            int status, @Nullable JsonNode body, @Nullable String failure) {
        private static final int MAX_PROBLEM = 500;

        boolean ok() {
            return status >= 200 && status < 300;
        }

        /** What went wrong, for people; without what OpenCode quotes of its own requests. */
        String problem() {
            if (failure != null) {
                return "OpenCode did not answer: " + failure;
            }
            String told = body == null ? "" : OpenCodeJson.text(body.get("data"), "message", "");
            String cut = told.length() <= MAX_PROBLEM ? told : told.substring(0, MAX_PROBLEM);
            return "OpenCode refused it with HTTP " + status + (cut.isEmpty() ? "" : ": " + cut);
        }
    }

    /** @param directory the session's; many routes would otherwise speak of the directory that the server runs in */
    HttpCalls(String directory) {
        query = "?directory=" + encode(directory);
    }

    /** A text as a part of a path or query. */
    static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    void get(String path, Reply reply, ProtocolSink sink) {
        send("GET", path, null, reply, sink);
    }

    void post(String path, ObjectNode body, Reply reply, ProtocolSink sink) {
        send("POST", path, body, reply, sink);
    }

    private void send(String method, String path, @Nullable ObjectNode body, Reply reply, ProtocolSink sink) {
        String id = "r" + ++count;
        open.put(id, reply);
        sink.send(Lines.request(id, method, path + (path.contains("?") ? query.replace('?', '&') : query), body));
    }

    /** Takes a line with an answer; returns whether somebody waited for it. */
    boolean receive(ObjectNode line, ProtocolSink sink) {
        Reply reply = open.remove(OpenCodeJson.text(line, "response", ""));
        if (reply == null) {
            return false;
        }
        Long status = OpenCodeJson.number(line, "status");
        reply.take(
                new Answer(
                        status == null ? 0 : status.intValue(), line.get("body"), OpenCodeJson.text(line, "failure")),
                sink);
        return true;
    }
}
