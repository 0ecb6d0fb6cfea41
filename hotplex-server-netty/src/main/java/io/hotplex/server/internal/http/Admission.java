package io.hotplex.server.internal.http;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.server.ServerConfig;
import io.hotplex.server.internal.auth.ApiKey;
import io.hotplex.server.internal.auth.Principal;
import io.hotplex.server.internal.auth.Scope;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Decides on a request by its head, before anything of its body is read. Stateless.
 *
 * <p>The order tells as little as possible to who may know little: source, route, key, scope, then the body. Without a
 * valid key, a path that does not exist looks like one that does.
 */
final class Admission {
    /** The one of RFC 6455. */
    private static final String WEBSOCKET_VERSION = "13";

    private static final int NONCE_BYTES = 16;
    private static final int UPGRADE_REQUIRED = 426;

    private final ServerParts parts;

    Admission(ServerParts parts) {
        this.parts = parts;
    }

    /**
     * Looks up the route and checks all that can be checked now.
     *
     * @return what the request asks for
     * @throws Refusal with the response; for a page's question whether it may ask, with the answer
     */
    Request.Target admit(Exchange exchange) throws Refusal {
        try {
            return check(exchange);
        } catch (HotPlexException e) {
            throw new Refusal(Problem.of(e, exchange.id));
        }
    }

