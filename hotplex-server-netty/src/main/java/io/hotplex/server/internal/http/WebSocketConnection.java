package io.hotplex.server.internal.http;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.server.ServerConfig;
import io.hotplex.server.internal.auth.ApiKey;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One WebSocket. Confined to its event loop, but for what {@link WebSocket} allows to all.
 *
 * <p>One message is read at a time: the next when the listener is done with the last, and when what waits to be sent is
 * little enough. So neither a flood of messages nor one of pings makes anything grow.
 */
final class WebSocketConnection extends ChannelInboundHandlerAdapter implements WebSocket {
    private static final Logger log = LoggerFactory.getLogger(WebSocketConnection.class);

    /** A close frame's payload is 125 bytes at most, two of them the code. */
    private static final int MAX_REASON_BYTES = 123;
    /** How long a client may take to answer a close frame. */
    private static final long CLOSE_SECONDS = 2;
    /** So many unanswered pings are too many. */
    private static final int MAX_MISSED = 2;

    private final ServerParts parts;
    private final Exchange exchange;
    private final Request request;
    private final WebSocketEndpoint endpoint;
    private final AtomicBoolean closing = new AtomicBoolean();
    /** The message that the listener works on. */
    private final HeldBytes inHand;

    private volatile @Nullable ChannelHandlerContext ctx;
    private volatile @Nullable Outbound outbound;
    private boolean over;
    private WebSocketEndpoint.@Nullable Listener listener;
    /** The listener has a message that it is not done with. */
    private boolean busy;
    /** What {@link MessageDecoder} asks for: something of the client's was not read, by our doing. */
    private boolean paused;

    private boolean reading;
    private boolean wanted;
    /** A message was asked for and has not come: at first by {@link HttpConnection}, to notice the end. */
    private boolean asked = true;

    private boolean drainTold;

    private int missedPings;

    WebSocketConnection(ServerParts parts, Exchange exchange, Request request, Response.Upgrade upgrade) {
        this.parts = parts;
        this.exchange = exchange;
        this.request = request;
        this.endpoint = upgrade.endpoint();
        this.inHand = new HeldBytes(parts.bodies());
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        ctx = added;
        outbound = new Outbound(added, parts.config());
    }

    private ChannelHandlerContext ctx() {
        ChannelHandlerContext known = ctx;
        if (known == null) {
            throw new IllegalStateException("not in a pipeline yet");
        }
        return known;
    }

    /** The handshake is done. */
    @SuppressWarnings("IllegalCatch") // foreign code; it must not leave a connection that nobody serves
    void opened() {
        try {
            if (!endIfRevoked()) {
                listener = endpoint.open(this);
            }
        } catch (RuntimeException e) {
            log.error("request {} to {} failed", exchange.id, exchange.route, e);
            close(WebSocketCloseStatus.INTERNAL_SERVER_ERROR.code(), "a defect; the log has request " + exchange.id);
        }
        if (!ctx().channel().isActive()) {
            ended();
            return;
        }
        if (parts.connections().draining()) { // that may have begun before there was somebody to tell
            tellDrain();
        }
        schedulePing();
        read();
    }

    private void tellDrain() {
        WebSocketEndpoint.Listener hearing = listener;
        if (hearing != null && !drainTold) {
            drainTold = true;
            hearing.onDrain();
        }
    }

    /** Ends the connection when its key was taken away; tells whether it was. */
    private boolean endIfRevoked() {
        ApiKey key = exchange.key;
        boolean revoked = key != null && !parts.gatekeeper().holds(key);
        if (revoked) {
            close(ErrorStatus.of(ErrorCode.UNAUTHENTICATED).close(), "the key is not valid any longer");
        }
        return revoked;
    }

    private void schedulePing() {
        var unused = ctx().executor()
                .schedule(
                        this::ping,
                        parts.config().get(ServerConfig.PING_INTERVAL).toNanos(),
                        TimeUnit.NANOSECONDS);
    }

