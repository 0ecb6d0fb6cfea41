package io.hotplex.server.internal.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Closes a connection whose client takes nothing of what waits for it. Confined to its event loop. It looks twice in
 * the limit, and closes when nothing moved between three looks.
 */
final class StallWatch extends ChannelInboundHandlerAdapter {
    private final long intervalNanos;
    private @Nullable ScheduledFuture<?> next;
    private @Nullable Object lastMessage;
    private long lastProgress;
    private int still;

    StallWatch(Duration limit) {
        this.intervalNanos = Math.max(1, limit.toNanos() / 2);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        next = ctx.executor()
                .scheduleWithFixedDelay(() -> look(ctx), intervalNanos, intervalNanos, TimeUnit.NANOSECONDS);
        ctx.fireChannelActive();
    }

    private void look(ChannelHandlerContext ctx) {
        ChannelOutboundBuffer buffer = ctx.channel().unsafe().outboundBuffer();
        Object message = buffer == null ? null : buffer.current();
        if (buffer == null || message == null) {
            still = 0;
            lastMessage = null;
            return;
        }
        boolean same = message == lastMessage && buffer.currentProgress() == lastProgress;
        still = same ? still + 1 : 0;
        lastMessage = message;
        lastProgress = buffer.currentProgress();
        if (still >= 2) {
            var unused = ctx.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (next != null) {
            next.cancel(false);
        }
        ctx.fireChannelInactive();
    }
}
