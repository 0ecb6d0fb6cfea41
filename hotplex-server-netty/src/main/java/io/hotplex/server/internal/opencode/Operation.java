package io.hotplex.server.internal.opencode;

import io.hotplex.api.HotPlexException;
import io.hotplex.server.internal.http.Access;
import io.hotplex.server.internal.http.Handler;
import io.hotplex.server.internal.http.Kind;
import io.hotplex.server.internal.http.Problem;
import io.hotplex.server.internal.http.Request;
import io.hotplex.server.internal.http.Response;
import io.hotplex.server.internal.http.Route;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * One of OpenCode's operations that is served. Immutable.
 *
 * @param id as OpenCode calls it; its SDKs name their methods by that
 * @param path below the mount point
 * @param query the parameters in the query that are looked at, besides the directory
 */
record Operation(
        String id,
        String method,
        String path,
        Access access,
        Kind kind,
        String summary,
        List<String> query,
        Handler handler) {
    Operation {
        query = List.copyOf(query);
    }

    static Operation read(String id, String path, String summary, Handler handler, String... query) {
        return new Operation(id, "GET", path, Access.READ, Kind.RESPONSE, summary, List.of(query), handler);
    }

    static Operation write(String id, String method, String path, String summary, Handler handler) {
        return new Operation(id, method, path, Access.WRITE, Kind.RESPONSE, summary, List.of(), handler);
    }

    /** With another need. */
    Operation needing(Access other) {
        return new Operation(id, method, path, other, kind, summary, query, handler);
    }

    static Operation events(String id, String path, String summary, Handler handler) {
        return new Operation(id, "GET", path, Access.READ, Kind.EVENTS, summary, List.of(), handler);
    }

    /** The route that serves it, below a prefix. Its errors are told in OpenCode's form as well as in ours. */
    Route route(String prefix) {
        Set<Route.Flag> flags = kind == Kind.EVENTS ? Set.of(Route.Flag.TICKET) : Set.of();
        return new Route(method, prefix + path, access, kind, flags, this::answer);
    }

    private CompletionStage<Response> answer(Request request) {
        CompletionStage<Response> stage;
        try {
            stage = handler.handle(request);
        } catch (HotPlexException e) {
            return CompletableFuture.completedFuture(problem(e, request));
        }
        return stage.exceptionally(failure -> {
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            if (cause instanceof HotPlexException known) {
                return problem(known, request);
            }
            throw failure instanceof RuntimeException defect ? defect : new CompletionException(failure);
        });
    }

    private static Response problem(HotPlexException error, Request request) {
        String message =
                Objects.requireNonNullElse(error.getMessage(), error.code().name());
        return Problem.of(
                error, request.id(), Map.of("name", Failures.name(error), "data", Map.of("message", message)));
    }
}
