package io.hotplex.server.internal.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.HotPlexException;
import io.hotplex.server.internal.auth.Principal;
import io.hotplex.server.internal.wire.ClientJson;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A request that was let in. Immutable. */
public final class Request {
    /**
     * @param method in upper case
     * @param path without query, encoded as it came
     * @param parameters what the segments in braces of the template stand for
     * @param query decoded; names that repeat have several values
     */
    public record Target(String method, String path, Map<String, String> parameters, Map<String, List<String>> query) {
        public Target {
            parameters = Map.copyOf(parameters);
            query = Map.copyOf(query);
        }

        /** The first value of a name in the query, or {@code null}. */
        @Nullable
        String first(String name) {
            List<String> values = query.get(name);
            return values == null || values.isEmpty() ? null : values.get(0);
        }

        /** Without values: some may be secret. */
        @Override
        public String toString() {
            return method + " with " + parameters.keySet();
        }
    }

    private final String id;
    private final Target target;
    private final Headers headers;
    private final byte[] body;
    private final Principal principal;
    private final InetAddress remote;

    Request(String id, Target target, Headers headers, byte[] body, Principal principal, InetAddress remote) {
        this.id = id;
        this.target = target;
        this.headers = headers;
        this.body = body;
        this.principal = principal;
        this.remote = remote;
    }

    /**
     * Names this request in logs, problems and the header {@code X-Request-Id}: the trace id of its
     * {@code traceparent}, or one of ours.
     */
    public String id() {
        return id;
    }

    /** What was asked for. */
    public Target target() {
        return target;
    }

    public Headers headers() {
        return headers;
    }

    /** At most {@code server.max-body-bytes}; not a copy. */
    public byte[] body() {
        return body;
    }

    public Principal principal() {
        return principal;
    }

    /** Where it comes from. */
    public InetAddress remote() {
        return remote;
    }

    /** What a segment in braces stands for. */
    public String parameter(String name) {
        String value = target.parameters().get(name);
        if (value == null) {
            throw new IllegalArgumentException("parameter " + name + " is not in the route's template");
        }
        return value;
    }

    /** The first value of a name in the query, or {@code null}. */
    public @Nullable String query(String name) {
        return target.first(name);
    }

    /**
     * The body, which has to be one JSON object; none is an empty one.
     *
     * @throws HotPlexException INVALID_ARGUMENT when it is something else
     */
    public ObjectNode json() {
        return body.length == 0 ? JsonNodeFactory.instance.objectNode() : ClientJson.object(body);
    }

    @Override
    public String toString() {
        return "Request[" + id + ", " + target + ", " + body.length + " bytes, key=" + principal.keyId() + "]";
    }
}
