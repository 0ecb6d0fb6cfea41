package io.hotplex.server.internal.http;

import io.hotplex.server.ServerConfig;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import java.util.concurrent.atomic.AtomicLong;

/** The sending side of a stream or a WebSocket: bounded, and counted. Thread-safe. */
final class Outbound {
    private final ChannelHandlerContext ctx;
    private final long limit;
    private final AtomicLong sent = new AtomicLong();

    Outbound(ChannelHandlerContext ctx, ServerConfig config) {
        this.ctx = ctx;
        this.limit = config.get(ServerConfig.MAX_PENDING_BYTES);
    }

    /** Sends a message of so many bytes. A receiver that lets too much wait is cut off. */
    void send(Object message, long bytes) {
        send(message, bytes, () -> {});
    }

    /** @param written run on the event loop when the socket took it */
    void send(Object message, long bytes, Runnable written) {
        sent.addAndGet(bytes);
        ctx.writeAndFlush(message).addListener(Responses.CLOSE_ON_FAILURE).addListener(done -> {
            if (done.isSuccess()) {
                written.run();
            }
        });
        Channel channel = ctx.channel();
        if (!channel.isWritable() && waiting(channel) > limit) {
            var unused = channel.close();
        }
    }

    boolean isWritable() {
        return ctx.channel().isWritable();
    }

    long sent() {
        return sent.get();
    }

    private static long waiting(Channel channel) {
        ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
        return buffer == null ? 0 : buffer.totalPendingWriteBytes();
    }
}
