package io.hotplex.server.internal.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketFrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker13;
import io.netty.handler.flow.FlowControlHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns an HTTP connection into a WebSocket (RFC 6455, version 13 alone, no extensions). */
final class WebSocketHandshake {
    private static final Logger log = LoggerFactory.getLogger(WebSocketHandshake.class);

    private WebSocketHandshake() {}

    /** Whatever goes wrong in here ends the connection: it speaks HTTP no longer, and not yet the other. */
    @SuppressWarnings("IllegalCatch") // the pipeline is half changed: nobody else could end it
    static void perform(
            ChannelHandlerContext ctx,
            ServerParts parts,
            Exchange exchange,
            Request request,
            Response.Upgrade upgrade) {
        WebSocketConnection connection = new WebSocketConnection(parts, exchange, request, upgrade);
        try {
            shake(ctx, exchange, upgrade, connection, handshaker(parts, upgrade, connection));
        } catch (RuntimeException e) {
            log.error("request {} to {}: the upgrade failed", exchange.id, exchange.route, e);
            var unused = ctx.channel().close();
        }
    }

    private static WebSocketServerHandshaker handshaker(
            ServerParts parts, Response.Upgrade upgrade, WebSocketConnection connection) {
        return new WebSocketServerHandshaker13(
                "",
                upgrade.subProtocol(),
                WebSocketDecoderConfig.newBuilder()
                        .expectMaskedFrames(true)
                        .allowMaskMismatch(false)
                        .allowExtensions(false)
                        .maxFramePayloadLength(upgrade.maxMessageBytes())
                        .closeOnProtocolViolation(true)
                        .withUTF8Validator(false) // of whole messages, by the connection
                        .build()) {
            @Override
            protected WebSocketFrameDecoder newWebsocketDecoder() {
                return new MessageDecoder(decoderConfig(), parts, connection);
            }
        };
    }

    private static void shake(
            ChannelHandlerContext ctx,
            Exchange exchange,
            Response.Upgrade upgrade,
            WebSocketConnection connection,
            WebSocketServerHandshaker handshaker) {
        HttpHeaders headers = new DefaultHttpHeaders();
        Responses.headers(headers, exchange);
        upgrade.headers().forEach(headers::set);
        exchange.status = 101;
        Channel channel = ctx.channel();
        ChannelPipeline pipeline = channel.pipeline();
        pipeline.addBefore(
                pipeline.context(FlowControlHandler.class).name(),
                "aggregator",
                new WebSocketFrameAggregator(upgrade.maxMessageBytes()));
        pipeline.replace(HttpConnection.class, "websocket", connection);
        handshaker
                .handshake(channel, fullRequest(exchange), headers, channel.newPromise())
                .addListener(done -> {
                    if (done.isSuccess()) {
                        connection.opened();
                    } else {
                        var unused = channel.close();
                    }
                });
    }

    private static FullHttpRequest fullRequest(Exchange exchange) {
        return new DefaultFullHttpRequest(
                exchange.head.protocolVersion(),
                exchange.head.method(),
                exchange.head.uri(),
                Unpooled.EMPTY_BUFFER,
                exchange.head.headers().copy(),
                new DefaultHttpHeaders());
    }
}
