package io.hotplex.server.internal.ws;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSnapshot;
import io.hotplex.api.Turn;
import io.hotplex.server.internal.auth.Principal;
import io.hotplex.server.internal.auth.Scope;
import io.hotplex.server.internal.http.WebSocket;
import io.hotplex.server.internal.sessions.Asks;
import io.hotplex.server.internal.sessions.Cursor;
import io.hotplex.server.internal.sessions.Presence;
import io.hotplex.server.internal.sessions.SessionAccess;
import io.hotplex.server.internal.wire.EventJson;
import io.hotplex.server.internal.wire.Fields;
import io.hotplex.server.internal.wire.Views;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * One connection of {@code /ws/v2}: several sessions, each message answered by name, events in order and without hole.
 * {@code docs/protocol.md} is its description.
 *
 * <p>Messages of the client come one at a time. What follows a session is an {@link Attachment}; the map of those is
 * concurrent, since sessions end by themselves.
 */
public final class NativeDialect extends Dialogue {
    /** The protocol's version. Within it, fields and types are added, and never change their meaning. */
    static final int VERSION = 2;

    /** More than a page shows; each costs a subscription. */
    static final int MAX_ATTACHMENTS = 1_000;

    /** So many offsets are remembered for each attachment with a window. */
    static final int MAX_WINDOW = 100_000;

    private final SessionAccess access;
    private final Presence presence;
    private final Principal principal;
    private final Map<String, Attachment> attachments = new ConcurrentHashMap<>();
    private volatile boolean closed;
    private volatile boolean draining;

    /** @param maxMessageBytes longest message that the client may send, told to it */
    public NativeDialect(WebSocket socket, SessionAccess access, Presence presence, long maxMessageBytes) {
        super(socket);
        this.access = access;
        this.presence = presence;
        this.principal = socket.request().principal();
        hello(maxMessageBytes);
    }

    private void hello(long maxMessageBytes) {
        Map<String, Object> limits = new LinkedHashMap<>();
        limits.put("message_bytes", maxMessageBytes);
        limits.put("attachments", MAX_ATTACHMENTS);
        limits.put("window", MAX_WINDOW);
        Map<String, Object> hello = new LinkedHashMap<>();
        hello.put("type", "hello");
        hello.put("protocol", VERSION);
        hello.put("owner", principal.owner());
        hello.put(
                "scopes", principal.scopes().stream().map(Scope::text).sorted().toList());
        hello.put("providers", access.providers());
        hello.put("limits", limits);
        socket.send(EventJson.text(hello));
    }

    // ---- what the client says

    @Override
    CompletionStage<?> hear(ObjectNode message) {
        Fields fields = new Fields(message, "message");
        String type = fields.requiredText("type");
        Reply reply = new Reply(type, fields.text("ref"));
        return switch (type) {
            case "open" -> open(fields, reply);
            case "attach" -> attach(fields, reply);
            case "prompt" -> prompt(fields, reply);
            case "cancel" -> cancel(fields, reply);
            case "interrupt" -> interrupt(fields, reply);
            case "answer" -> answer(fields, reply);
            case "set" -> set(fields, reply);
            case "ack" -> acknowledge(fields);
            case "detach" -> detach(fields, reply);
            case "close" -> close(fields, reply);
            case "ping" -> ping(fields, reply);
            default ->
                throw new HotPlexException(
                        ErrorCode.INVALID_ARGUMENT,
                        "unknown message type (expected: open, attach, prompt, cancel, interrupt, answer, set, ack, detach,"
                                + " close or ping)");
        };
    }

    /** Who acknowledges would have to stop reading when that was refused. */
    @Override
    boolean counts(ObjectNode message) {
        return !"ack".equals(textOf(message, "type"));
    }

    private CompletionStage<?> open(Fields fields, Reply reply) {
        ObjectNode spec = fields.object("spec");
        fields.end();
        if (spec == null) {
            throw fields.wrong("spec is missing");
        }
        SessionAccess.Opened opened = access.open(principal, spec);
        return opened.session()
                .snapshot()
                .thenAccept(snapshot -> reply.with("session", opened.session().id())
                        .with("created", opened.created())
                        .with("snapshot", Views.snapshot(snapshot))
                        .send("opened"));
    }

