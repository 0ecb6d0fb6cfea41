package io.hotplex.server.internal.http;

import io.hotplex.server.ServerConfig;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Makes frames of bytes, and limits what an unfinished message is worth: its bytes count with those of all connections,
 * and it has to be there within {@code server.body-timeout} of its beginning. Confined to its event loop.
 *
 * <p>Unfinished is what the decoder waits to see the rest of, and the fragments that it passed on whose last one has
 * not come.
 */
final class MessageDecoder extends WebSocket13FrameDecoder {
    /** A fragment is an object or two wherever it is kept, even without a byte in it. */
    private static final int FRAGMENT_COST = 64;

    private final WebSocketConnection connection;
    private final HeldBytes held;
    private final Duration limit;
    private long fragments;
    /** A frame's head was read, or a part of it. */
    private boolean begun;

    /** The connection is told to end: nothing more is kept. */
    private boolean discarding;

    private @Nullable ScheduledFuture<?> deadline;

    MessageDecoder(WebSocketDecoderConfig config, ServerParts parts, WebSocketConnection connection) {
        super(config);
        this.connection = connection;
        this.held = new HeldBytes(parts.bodies());
        this.limit = parts.config().get(ServerConfig.BODY_TIMEOUT);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object bytes) throws Exception {
        super.channelRead(ctx, bytes);
        settle(ctx);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
        if (discarding) {
            in.skipBytes(in.readableBytes());
            return;
        }
        int known = out.size();
        int bytes = in.readableBytes();
        super.decode(ctx, in, out);
        begun = out.size() == known && (begun || in.readableBytes() < bytes);
        for (Object frame : out.subList(known, out.size())) {
            decoded((WebSocketFrame) frame);
        }
    }

    private void decoded(WebSocketFrame frame) {
        boolean data = frame instanceof TextWebSocketFrame
                || frame instanceof BinaryWebSocketFrame
                || frame instanceof ContinuationWebSocketFrame;
        if (data) {
            fragments =
                    frame.isFinalFragment() ? 0 : fragments + frame.content().readableBytes() + FRAGMENT_COST;
        }
        if (fragments == 0) {
            cancelDeadline(); // what comes next is another one's beginning
        }
    }

    private void settle(ChannelHandlerContext ctx) {
        long unfinished = fragments + actualReadableBytes() + (begun ? FRAGMENT_COST : 0);
        if (discarding || ctx.isRemoved()) {
            return;
        }
        if (!held.hold(unfinished)) {
            discarding = true;
            connection.tooMuch();
        } else if (unfinished == 0) {
            cancelDeadline();
        } else if (deadline == null) {
            var unused = connection.wasPaused(); // before this beginning
            setDeadline(ctx);
        }
    }

    private void setDeadline(ChannelHandlerContext ctx) {
        deadline = ctx.executor().schedule(() -> late(ctx), limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** A client cannot be late with what we did not read. */
    private void late(ChannelHandlerContext ctx) {
        if (connection.wasPaused()) {
            setDeadline(ctx);
        } else {
            discarding = true;
            connection.tooSlow();
        }
    }

    private void cancelDeadline() {
        if (deadline != null) {
            deadline.cancel(false);
            deadline = null;
        }
    }

    @Override
    protected void handlerRemoved0(ChannelHandlerContext ctx) throws Exception {
        cancelDeadline();
        held.hold(0);
        super.handlerRemoved0(ctx);
    }
}
