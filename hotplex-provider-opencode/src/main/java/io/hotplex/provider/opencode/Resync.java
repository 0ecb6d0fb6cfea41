package io.hotplex.provider.opencode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.spi.ProtocolSink;
import io.hotplex.provider.opencode.HttpCalls.Answer;
import java.util.ArrayList;
import java.util.List;

/**
 * Looks at a conversation after events of it may have been lost, and takes what is there as if it had been told.
 * Confined to its protocol's caller.
 *
 * <p>First whether the session does anything, then its messages: those of a session that does nothing are all there
 * are, so it is safe to take the turn for ended then. The other way round a message might come in between. A session
 * that works tells the rest itself.
 */
final class Resync {
    /** More messages than lie in a gap of some seconds. */
    private static final int MESSAGES = 200;

    private final HttpCalls calls;
    private final Looks looks;
    private boolean running;
    private boolean again;

    /** Takes what is found. */
    interface Looks {
        String sessionId();

        void child(String id, ProtocolSink sink);

        List<String> children();

        void message(JsonNode message, ProtocolSink sink);

        void permissions(Answer answer, boolean questions, ProtocolSink sink);

        void status(boolean idle, ProtocolSink sink);
    }

    Resync(HttpCalls calls, Looks looks) {
        this.calls = calls;
        this.looks = looks;
    }

    /** Begins, or begins again when it is done. */
    void begin(ProtocolSink sink) {
        again = running;
        if (!running) {
            running = true;
            calls.get("/session/status", this::status, sink);
        }
    }

    private void status(Answer answer, ProtocolSink sink) {
        // only sessions that do something are listed
        boolean idle = answer.body() instanceof ObjectNode all
                && OpenCodeJson.text(all.get(looks.sessionId()), "type", "idle").equals("idle");
        calls.get(
                session(looks.sessionId()) + "/children",
                (found, s) -> {
                    for (JsonNode child : found.body() == null ? OpenCodeJson.object() : found.body()) {
                        looks.child(OpenCodeJson.text(child, "id", ""), s);
                    }
                    List<String> sessions = new ArrayList<>(List.of(looks.sessionId()));
                    sessions.addAll(looks.children());
                    messages(sessions, idle, s);
                },
                sink);
    }

    private void messages(List<String> sessions, boolean idle, ProtocolSink sink) {
        calls.get(
                session(sessions.get(0)) + "/message?limit=" + MESSAGES,
                (found, s) -> {
                    for (JsonNode message : found.body() == null ? OpenCodeJson.object() : found.body()) {
                        looks.message(message, s);
                    }
                    if (sessions.size() > 1) {
                        messages(sessions.subList(1, sessions.size()), idle, s);
                    } else {
                        requests(idle, s);
                    }
                },
                sink);
    }

    private void requests(boolean idle, ProtocolSink sink) {
        calls.get("/permission", (found, s) -> looks.permissions(found, false, s), sink);
        calls.get(
                "/question",
                (found, s) -> {
                    looks.permissions(found, true, s);
                    looks.status(idle, s);
                    running = false;
                    if (again) {
                        begin(s);
                    }
                },
                sink);
    }

    private static String session(String id) {
        return "/session/" + HttpCalls.encode(id);
    }
}
