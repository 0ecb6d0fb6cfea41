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
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker13;
import io.netty.handler.flow.FlowControlHandler;

/** Turns an HTTP connection into a WebSocket (RFC 6455, version 13 alone, no extensions). */
final class WebSocketHandshake {
    private WebSocketHandshake() {}

    static void perform(
            ChannelHandlerContext ctx,
            ServerParts parts,
            Exchange exchange,
            Request request,
            Response.Upgrade upgrade) {
        WebSocketServerHandshaker handshaker = new WebSocketServerHandshaker13(
                "",
                upgrade.subProtocol(),
                WebSocketDecoderConfig.newBuilder()
                        .expectMaskedFrames(true)
                        .allowMaskMismatch(false)
                        .allowExtensions(false)
                        .maxFramePayloadLength(upgrade.maxMessageBytes())
                        .closeOnProtocolViolation(true)
                        .withUTF8Validator(false) // of whole messages, by the connection
                        .build());
        HttpHeaders headers = new DefaultHttpHeaders();
        Responses.headers(headers, exchange);
        upgrade.headers().forEach(headers::set);
        exchange.status = 101;
        WebSocketConnection connection = new WebSocketConnection(parts, exchange, request, upgrade);
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
