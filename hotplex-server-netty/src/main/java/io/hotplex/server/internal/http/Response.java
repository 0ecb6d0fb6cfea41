package io.hotplex.server.internal.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a handler answers. Immutable. */
public sealed interface Response {
    /** Response headers that are set besides the server's own. */
    Map<String, String> headers();

    /** The same with one more header. */
    Response with(String name, String value);

    /** All at once. */
    final class Whole implements Response {
        private final int status;
        private final Map<String, String> headers;
        private final byte[] body;

        /** @param body not copied: nobody may change it any more */
        public Whole(int status, Map<String, String> headers, byte[] body) {
            this.status = status;
            this.headers = Map.copyOf(headers);
            this.body = body;
        }

        public int status() {
            return status;
        }

        @Override
        public Map<String, String> headers() {
            return headers;
        }

        /** Not a copy. */
        public byte[] body() {
            return body;
        }

        @Override
        public Whole with(String name, String value) {
            return new Whole(status, plus(headers, name, value), body);
        }
    }

    /** Server-sent events, status 200. */
    record Events(Map<String, String> headers, EventSource source) implements Response {
        public Events {
            headers = Map.copyOf(headers);
        }

        @Override
        public Events with(String name, String value) {
            return new Events(plus(headers, name, value), source);
        }
    }

    /**
     * The connection becomes a WebSocket.
     *
     * @param subProtocol which of the offered ones was chosen, or {@code null}
     * @param maxMessageBytes longest message from the client; a longer one closes with 1009
     */
    record Upgrade(
            Map<String, String> headers, @Nullable String subProtocol, int maxMessageBytes, WebSocketEndpoint endpoint)
            implements Response {
        public Upgrade {
            headers = Map.copyOf(headers);
        }

        @Override
        public Upgrade with(String name, String value) {
            return new Upgrade(plus(headers, name, value), subProtocol, maxMessageBytes, endpoint);
        }
    }

    /** Nothing but a status. */
    static Whole empty(int status) {
        return new Whole(status, Map.of(), new byte[0]);
    }

    /** Bytes of some type. */
    static Whole of(int status, String contentType, byte[] body) {
        return new Whole(status, Map.of("Content-Type", contentType), body);
    }

    /** Text. */
    static Whole text(int status, String text) {
        return of(status, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }

    /** A value that Jackson can write: a tree, a map, a list. */
    static Whole json(int status, Object value) {
        try {
            return of(status, "application/json", Json.WRITER.writeValueAsBytes(value));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not a value that can be JSON", e);
        }
    }

    /** Server-sent events. */
    static Events events(EventSource source) {
        return new Events(Map.of(), source);
    }

    /** A WebSocket. */
    static Upgrade webSocket(@Nullable String subProtocol, int maxMessageBytes, WebSocketEndpoint endpoint) {
        return new Upgrade(Map.of(), subProtocol, maxMessageBytes, endpoint);
    }

    private static Map<String, String> plus(Map<String, String> headers, String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return more;
    }

    /** Holds the mapper, which an interface could not hide. */
    final class Json {
        private static final ObjectMapper WRITER = new ObjectMapper();

        private Json() {}
    }
}