    private Request.Target check(Exchange exchange) throws Refusal {
        String uri = exchange.head.uri();
        if (!uri.startsWith("/")) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT, "the request target is not a path (expected: one that begins with /)");
        }
        checkRate(exchange, parts.gatekeeper().checkRate(exchange.client.address()));
        String origin = parts.gatekeeper().checkSource(exchange.headers, exchange.client.tls());
        if (origin != null) {
            exchange.responseHeaders.put("Access-Control-Allow-Origin", origin);
            exchange.responseHeaders.put("Access-Control-Expose-Headers", "X-Request-Id, Retry-After");
            exchange.responseHeaders.put("Vary", "Origin");
        }
        String method = exchange.head.method().name();
        QueryStringDecoder decoder = new QueryStringDecoder(uri);
        String path = decoder.rawPath();
        Router.Match match = parts.router().find(method, path);
        if (origin != null && method.equals("OPTIONS") && match instanceof Router.Match.OtherMethods other) {
            throw new Refusal(preflight(other));
        }
        Map<String, String> parameters = Map.of();
        if (match instanceof Router.Match.Found found) {
            exchange.route = found.route();
            parameters = found.parameters();
        }
        Request.Target target = new Request.Target(method, path, parameters, query(decoder));
        identify(exchange, target);
        if (match instanceof Router.Match.OtherMethods other) {
            throw new Refusal(problem(exchange, ErrorCode.METHOD_NOT_ALLOWED, method + " is not a method of this path")
                    .with("Allow", String.join(", ", new TreeSet<>(other.methods()))));
        }
        checkRoute(exchange);
        return target;
    }

    /** A browser asks whether a page may send what it wants to send. */
    private static Response.Whole preflight(Router.Match.OtherMethods other) {
        return Response.empty(204)
                .with("Access-Control-Allow-Methods", String.join(", ", new TreeSet<>(other.methods())))
                .with(
                        "Access-Control-Allow-Headers",
                        "Authorization, Content-Type, Last-Event-ID, X-API-Key, traceparent, x-opencode-directory")
                .with("Access-Control-Max-Age", "600");
    }

    private void checkRoute(Exchange exchange) throws Refusal {
        Route route = exchange.route;
        if (route == null) {
            throw new HotPlexException(ErrorCode.ROUTE_NOT_FOUND, "there is nothing at this path");
        }
        checkScope(route, exchange.principal);
        if (parts.connections().draining() && !route.is(Route.Flag.WHILE_DRAINING)) {
            throw new HotPlexException(ErrorCode.SERVER_UNAVAILABLE, "the server is stopping: connect again later");
        }
        checkUpgrade(exchange, route);
        checkBody(exchange);
    }

    private static void checkRate(Exchange exchange, @Nullable Duration wait) throws Refusal {
        if (wait != null) {
            throw new Refusal(
                    Problem.of(ErrorCode.TOO_MANY_REQUESTS, "too many requests in a second: wait", exchange.id, wait));
        }
    }

    private static Map<String, List<String>> query(QueryStringDecoder decoder) {
        try {
            return decoder.parameters();
        } catch (IllegalArgumentException e) {
            throw new HotPlexException(ErrorCode.INVALID_ARGUMENT, "the query has a malformed escape sequence");
        }
    }

    private void identify(Exchange exchange, Request.Target target) throws Refusal {
        Route route = exchange.route;
        if (route == null || route.access() != Access.PUBLIC) {
            try {
                ApiKey key = parts.gatekeeper().authenticate(route, exchange.headers, target);
                exchange.key = key;
                exchange.principal = key.principal();
                checkRate(exchange, parts.gatekeeper().checkRate(key));
            } catch (HotPlexException e) {
                throw new Refusal(Problem.of(e, exchange.id).with("WWW-Authenticate", "Bearer realm=\"hotplex\""));
            }
        }
    }

    private static void checkScope(Route route, Principal principal) {
        Scope scope = route.access().scope();
        if (scope != null && !principal.may(scope)) {
            throw new HotPlexException(
                    ErrorCode.FORBIDDEN,
                    "the key " + principal.keyId() + " lacks the scope " + scope.text() + " for this request");
        }
    }

    private static void checkUpgrade(Exchange exchange, Route route) throws Refusal {
        if (route.kind() == Kind.WEBSOCKET && !exchange.isUpgrade()) {
            throw new Refusal(problem(exchange, ErrorCode.INVALID_ARGUMENT, "this path is a WebSocket: upgrade to it")
                    .with("Upgrade", "websocket"));
        }
        if (route.kind() != Kind.WEBSOCKET && exchange.isUpgrade()) {
            throw new HotPlexException(ErrorCode.INVALID_ARGUMENT, "this path is not a WebSocket");
        }
        if (route.kind() == Kind.WEBSOCKET) {
            checkHandshake(exchange);
        }
    }

    /** What the handshake needs, before anything of the connection is changed for it. */
    private static void checkHandshake(Exchange exchange) throws Refusal {
        if (!exchange.headers.all("Sec-WebSocket-Version").equals(List.of(WEBSOCKET_VERSION))) {
            throw new Refusal(Problem.of(
                            UPGRADE_REQUIRED,
                            ErrorCode.INVALID_ARGUMENT,
                            "this version of WebSocket is not spoken (expected: Sec-WebSocket-Version: "
                                    + WEBSOCKET_VERSION + ")",
                            exchange.id)
                    .with("Upgrade", "websocket")
                    .with("Sec-WebSocket-Version", WEBSOCKET_VERSION));
        }
        List<String> keys = exchange.headers.all("Sec-WebSocket-Key");
        if (keys.size() != 1 || !isNonce(keys.get(0))) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT,
                    "Sec-WebSocket-Key is missing or malformed (expected: " + NONCE_BYTES + " bytes in Base64)");
        }
    }

    private static boolean isNonce(String text) {
        try {
            return Base64.getDecoder().decode(text.strip()).length == NONCE_BYTES;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private void checkBody(Exchange exchange) {
        if (!exchange.hasBody()) {
            return;
        }
        String type = Objects.requireNonNullElse(exchange.headers.first("Content-Type"), "");
        Route route = exchange.route;
        String wanted = route != null && route.is(Route.Flag.SIGNED_FORM)
                ? "application/x-www-form-urlencoded"
                : "application/json";
        if (!is(wanted, type)) {
            throw new HotPlexException(
                    ErrorCode.MEDIA_TYPE_UNSUPPORTED,
                    "bodies of this type are not taken (expected: Content-Type: " + wanted + ")");
        }
        checkSize(exchange.announced());
    }

    /**
     * @param bytes how long a body is, as far as known
     * @throws HotPlexException REQUEST_TOO_LARGE
     */
    void checkSize(long bytes) {
        long limit = parts.config().get(ServerConfig.MAX_BODY_BYTES);
        if (bytes > limit) {
            throw new HotPlexException(
                    ErrorCode.REQUEST_TOO_LARGE,
                    "the body is too large (expected: at most " + limit + " bytes, see server.max-body-bytes)");
        }
    }

    private static boolean is(String wanted, String contentType) {
        int end = contentType.indexOf(';');
        String type = end < 0 ? contentType : contentType.substring(0, end);
        return type.strip().toLowerCase(Locale.ROOT).equals(wanted);
    }

    private static Response.Whole problem(Exchange exchange, ErrorCode code, @Nullable String detail) {
        return Problem.of(code, detail, exchange.id, null);
    }

    /** A request that is not let in, with the response to it. */
    static final class Refusal extends Exception {
        private static final long serialVersionUID = 1L;

        private final transient Response.Whole response;

        Refusal(Response.Whole response) {
            super("refused with " + response.status(), null, false, false);
            this.response = response;
        }

        Response.Whole response() {
            return response;
        }
    }
}