    private CompletionStage<?> attach(Fields fields, Reply reply) {
        String id = fields.requiredText("session");
        Long after = fields.number("after");
        boolean controller = role(fields);
        int window = window(fields);
        fields.end();
        Session session = controller ? access.control(principal, id) : access.read(principal, id);
        SessionAccess.require(principal, Scope.SESSION_READ);
        if (attachments.containsKey(id)) {
            throw fields.wrong("the session is attached already (detach it first)");
        }
        if (attachments.size() >= MAX_ATTACHMENTS) {
            throw new HotPlexException(
                    ErrorCode.TOO_MANY_REQUESTS,
                    "this connection has " + MAX_ATTACHMENTS + " sessions attached: detach some");
        }
        return session.snapshot().thenAccept(snapshot -> follow(session, snapshot, after, controller, window, reply));
    }

    private boolean role(Fields fields) {
        String role = fields.text("role");
        if (role == null) {
            return principal.may(Scope.SESSION_WRITE);
        }
        if (!role.equals("controller") && !role.equals("observer")) {
            throw fields.wrong("role is unknown (expected: controller or observer)");
        }
        return role.equals("controller");
    }

    private static int window(Fields fields) {
        long window = Objects.requireNonNullElse(fields.number("window"), 0L);
        if (window < 0 || window > MAX_WINDOW) {
            throw fields.wrong("window: " + window + " (expected: 0 for none, to " + MAX_WINDOW + ")");
        }
        return (int) window;
    }

    private void follow(
            Session session,
            SessionSnapshot snapshot,
            @Nullable Long after,
            boolean controller,
            int window,
            Reply reply) {
        long newest = snapshot.info().newestOffset();
        Cursor cursor = Cursor.of(snapshot.info(), after == null ? newest : after);
        Attachment attachment =
                new Attachment(session, socket, controller, window, presence.enter(session), this::over);
        boolean subscribed = false;
        try {
            session.subscribe(cursor.after(), attachment);
            subscribed = true;
        } finally {
            if (!subscribed) {
                attachment.detach();
            }
        }
        attachments.put(session.id(), attachment);
        reply.with("session", session.id())
                .with("role", controller ? "controller" : "observer")
                .with("offset", newest)
                .with("snapshot", Views.snapshot(snapshot))
                .send("attached");
        if (cursor.reset()) {
            attachment.reset(snapshot.info().oldestOffset(), newest);
        }
        attachment.goOn();
        if (closed) { // while it was made
            attachment.detach();
        }
    }

    private void over(Attachment attachment, @Nullable Throwable cause) {
        String id = attachment.session().id();
        attachments.remove(id, attachment);
        if (cause != null) {
            error(Map.of("session", id), lost(cause));
        }
        goodBye();
    }

    private CompletionStage<?> prompt(Fields fields, Reply reply) {
        Session session = acting(fields);
        var prompt = Asks.prompt(fields, socket.request());
        fields.end();
        Turn turn = access.submit(principal, session, prompt);
        reply.with("session", session.id()).with("turn", turn.id());
        if (prompt.clientId() != null) {
            reply.with("id", prompt.clientId());
        }
        return turn.accepted().thenRun(() -> reply.send("accepted"));
    }

    private CompletionStage<?> cancel(Fields fields, Reply reply) {
        Session session = acting(fields);
        String id = fields.requiredText("turn");
        fields.end();
        session.turn(id)
                .orElseThrow(() -> new HotPlexException(
                        ErrorCode.TURN_NOT_FOUND, "the session has no such turn, or has forgotten it"))
                .cancel();
        return reply.with("session", session.id()).with("turn", id).send("cancelling");
    }

    private CompletionStage<?> interrupt(Fields fields, Reply reply) {
        Session session = acting(fields);
        fields.end();
        session.interrupt();
        return reply.with("session", session.id()).send("interrupting");
    }

    private CompletionStage<?> answer(Fields fields, Reply reply) {
        String id = access.read(principal, fields.requiredText("session")).id();
        String request = fields.requiredText("request");
        Asks.Answer answer = Asks.answer(fields);
        fields.end();
        if (principal.may(
                Scope.SESSION_WRITE)) { // else it can be nothing but an observer, and may approve all the same
            checkRole(id);
        }
        access.answer(principal, id, request, answer);
        return reply.with("session", id).with("request", request).send("answered");
    }

    private CompletionStage<?> set(Fields fields, Reply reply) {
        Session session = acting(fields);
        String model = fields.text("model");
        String mode = fields.text("permission_mode");
        fields.end();
        if (model == null && mode == null) {
            throw fields.wrong("model or permission_mode is missing");
        }
        later(access.change(principal, session, model, mode), reply.with("session", session.id()), "changed");
        return NOTHING;
    }

