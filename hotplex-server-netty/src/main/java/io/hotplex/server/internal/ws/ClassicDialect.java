package io.hotplex.server.internal.ws;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.Turn;
import io.hotplex.server.internal.auth.Principal;
import io.hotplex.server.internal.auth.Scope;
import io.hotplex.server.internal.http.WebSocket;
import io.hotplex.server.internal.sessions.Asks;
import io.hotplex.server.internal.sessions.Presence;
import io.hotplex.server.internal.sessions.SessionAccess;
import io.hotplex.server.internal.wire.EventJson;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * One connection of {@code /ws/v1/agent}, the messages of HotPlex 0.9: {@code execute}, {@code stop}, {@code stats} and
 * {@code version}. What a turn says is a projection of its events, by a {@link Projection}. Unknown fields are ignored,
 * as they were there; what its clients send in an object {@code config} is taken from there as well.
 *
 * <p>Messages of the client come one at a time; projections end on the engine's threads, so their set is concurrent. A
 * client follows a session, as {@link Presence} counts, from its first turn there until it goes.
 */
public final class ClassicDialect extends Dialogue {
    /** Turns that one connection may wait for; each costs a subscription. */
    static final int MAX_REQUESTS = 1_000;

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final CompletionStage<?> NOTHING = CompletableFuture.completedFuture(null);

    private final SessionAccess access;
    private final Presence presence;
    private final Principal principal;
    private final Set<Projection> projections = ConcurrentHashMap.newKeySet();
    /** What ends the client's presence in each session where it had turns. */
    private final Map<Session, Runnable> present = new ConcurrentHashMap<>();

    private volatile boolean closed;
    private volatile boolean draining;

    public ClassicDialect(WebSocket socket, SessionAccess access, Presence presence) {
        super(socket);
        this.access = access;
        this.presence = presence;
        this.principal = socket.request().principal();
    }

    @Override
    CompletionStage<?> hear(ObjectNode message) {
        Peer peer = new Peer(socket, message.get("request_id"));
        String type = text(message, "type");
        return switch (type == null ? "" : type) {
            case "execute" -> execute(message, peer);
            case "stop" -> stop(message, peer);
            case "stats" -> stats(message, peer);
            case "version" -> version(peer);
            default -> throw invalid("unknown request type (expected: execute, stop, stats or version)");
        };
    }

    private CompletionStage<?> execute(ObjectNode message, Peer peer) {
        String prompt = text(message, "prompt");
        if (prompt == null || prompt.isBlank()) {
            throw new HotPlexException(ErrorCode.PROMPT_EMPTY, "prompt cannot be empty");
        }
        SessionAccess.require(principal, Scope.SESSION_READ);
        if (projections.size() >= MAX_REQUESTS) {
            throw new HotPlexException(
                    ErrorCode.TOO_MANY_REQUESTS, MAX_REQUESTS + " requests of this connection are open");
        }
        Session session = session(message);
        Prompt.Builder asked = Prompt.builder(prompt);
        String instructions = first(text(message, "instructions"), text(message, "task_instructions"));
        if (instructions != null) {
            asked.instructions(instructions);
        }
        Asks.trace(asked, socket.request());
        long before = session.info().newestOffset();
        Turn turn = access.submit(principal, session, asked.build());
        Projection projection = new Projection(session, turn, prompt, peer.of(session.id(), turn.id()), this::ended);
        projections.add(projection);
        enter(session);
        projection.begin(before);
        if (closed) { // while it was made
            projection.abandon();
            leave();
        }
        return NOTHING;
    }

    private void enter(Session session) {
        present.forEach((known, leave) -> { // a client may open ever more sessions, but not so many at once
            if (known.info().closed() && present.remove(known, leave)) {
                leave.run();
            }
        });
        present.computeIfAbsent(session, presence::enter);
    }

    private void leave() {
        present.values().forEach(Runnable::run);
        present.clear();
    }

    private void ended(Projection projection) {
        projections.remove(projection);
        goodBye();
    }

    /** The session of an id, opened when there is none; one without an id gets one. */
    private Session session(ObjectNode message) {
        String id = text(message, "session_id");
        if (id == null || id.isEmpty()) {
            id = UUID.randomUUID().toString();
        } else {
            Optional<Session> open = access.controlled(principal, id);
            if (open.isPresent()) {
                return open.get();
            }
        }
        ObjectNode spec = MAPPER.createObjectNode().put("id", id);
        copy(message, "work_dir", spec, "work_dir");
        copy(message, "system_prompt", spec, "append_system_prompt");
        return access.open(principal, spec).session();
    }

    private static void copy(ObjectNode from, String name, ObjectNode to, String newName) {
        String value = text(from, name);
        if (value != null && !value.isEmpty()) {
            to.put(newName, value);
        }
    }

