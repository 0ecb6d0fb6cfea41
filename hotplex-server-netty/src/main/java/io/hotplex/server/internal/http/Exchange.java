package io.hotplex.server.internal.http;

import io.hotplex.server.internal.auth.ApiKey;
import io.hotplex.server.internal.auth.Principal;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One request and what became of it so far. Confined to its connection's event loop. */
final class Exchange {
    /** Version, trace id, parent id, flags; see W3C Trace Context. */
    private static final Pattern TRACE_PARENT =
            Pattern.compile("[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*");

    private static final String NO_TRACE = "0".repeat(32);

    final HttpRequest head;
    final Headers headers;
    final String id;
    private final long start;
    private final ByteArrayOutputStream body = new ByteArrayOutputStream(0);
    /** Bytes of the body that are counted as being in memory. */
    private long held;

    /** Whether another request may follow on the connection. */
    boolean keepAlive;

    @Nullable
    Route route;

    /** Who sends it; known before anything is decided. */
    Proxies.Client client = new Proxies.Client(InetAddress.getLoopbackAddress(), false);

    Principal principal = Principal.NOBODY;

    /** What opened the route, where that needs a key. */
    @Nullable
    ApiKey key;

    /** Body bytes that came, kept or not. */
    long received;

    /** What comes of the body is of no interest: the response is decided. */
    boolean discarding;

    /** Set besides the usual ones, whatever the response is. */
    final Map<String, String> responseHeaders = new LinkedHashMap<>();

    boolean requestEnded;
    boolean responseEnded;
    int status;
    long sent;

    Exchange(HttpRequest head, long now) {
        this.head = head;
        this.headers = new Headers(head.headers());
        this.id = requestId(headers);
        this.start = now;
        this.keepAlive = HttpUtil.isKeepAlive(head);
    }

    private static String requestId(Headers headers) {
        String parent = headers.first("traceparent");
        Matcher matcher = TRACE_PARENT.matcher(parent == null ? "" : parent);
        if (matcher.matches() && !matcher.group(1).equals(NO_TRACE)) {
            return matcher.group(1);
        }
        ThreadLocalRandom random = ThreadLocalRandom.current();
        return String.format("%016x%016x", random.nextLong() | 1, random.nextLong());
    }

    /** The length that the head tells, or -1. */
    long announced() {
        return HttpUtil.getContentLength(head, -1L);
    }

    boolean hasBody() {
        return announced() > 0 || HttpUtil.isTransferEncodingChunked(head);
    }

    boolean isUpgrade() {
        return head.headers().containsValue(HttpHeaderNames.CONNECTION, "upgrade", true)
                && head.headers().contains(HttpHeaderNames.UPGRADE, "websocket", true);
    }

    void keep(ByteBuf content) {
        byte[] bytes = new byte[content.readableBytes()];
        content.readBytes(bytes);
        body.writeBytes(bytes);
        held += bytes.length;
    }

    /** The body; it stays counted until it is forgotten. */
    byte[] body() {
        byte[] bytes = body.toByteArray();
        body.reset();
        return bytes;
    }

    /** How many bytes are free again. */
    long forgetBody() {
        long freed = held;
        held = 0;
        body.reset();
        return freed;
    }

    ExchangeListener.Summary summary(long now) {
        return new ExchangeListener.Summary(
                id,
                head.method().name(),
                route == null ? "-" : route.template(),
                status,
                sent,
                Duration.ofNanos(now - start),
                principal.keyId());
    }
}
