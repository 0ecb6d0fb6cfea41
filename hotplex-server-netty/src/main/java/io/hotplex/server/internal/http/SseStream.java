package io.hotplex.server.internal.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One response of server-sent events. The listener is called on the event loop alone. */
final class SseStream implements EventStream {
    private static final Logger log = LoggerFactory.getLogger(SseStream.class);

    private final ChannelHandlerContext ctx;
    private final Exchange exchange;
    private final Outbound outbound;
    private final Runnable ended;
    private volatile boolean over;
    private EventSource.@Nullable Listener listener;

    private SseStream(ChannelHandlerContext ctx, ServerParts parts, Exchange exchange, Runnable ended) {
        this.ctx = ctx;
        this.exchange = exchange;
        this.outbound = new Outbound(ctx, parts.config());
        this.ended = ended;
    }

    /** @param ended is run on the event loop when the response was ended properly */
    @SuppressWarnings("IllegalCatch") // foreign code; the head is sent, so the end of the connection has to tell
    static SseStream open(
            ChannelHandlerContext ctx, ServerParts parts, Exchange exchange, Response.Events events, Runnable ended) {
        SseStream stream = new SseStream(ctx, parts, exchange, ended);
        ctx.writeAndFlush(Responses.events(exchange, events.headers())).addListener(Responses.CLOSE_ON_FAILURE);
        try {
            EventSource.Listener listener = events.source().open(stream);
            stream.listener = listener;
            if (stream.over) {
                listener.onClosed();
            }
        } catch (RuntimeException e) {
            log.error("request {} to {} failed", exchange.id, exchange.route, e);
            var unused = ctx.close();
        }
        return stream;
    }

    @Override
    public void send(String frames) {
        send(frames, () -> {});
    }

    @Override
    public void send(String frames, Runnable written) {
        if (!over) {
            ByteBuf bytes = ByteBufUtil.writeUtf8(ctx.alloc(), frames);
            outbound.send(new DefaultHttpContent(bytes), bytes.readableBytes(), written);
        }
    }

    @Override
    public boolean isWritable() {
        return outbound.isWritable();
    }

    @Override
    public void end() {
        if (ctx.executor().inEventLoop()) {
            endNow();
        } else {
            ctx.executor().execute(this::endNow);
        }
    }

    private void endNow() {
        if (over) {
            return;
        }
        over = true;
        ctx.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT).addListener(written -> {
            close();
            if (written.isSuccess()) {
                ended.run();
            } else {
                var unused = ctx.close();
            }
        });
    }

    @Override
    public Executor eventLoop() {
        return ctx.executor();
    }

    void onWritable() {
        if (listener != null && !over) {
            listener.onWritable();
        }
    }

    void onDrain(Connections.Drain drain) {
        if (drain == Connections.Drain.ENDS) {
            endNow();
        } else if (listener != null && !over) {
            listener.onDrain();
        }
    }

    /** The connection is gone. */
    void onClosed() {
        over = true;
        close();
    }

    private void close() {
        exchange.sent = outbound.sent();
        EventSource.Listener hearing = listener;
        listener = null;
        if (hearing != null) {
            hearing.onClosed();
        }
    }
}
