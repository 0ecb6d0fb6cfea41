package io.hotplex.server.internal.http;

import io.hotplex.core.config.ConfigKey;
import io.hotplex.server.ServerConfig;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.flow.FlowControlHandler;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.netty.handler.ssl.SslHandler;
import org.jspecify.annotations.Nullable;

/** Prepares accepted connections. Stateless. */
final class HttpChannels extends ChannelInitializer<Channel> {
    /** So many messages may wait to go out in one system call. */
    private static final int FLUSH_AFTER = 256;

    /** So many requests may come in one read before the first is answered; more end the connection. */
    static final int MAX_PIPELINED = 128;

    private final ServerParts parts;
    private final @Nullable Tls tls;

    /** @param tls encrypts connections, or {@code null} */
    HttpChannels(ServerParts parts, @Nullable Tls tls) {
        this.parts = parts;
        this.tls = tls;
    }

    @Override
    protected void initChannel(Channel channel) {
        if (!parts.connections().admit(channel)) {
            parts.log().onConnectionRefused();
            var unused = channel.close();
            return;
        }
        HttpConnection connection = new HttpConnection(parts, tls != null);
        ChannelPipeline pipeline = channel.pipeline();
        pipeline.addLast(new StallWatch(parts.config().get(ServerConfig.STALL_TIMEOUT)));
        if (tls != null) {
            SslHandler handler = tls.context().newHandler(channel.alloc());
            handler.setHandshakeTimeoutMillis(
                    parts.config().get(ServerConfig.HEADER_TIMEOUT).toMillis());
            pipeline.addLast(handler);
        }
        pipeline.addLast(new FlushConsolidationHandler(FLUSH_AFTER, true));
        pipeline.addLast(new HeadWatch(connection));
        pipeline.addLast(new HttpServerCodec(
                new HttpDecoderConfig()
                        .setMaxInitialLineLength(bytes(ServerConfig.MAX_REQUEST_LINE_BYTES))
                        .setMaxHeaderSize(bytes(ServerConfig.MAX_HEADER_BYTES)),
                MAX_PIPELINED));
        pipeline.addLast(new FlowControlHandler());
        pipeline.addLast(connection);
    }

    private int bytes(ConfigKey<Long> key) {
        return Math.toIntExact(parts.config().get(key));
    }

    /** Tells an HTTP connection that bytes came, before they make a request. */
    private static final class HeadWatch extends ChannelInboundHandlerAdapter {
        private final HttpConnection connection;

        HeadWatch(HttpConnection connection) {
            this.connection = connection;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object bytes) {
            connection.onHeadBegins(ctx);
            ctx.fireChannelRead(bytes);
        }
    }
}
