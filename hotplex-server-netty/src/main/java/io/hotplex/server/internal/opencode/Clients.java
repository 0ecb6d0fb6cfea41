package io.hotplex.server.internal.opencode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Session;
import io.hotplex.server.internal.auth.Principal;
import io.hotplex.server.internal.http.Request;
import io.hotplex.server.internal.http.Response;
import io.hotplex.server.internal.sessions.SessionAccess;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all operations work with.
 *
 * @param access the door to sessions
 */
record Clients(SessionAccess access, Mirrors mirrors, Directories directories) {
    private static final Logger log = LoggerFactory.getLogger(Clients.class);

    /** The session that the path names, to read from; everything that is in its journal is known. */
    CompletionStage<Mirror> readable(Request request) {
        return mirrors.of(read(request)).upToDate();
    }

    /** The session that the path names, to look at. */
    Session read(Request request) {
        return access.read(request.principal(), id(request));
    }

    /** The session that the path names, to act on. */
    Session controlled(Request request) {
        return access.control(request.principal(), id(request));
    }

    private static String id(Request request) {
        return Ids.sessionOf(request.parameter("session"));
    }

    /** An own session; none when it cannot be had any more, for example because its directory is gone. */
    static Optional<Session> found(SessionAccess access, Principal principal, String id) {
        try {
            return access.find(principal, id);
        } catch (HotPlexException e) {
            log.debug("session {} cannot be looked at", id, e); // whoever asks for it alone is told why
            return Optional.empty();
        }
    }

    /** The response that a reader makes of what is known of a session. */
    CompletionStage<Response> answer(Request request, Function<Projection, Object> reader) {
        return readable(request).thenApply(mirror -> Response.json(200, mirror.read(reader)));
    }

    static CompletionStage<Response> ok(Object body) {
        return CompletableFuture.completedFuture(Response.json(200, body));
    }

    /** A text of an object, or {@code null}. OpenCode's clients send more than is looked at. */
    static @Nullable String text(JsonNode json, String name) {
        JsonNode value = json.get(name);
        return value != null && value.isTextual() ? value.textValue() : null;
    }

    static @Nullable ObjectNode object(JsonNode json, String name) {
        return json.get(name) instanceof ObjectNode object ? object : null;
    }

    static HotPlexException unsupported(String what) {
        return new HotPlexException(ErrorCode.NOT_SUPPORTED, what);
    }

    static HotPlexException invalid(String what) {
        return new HotPlexException(ErrorCode.INVALID_ARGUMENT, what);
    }

    /** A small number in the query; another one when there is none. */
    static int number(Request request, String name, int other, int most) {
        return (int) Math.min(most, number(request, name, other));
    }

    /** A number in the query, 0 at least; another one when there is none. */
    static long number(Request request, String name, long other) {
        String text = request.query(name);
        try {
            return text == null || text.isEmpty() ? other : Math.max(0, Long.parseLong(text));
        } catch (NumberFormatException e) {
            throw invalid(name + " is not a number");
        }
    }
}