    private void ping() {
        if (!ctx().channel().isActive()) {
            return;
        }
        if (missedPings >= MAX_MISSED) {
            var unused = ctx().close(); // nobody is there who could read a good-bye
            return;
        }
        if (mayRead()) { // else its answer would not be read
            missedPings++;
            ctx().writeAndFlush(new PingWebSocketFrame()).addListener(Responses.CLOSE_ON_FAILURE);
        }
        schedulePing();
    }

    private boolean mayRead() {
        return !busy && ctx().channel().isWritable();
    }

    /** Reads the next message, now or when it may be read. */
    private void read() {
        wanted = true;
        if (reading) {
            return;
        }
        reading = true;
        try {
            while (wanted && !asked && (mayRead() || closing.get())) {
                wanted = false;
                asked = true;
                ctx().read();
            }
        } finally {
            reading = false;
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext c, Object message) {
        try {
            asked = false;
            wanted = false;
            missedPings = 0;
            if (message instanceof CloseWebSocketFrame close) {
                closed(close);
            } else if (closing.get()) {
                read(); // what comes before the answer to our good-bye is of no interest
            } else if (message instanceof TextWebSocketFrame text) {
                text(text.content());
            } else if (message instanceof PingWebSocketFrame ping) {
                c.writeAndFlush(new PongWebSocketFrame(ping.content().retain()))
                        .addListener(Responses.CLOSE_ON_FAILURE);
                read();
            } else if (message instanceof PongWebSocketFrame) {
                read();
            } else {
                close(WebSocketCloseStatus.INVALID_MESSAGE_TYPE.code(), "text messages alone are understood");
                read();
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    /** Bytes came, but not enough for a message: what was asked for is forgotten, and has to be asked for again. */
    @Override
    public void channelReadComplete(ChannelHandlerContext c) {
        if (asked) {
            asked = false;
            read();
        }
    }

    @SuppressWarnings("IllegalCatch") // foreign code
    private void text(ByteBuf content) {
        WebSocketEndpoint.Listener hearing = listener;
        String text = decode(content);
        if (hearing == null) {
            return;
        }
        if (text == null) {
            close(WebSocketCloseStatus.INVALID_PAYLOAD_DATA.code(), "a text message has to be UTF-8");
            read();
            return;
        }
        if (!inHand.hold(content.readableBytes())) {
            tooMuch();
            return;
        }
        busy = true;
        paused = true;
        AtomicBoolean once = new AtomicBoolean();
        try {
            hearing.onText(text, () -> {
                if (once.compareAndSet(false, true)) {
                    done();
                }
            });
        } catch (RuntimeException e) {
            log.error("a message of request {} to {} failed", exchange.id, exchange.route, e);
            inHand.hold(0);
            close(WebSocketCloseStatus.INTERNAL_SERVER_ERROR.code(), "a defect; the log has request " + exchange.id);
        }
    }

    /** More than all connections together may hold. */
    void tooMuch() {
        close(WebSocketCloseStatus.TRY_AGAIN_LATER.code(), "too much is being received (see server.max-bodies-bytes)");
        read();
    }

    /** A message was begun and did not end in time. */
    void tooSlow() {
        close(ErrorStatus.of(ErrorCode.REQUEST_TIMEOUT).close(), "the message did not come in time");
        read();
    }

    /** Whether anything kept us from reading since this was asked last. */
    boolean wasPaused() {
        boolean was = paused || !mayRead();
        paused = false;
        return was;
    }

    private static @Nullable String decode(ByteBuf content) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(content.nioBuffer())
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    private void done() {
        if (ctx().executor().inEventLoop()) {
            busy = false;
            inHand.hold(0);
            read();
        } else {
            ctx().executor().execute(this::done);
        }
    }

    private void closed(CloseWebSocketFrame close) {
        if (closing.compareAndSet(false, true)) {
            int code = close.statusCode();
            boolean allowed = WebSocketCloseStatus.isValidStatusCode(code);
            ctx().writeAndFlush(allowed ? new CloseWebSocketFrame(code, "") : new CloseWebSocketFrame())
                    .addListener(written -> endConnection());
        } else {
            endConnection();
        }
    }

    private void endConnection() {
        var unused = ctx().close();
    }

    @Override
    public Request request() {
        return request;
    }

    @Override
    public void send(String text) {
        Outbound out = outbound;
        if (out != null && !closing.get()) {
            ByteBuf bytes = ByteBufUtil.writeUtf8(ctx().alloc(), text);
            out.send(new TextWebSocketFrame(bytes), bytes.readableBytes());
        }
    }

    @Override
    public boolean isWritable() {
        return ctx().channel().isWritable();
    }

    @Override
    public void close(int code, String reason) {
        if (closing.compareAndSet(false, true)) {
            ctx().writeAndFlush(new CloseWebSocketFrame(code, cut(reason))).addListener(Responses.CLOSE_ON_FAILURE);
            ctx().executor().execute(this::read);
            var unused = ctx().executor().schedule(this::endConnection, CLOSE_SECONDS, TimeUnit.SECONDS);
        }
    }

    /** As much of a text as a close frame can hold, in whole characters. */
    static String cut(String reason) {
        String cut = reason;
        while (ByteBufUtil.utf8Bytes(cut) > MAX_REASON_BYTES) {
            int end = cut.length() - 1;
            cut = cut.substring(0, Character.isLowSurrogate(cut.charAt(end)) ? end - 1 : end);
        }
        return cut;
    }

    @Override
    public void countMessage() {
        Duration wait = parts.gatekeeper().checkRate(exchange.principal);
        if (wait != null) {
            throw new HotPlexException(
                    ErrorCode.TOO_MANY_REQUESTS,
                    "too many messages in a second with this key: wait " + Math.max(1, wait.toMillis()) + " ms");
        }
    }

    @Override
    public Executor workers() {
        return parts.workers();
    }

    @Override
    public Executor eventLoop() {
        return ctx().executor();
    }

    /** Tells the listener later: this is called in the middle of a write, and it will write. */
    @Override
    public void channelWritabilityChanged(ChannelHandlerContext c) {
        if (c.channel().isWritable()) {
            c.executor().execute(this::writable);
        } else {
            paused = true;
        }
        c.fireChannelWritabilityChanged();
    }

    private void writable() {
        if (listener != null) {
            listener.onWritable();
        }
        if (wanted) {
            read();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext c, Object event) {
        if (event == Connections.Drain.BEGINS) {
            tellDrain();
        } else if (event == Connections.Drain.ENDS) {
            close(WebSocketCloseStatus.ENDPOINT_UNAVAILABLE.code(), "the server is stopping");
        } else if (event == Connections.Notice.KEYS_CHANGED && listener != null) { // else it is looked at on opening
            endIfRevoked();
        } else {
            c.fireUserEventTriggered(event);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext c) {
        ended();
        c.fireChannelInactive();
    }

    private void ended() {
        WebSocketEndpoint.Listener hearing = listener;
        listener = null;
        Outbound out = outbound;
        if (!over && out != null) {
            over = true;
            exchange.sent = out.sent();
            parts.log().onExchange(exchange.summary(System.nanoTime()));
        }
        if (hearing != null) {
            hearing.onClosed();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext c, Throwable cause) {
        if (cause instanceof TooLongFrameException) {
            close(WebSocketCloseStatus.MESSAGE_TOO_BIG.code(), "the message is too large");
        } else if (cause instanceof CorruptedWebSocketFrameException) {
            closing.set(true); // the decoder has said good-bye already
            var unused = c.executor().schedule(this::endConnection, CLOSE_SECONDS, TimeUnit.SECONDS);
        } else {
            log.debug("connection closed", cause);
            endConnection();
        }
    }
}
