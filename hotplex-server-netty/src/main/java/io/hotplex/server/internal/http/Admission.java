package io.hotplex.server.internal.http;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.server.ServerConfig;
import io.hotplex.server.internal.auth.ApiKey;
import io.hotplex.server.internal.auth.Principal;
import io.hotplex.server.internal.auth.Scope;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Decides on a request by its head, before anything of its body is read. Stateless.
 *
 * <p>The order tells as little as possible to who may know little: source, route, key, scope, then the body. Without a
 * valid key, a path that does not exist looks like one that does.
 */
final class Admission {
    private final ServerParts parts;

    Admission(ServerParts parts) {
        this.parts = parts;
    }

    /**
     * Looks up the route and checks all that can be checked now.
     *
     * @return what the request asks for
     * @throws Refusal with the response
     */
    Request.Target admit(Exchange exchange, InetAddress remote) throws Refusal {
        try {
            return check(exchange, remote);
        } catch (HotPlexException e) {
            throw new Refusal(Problem.of(e, exchange.id));
        }
    }

    private Request.Target check(Exchange exchange, InetAddress remote) throws Refusal {
        Headers headers = exchange.headers;
        parts.gatekeeper().checkSource(headers, remote);
        String uri = exchange.head.uri();
        if (!uri.startsWith("/")) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT, "the request target is not a path (expected: one that begins with /)");
        }
        String method = exchange.head.method().name();
        QueryStringDecoder decoder = new QueryStringDecoder(uri);
        String path = decoder.rawPath();
        Router.Match match = parts.router().find(method, path);
        Map<String, String> parameters = Map.of();
        if (match instanceof Router.Match.Found found) {
            exchange.route = found.route();
            parameters = found.parameters();
        }
        Request.Target target = new Request.Target(method, path, parameters, query(decoder));
        identify(exchange);
        if (match instanceof Router.Match.OtherMethods other) {
            throw new Refusal(problem(exchange, ErrorCode.METHOD_NOT_ALLOWED, method + " is not a method of this path")
                    .with("Allow", String.join(", ", other.methods())));
        }
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
        return target;
    }

    private static Map<String, List<String>> query(QueryStringDecoder decoder) {
        try {
            return decoder.parameters();
        } catch (IllegalArgumentException e) {
            throw new HotPlexException(ErrorCode.INVALID_ARGUMENT, "the query has a malformed escape sequence");
        }
    }

    private void identify(Exchange exchange) {
        Route route = exchange.route;
        if (route == null || route.access() != Access.PUBLIC) {
            ApiKey key = parts.gatekeeper().authenticate(exchange.headers);
            exchange.principal = key.principal();
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
    }

    private void checkBody(Exchange exchange) {
        if (!exchange.hasBody()) {
            return;
        }
        String type = Objects.requireNonNullElse(exchange.headers.first("Content-Type"), "");
        if (!isJson(type)) {
            throw new HotPlexException(
                    ErrorCode.MEDIA_TYPE_UNSUPPORTED,
                    "bodies of this type are not taken (expected: Content-Type: application/json)");
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

    private static boolean isJson(String contentType) {
        int end = contentType.indexOf(';');
        String type = end < 0 ? contentType : contentType.substring(0, end);
        return type.strip().toLowerCase(Locale.ROOT).equals("application/json");
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
