package io.hotplex.server.internal.rest;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.Turn;
import io.hotplex.server.internal.http.Access;
import io.hotplex.server.internal.http.Request;
import io.hotplex.server.internal.http.Response;
import io.hotplex.server.internal.http.Route;
import io.hotplex.server.internal.sessions.Asks;
import io.hotplex.server.internal.sessions.Cursor;
import io.hotplex.server.internal.sessions.Presence;
import io.hotplex.server.internal.sessions.SessionAccess;
import io.hotplex.server.internal.wire.Fields;
import io.hotplex.server.internal.wire.Views;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Sessions under {@code /v1}: what the WebSocket dialects do, for who wants a request and a response. Thread-safe. */
public final class SessionRoutes {
    private static final String SESSIONS = "/v1/sessions";
    private static final String SESSION = SESSIONS + "/{session}";
    private static final String TURNS = SESSION + "/turns";
    private static final String TURN = TURNS + "/{turn}";
    private static final String REQUESTS = SESSION + "/requests";

    private static final String APPROVALS = "/v1/approvals";
    private static final String REMEMBERED = APPROVALS + "/remembered";

    private final SessionAccess access;
    private final Presence presence;
    private final Duration heartbeat;
    private final byte[] openApi = resource("openapi.json");

    /** @param heartbeat how often a stream of events gets a comment */
    public SessionRoutes(SessionAccess access, Presence presence, Duration heartbeat) {
        this.access = access;
        this.presence = presence;
        this.heartbeat = heartbeat;
    }

    /** Every route, in the order of {@code openapi.json}. */
    public List<Route> routes() {
        return List.of(
                Route.of("GET", SESSIONS, Access.READ, this::list),
                Route.of("POST", SESSIONS, Access.WRITE, this::open),
                Route.of("GET", SESSION, Access.READ, this::get),
                Route.of("PATCH", SESSION, Access.WRITE, this::change),
                Route.of("DELETE", SESSION, Access.WRITE, this::close),
                Route.of("GET", SESSION + "/stats", Access.READ, this::stats),
                Route.of("POST", SESSION + "/interrupt", Access.WRITE, this::interrupt),
                Route.events(SESSION + "/events", Access.READ, this::events),
                Route.of("GET", TURNS, Access.READ, this::turns),
                Route.of("POST", TURNS, Access.WRITE, this::submit),
                Route.of("GET", TURN, Access.READ, this::turn),
                Route.of("POST", TURN + "/cancel", Access.WRITE, this::cancel),
                Route.of("GET", REQUESTS, Access.READ, this::requests),
                // what is answered decides which scope is needed besides
                Route.of("POST", REQUESTS + "/{request}", Access.READ, this::answer),
                Route.of("GET", APPROVALS, Access.READ, this::approvals),
                Route.of("GET", REMEMBERED, Access.READ, this::remembered),
                Route.of("DELETE", REMEMBERED + "/{approval}", Access.APPROVE, this::forget),
                Route.of("GET", "/v1/openapi.json", Access.PUBLIC, this::openApi));
    }

    // ---- sessions

    private CompletionStage<Response> list(Request request) {
        return now(
                200,
                Map.of(
                        "sessions",
                        access.list(request.principal()).stream()
                                .map(Views::session)
                                .toList()));
    }

    private CompletionStage<Response> open(Request request) {
        SessionAccess.Opened opened = access.open(request.principal(), request.json());
        String location = SESSIONS + "/" + encoded(opened.session().id());
        return snapshot(opened.session(), opened.created() ? 201 : 200)
                .thenApply(response -> response.with("Location", location));
    }

    private CompletionStage<Response> get(Request request) {
        return snapshot(readable(request), 200);
    }

    private CompletionStage<Response> change(Request request) {
        Session session = controlled(request);
        Fields fields = new Fields(request.json(), "body");
        String model = fields.text("model");
        String mode = fields.text("permission_mode");
        fields.end();
        if (model == null && mode == null) {
            throw fields.wrong("model or permission_mode is missing");
        }
        return access.change(request.principal(), session, model, mode).thenCompose(done -> snapshot(session, 200));
    }

    private CompletionStage<Response> close(Request request) {
        return controlled(request).close().thenApply(done -> Response.empty(204));
    }

    private CompletionStage<Response> stats(Request request) {
        return now(200, Views.stats(readable(request).stats()));
    }