    private CompletionStage<?> stop(ObjectNode message, Peer peer) {
        String id = sessionId(message, "stop");
        CompletionStage<Void> closing = access.controlled(principal, id)
                .map(Session::close)
                .orElseGet(() -> CompletableFuture.completedFuture(null)); // nobody is told which ids there are
        var unused = closing.whenComplete((done, failure) -> {
            if (failure == null) {
                peer.say("stopped", Map.of("session_id", id));
            } else {
                peer.error("Stop failed: ", known(failure));
            }
        });
        return NOTHING;
    }

    private CompletionStage<?> stats(ObjectNode message, Peer peer) {
        String id = sessionId(message, "stats");
        SessionAccess.require(principal, Scope.SESSION_READ);
        Session session = access.find(principal, id).orElse(null);
        peer.say("stats", session == null ? null : Projection.stats(session.stats()));
        return NOTHING;
    }

    /** The version of the default provider's agent, as its program prints it. */
    private CompletionStage<?> version(Peer peer) {
        return access.agent().handle((agent, failure) -> {
            if (failure == null && agent.available()) {
                peer.say("version", Map.of("version", Objects.requireNonNullElse(agent.version(), "unknown") + "\n"));
            } else {
                String detail = failure == null ? agent.detail() : "it could not be asked";
                peer.error(
                        "Failed to get version: ",
                        new HotPlexException(ErrorCode.PROVIDER_UNAVAILABLE, detail, failure));
            }
            return null;
        });
    }

    private static String sessionId(ObjectNode message, String type) {
        String id = text(message, "session_id");
        if (id == null || id.isEmpty()) {
            throw invalid("session_id is required for " + type);
        }
        return id;
    }

    /** A text of the message itself, or of its {@code config}. */
    private static @Nullable String text(ObjectNode message, String name) {
        JsonNode value = message.get(name);
        if (value == null && message.get("config") instanceof ObjectNode config) {
            value = config.get(name);
        }
        return value == null ? null : value.textValue();
    }

    private static @Nullable String first(@Nullable String a, @Nullable String b) {
        return a == null ? b : a;
    }

    private static HotPlexException invalid(String text) {
        return new HotPlexException(ErrorCode.INVALID_ARGUMENT, text);
    }

    @Override
    void refuse(@Nullable ObjectNode message, HotPlexException error) {
        boolean executing = message != null && "execute".equals(text(message, "type"));
        boolean asked = error.code() != ErrorCode.INVALID_ARGUMENT && error.code() != ErrorCode.PROMPT_EMPTY;
        new Peer(socket, message == null ? null : message.get("request_id"))
                .error(executing && asked ? "Execution failed: " : "", error);
    }

    @Override
    public void onWritable() {
        projections.forEach(Projection::goOn);
    }

    @Override
    public void onDrain() {
        draining = true;
        goodBye();
    }

    /** A server that stops lets its clients see how their turns end, and no longer. */
    private void goodBye() {
        if (draining && projections.isEmpty()) {
            socket.close(1001, "the server is stopping");
        }
    }

    @Override
    public void onClosed() {
        closed = true;
        projections.forEach(Projection::abandon);
        projections.clear();
        leave();
    }

    /**
     * Sends messages about one request: under both names of the kind, {@code event} and {@code type}, since clients
     * read either.
     */
    record Peer(
            WebSocket socket,
            @Nullable JsonNode requestId,
            @Nullable String session,
            @Nullable String turn) {
        Peer(WebSocket socket, @Nullable JsonNode requestId) {
            this(socket, requestId, null, null);
        }

        Peer of(String sessionId, String turnId) {
            return new Peer(socket, requestId, sessionId, turnId);
        }

        void say(String event, @Nullable Object data) {
            say(event, 0, data);
        }

        /** @param offset of the event that this shows, or 0 */
        void say(String event, long offset, @Nullable Object data) {
            Map<String, @Nullable Object> message = new LinkedHashMap<>();
            if (requestId != null && requestId.canConvertToLong() && requestId.longValue() > 0) {
                message.put("request_id", requestId.longValue());
            } else if (requestId != null && requestId.isTextual()) {
                message.put("request_id", requestId.textValue());
            }
            message.put("event", event);
            message.put("type", event);
            if (session != null) {
                message.put("session_id", session);
            }
            if (turn != null) {
                message.put("turn_id", turn);
            }
            if (offset > 0) {
                message.put("offset", offset);
            }
            message.put("data", data);
            socket.send(EventJson.text(message));
        }

        void error(String prefix, HotPlexException error) {
            error(
                    prefix
                            + Objects.requireNonNullElse(
                                    error.getMessage(), error.code().name()),
                    0,
                    error.code().name(),
                    error.retryable());
        }

        void error(String text, long offset, String code, boolean retryable) {
            Map<String, @Nullable Object> data = new LinkedHashMap<>();
            data.put("message", text);
            data.put("code", code);
            data.put("retryable", retryable);
            say("error", offset, data);
        }
    }
}
