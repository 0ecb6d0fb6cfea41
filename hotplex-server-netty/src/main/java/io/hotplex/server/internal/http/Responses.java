package io.hotplex.server.internal.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import java.util.Map;

/** Makes what goes onto the wire. */
final class Responses {
    static final ChannelFutureListener CLOSE_ON_FAILURE = ChannelFutureListener.CLOSE_ON_FAILURE;

    private Responses() {}

    static FullHttpResponse continued() {
        return new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER);
    }

    static FullHttpResponse whole(Exchange exchange, Response.Whole response) {
        FullHttpResponse message = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(response.status()),
                Unpooled.wrappedBuffer(response.body()));
        if (response.status() != HttpResponseStatus.NO_CONTENT.code()
                && response.status() != HttpResponseStatus.NOT_MODIFIED.code()) {
            HttpUtil.setContentLength(message, response.body().length);
        }
        common(message, exchange, response.headers());
        return message;
    }

    /** The head of a stream whose length nobody knows. */
    static HttpResponse events(Exchange exchange, Map<String, String> headers) {
        HttpResponse message = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        if (exchange.head.protocolVersion().equals(HttpVersion.HTTP_1_0)) {
            exchange.keepAlive = false; // its end is the end of the connection
        } else {
            HttpUtil.setTransferEncodingChunked(message, true);
        }
        message.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, "text/event-stream; charset=utf-8")
                .set("X-Accel-Buffering", "no");
        common(message, exchange, headers);
        return message;
    }

    private static void common(HttpResponse message, Exchange exchange, Map<String, String> headers) {
        headers(message.headers(), exchange);
        headers.forEach(message.headers()::set);
        HttpUtil.setKeepAlive(message.headers(), exchange.head.protocolVersion(), exchange.keepAlive);
        if (!exchange.keepAlive) {
            message.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        }
    }

    /** What every response has; a handler may say otherwise. */
    static void headers(HttpHeaders headers, Exchange exchange) {
        headers.set("X-Request-Id", exchange.id)
                .set(HttpHeaderNames.CACHE_CONTROL, "no-store")
                .set("X-Content-Type-Options", "nosniff");
        exchange.responseHeaders.forEach(headers::set);
    }
}