    private CompletionStage<Response> interrupt(Request request) {
        controlled(request).interrupt();
        return CompletableFuture.completedFuture(Response.empty(202));
    }

    private CompletionStage<Response> events(Request request) {
        Session session = readable(request);
        String last = request.headers().first("Last-Event-ID");
        String after = request.query("after");
        long offset = last != null && !last.isEmpty()
                ? Cursor.parse("Last-Event-ID", last)
                : after != null ? Cursor.parse("after", after) : 0;
        Cursor.of(session.info(), offset); // refuses what is no offset, while that can still be said by a status
        return CompletableFuture.completedFuture(
                Response.events(new SessionEvents(session, offset, presence, heartbeat)));
    }

    // ---- turns

    private CompletionStage<Response> turns(Request request) {
        return now(
                200,
                Map.of(
                        "turns",
                        readable(request).turns().stream()
                                .map(turn -> Views.turn(turn.info()))
                                .toList()));
    }

    private CompletionStage<Response> submit(Request request) {
        Session session = controlled(request);
        Fields fields = new Fields(request.json(), "body");
        Prompt prompt = Asks.prompt(fields, request);
        fields.end();
        Turn turn = access.submit(request.principal(), session, prompt);
        String location = SESSIONS + "/" + encoded(session.id()) + "/turns/" + turn.id();
        Response response = Response.json(202, Views.turn(turn.info())).with("Location", location);
        return turn.accepted().thenApply(safe -> response);
    }

    private CompletionStage<Response> turn(Request request) {
        return now(200, Views.turn(turnOf(readable(request), request).info()));
    }

    private CompletionStage<Response> cancel(Request request) {
        Turn turn = turnOf(controlled(request), request);
        turn.cancel();
        return now(202, Views.turn(turn.info()));
    }

    private static Turn turnOf(Session session, Request request) {
        return session.turn(request.parameter("turn"))
                .orElseThrow(() -> new HotPlexException(
                        ErrorCode.TURN_NOT_FOUND, "the session has no such turn, or has forgotten it"));
    }

    // ---- requests of the agent

    private CompletionStage<Response> requests(Request request) {
        return now(200, Map.of("requests", Views.requests(readable(request).pendingRequests())));
    }

    private CompletionStage<Response> answer(Request request) {
        Session session = readable(request);
        Fields fields = new Fields(request.json(), "body");
        Asks.Answer answer = Asks.answer(fields);
        fields.end();
        access.answer(request.principal(), session.id(), request.parameter("request"), answer);
        return CompletableFuture.completedFuture(Response.empty(204));
    }

    private CompletionStage<Response> approvals(Request request) {
        return now(
                200,
                Map.of(
                        "approvals",
                        access.waiting(request.principal()).stream()
                                .map(waiting -> Views.waiting(waiting.session(), waiting.request()))
                                .toList()));
    }

    private CompletionStage<Response> remembered(Request request) {
        return now(
                200,
                Map.of(
                        "remembered",
                        access.remembered(request.principal()).stream()
                                .map(Views::remembered)
                                .toList()));
    }

    private CompletionStage<Response> forget(Request request) {
        access.forget(request.principal(), request.parameter("approval"));
        return CompletableFuture.completedFuture(Response.empty(204));
    }

    // ---- small things

    private CompletionStage<Response> openApi(Request request) {
        return CompletableFuture.completedFuture(Response.of(200, "application/json", openApi));
    }

    private Session readable(Request request) {
        return access.read(request.principal(), request.parameter("session"));
    }

    private Session controlled(Request request) {
        return access.control(request.principal(), request.parameter("session"));
    }

    private static CompletionStage<Response> snapshot(Session session, int status) {
        return session.snapshot().thenApply(snapshot -> Response.json(status, Views.snapshot(snapshot)));
    }

    private static CompletionStage<Response> now(int status, Map<String, ? extends @Nullable Object> body) {
        return CompletableFuture.completedFuture(Response.json(status, body));
    }

    private static String encoded(String id) {
        return URLEncoder.encode(id, StandardCharsets.UTF_8);
    }

    private static byte[] resource(String name) {
        try (InputStream in = Objects.requireNonNull(SessionRoutes.class.getResourceAsStream(name), name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("a resource of this module can always be read", e);
        }
    }
}