    private CompletionStage<?> acknowledge(Fields fields) {
        Attachment attachment = attachments.get(fields.requiredText("session"));
        Long offset = fields.number("offset");
        fields.end();
        if (offset == null) {
            throw fields.wrong("offset is missing");
        }
        if (attachment != null) { // else it ended while this was under way
            attachment.acknowledge(offset);
        }
        return NOTHING;
    }

    private CompletionStage<?> detach(Fields fields, Reply reply) {
        String id = fields.requiredText("session");
        fields.end();
        Attachment attachment = attachments.remove(id);
        if (attachment == null) {
            throw new HotPlexException(ErrorCode.SESSION_NOT_FOUND, "no such session is attached to this connection");
        }
        attachment.detach();
        reply.with("session", id).send("detached");
        goodBye();
        return NOTHING;
    }

    private CompletionStage<?> close(Fields fields, Reply reply) {
        Session session = acting(fields);
        fields.end();
        later(session.close(), reply.with("session", session.id()), "closed");
        return NOTHING;
    }

    private static CompletionStage<?> ping(Fields fields, Reply reply) {
        fields.end();
        return reply.send("pong");
    }

    /** The session that a message wants to act on; one that this connection only observes is refused. */
    private Session acting(Fields fields) {
        String id = fields.requiredText("session");
        Session session = access.control(principal, id);
        checkRole(id);
        return session;
    }

    private void checkRole(String id) {
        Attachment attachment = attachments.get(id);
        if (attachment != null && !attachment.controller()) {
            throw new HotPlexException(
                    ErrorCode.FORBIDDEN, "this connection is attached as an observer: attach as a controller to act");
        }
    }

    // ---- what the client is told

    private static final CompletionStage<?> NOTHING = CompletableFuture.completedFuture(null);

    /** The answer to one message: its type and ref first, then what is to be said. */
    private final class Reply {
        private final String re;
        private final @Nullable String ref;
        private final Map<String, @Nullable Object> fields = new LinkedHashMap<>();

        Reply(String re, @Nullable String ref) {
            this.re = re;
            this.ref = ref;
        }

        Reply with(String name, Object value) {
            fields.put(name, value);
            return this;
        }

        CompletionStage<?> send(String type) {
            Map<String, @Nullable Object> message = new LinkedHashMap<>();
            message.put("type", type);
            message.put("re", re);
            if (ref != null) {
                message.put("ref", ref);
            }
            message.putAll(fields);
            socket.send(EventJson.text(message));
            return NOTHING;
        }
    }

    /** Replies when something is done; meanwhile other messages are heard. */
    private void later(CompletionStage<?> done, Reply reply, String type) {
        var unused = done.whenComplete((result, failure) -> {
            if (failure == null) {
                reply.send(type);
            } else {
                error(reply.re, reply.ref, known(failure));
            }
        });
    }

    @Override
    void refuse(@Nullable ObjectNode message, HotPlexException error) {
        error(textOf(message, "type"), textOf(message, "ref"), error);
    }

    private static @Nullable String textOf(@Nullable ObjectNode message, String name) {
        JsonNode value = message == null ? null : message.get(name);
        return value == null ? null : value.textValue();
    }

    private void error(@Nullable String re, @Nullable String ref, HotPlexException error) {
        Map<String, String> about = new LinkedHashMap<>();
        if (re != null) {
            about.put("re", re);
        }
        if (ref != null) {
            about.put("ref", ref);
        }
        error(about, error);
    }

    private void error(Map<String, String> about, HotPlexException error) {
        Map<String, @Nullable Object> message = new LinkedHashMap<>();
        message.put("type", "error");
        message.putAll(about);
        message.put("code", error.code().name());
        message.put("message", error.getMessage());
        message.put("retryable", error.retryable());
        socket.send(EventJson.text(message));
    }

    // ---- the connection

    @Override
    public void onWritable() {
        attachments.values().forEach(Attachment::goOn);
    }

    @Override
    public void onDrain() {
        draining = true;
        socket.send(EventJson.text(Map.of("type", "draining")));
        goodBye();
    }

    /** A server that stops lets its clients see how their sessions end, and no longer. */
    private void goodBye() {
        if (draining && attachments.isEmpty()) {
            socket.close(1001, "the server is stopping");
        }
    }

    @Override
    public void onClosed() {
        closed = true;
        attachments.values().forEach(Attachment::detach);
        attachments.clear();
    }
}
