package io.hotplex.server.internal.http;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.core.config.ConfigKey;
import io.hotplex.server.ServerConfig;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One HTTP connection: takes requests one after the other, and answers each.
 *
 * <p>Confined to its event loop. Nothing is read unless it is wanted: a request is taken in part by part; while it is
 * worked on one part is read ahead, so that the end of the connection is noticed, and kept. So a client that sends
 * requests without waiting for responses fills its own socket, and one read buffer of ours.
 *
 * <p>A deadline runs whenever the client is to do something: send its next request, the rest of a head, of a body.
 */
final class HttpConnection extends ChannelInboundHandlerAdapter {
    private static final Logger log = LoggerFactory.getLogger(HttpConnection.class);

    /** A refused body of up to this size is read and dropped, so that the client gets to read why. */
    private static final long DROP_BYTES = 1 << 20;
    /** So long a refused client that must go may take to read why. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    private final ServerParts parts;
    private final Admission admission;
    private final boolean tls;

    private @Nullable Exchange current;
    private Request.@Nullable Target target;
    /** What was read while a request was worked on. */
    private @Nullable HttpObject ahead;

    private boolean headBegun;
    private int served;
    private @Nullable ScheduledFuture<?> deadline;
    private boolean reading;
    private boolean wanted;
    /** A part was asked for and has not come. */
    private boolean asked;

    private @Nullable SseStream stream;

    /** @param tls whether the connection is encrypted */
    HttpConnection(ServerParts parts, boolean tls) {
        this.parts = parts;
        this.tls = tls;
        this.admission = new Admission(parts);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        await(ctx, ServerConfig.HEADER_TIMEOUT);
    }

    /** Waits for the next request. */
    private void await(ChannelHandlerContext ctx, ConfigKey<Duration> limit) {
        HttpObject next = ahead;
        ahead = null;
        headBegun = false;
        setDeadline(ctx, limit, () -> end(ctx));
        if (next != null) {
            handle(ctx, next);
        } else {
            read(ctx);
        }
    }

    /** The first bytes of a request came: a patient client may be idle for long, but not in the middle of a word. */
    void onHeadBegins(ChannelHandlerContext ctx) {
        if (current == null && !headBegun) {
            headBegun = true;
            setDeadline(ctx, ServerConfig.HEADER_TIMEOUT, () -> end(ctx));
        }
    }

    /**
     * Asks for one part more, unless one is asked for already: each call of the context's would bring one. A part may
     * come within this call; the loop is there because a recursion would grow with what a client sends.
     */
    private void read(ChannelHandlerContext ctx) {
        wanted = true;
        if (reading) {
            return;
        }
        reading = true;
        try {
            while (wanted && !asked) {
                wanted = false;
                asked = true;
                ctx.read();
            }
        } finally {
            reading = false;
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        asked = false;
        wanted = false;
        handle(ctx, (HttpObject) message);
    }

    /** Bytes came, but not enough for a part: what was asked for is forgotten, and has to be asked for again. */
    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (asked) {
            asked = false;
            read(ctx);
        }
    }

    private void handle(ChannelHandlerContext ctx, HttpObject part) {
        Exchange exchange = current;
        if (exchange != null && exchange.requestEnded) {
            ahead = part;
            return;
        }
        try {
            if (exchange == null) {
                begin(ctx, (HttpRequest) part);
            } else {
                take(ctx, exchange, (HttpContent) part);
            }
        } finally {
            ReferenceCountUtil.release(part);
        }
    }

    private void begin(ChannelHandlerContext ctx, HttpRequest head) {
        Exchange exchange = new Exchange(head, System.nanoTime());
        current = exchange;
        served++;
        exchange.keepAlive &= served < parts.config().get(ServerConfig.KEEP_ALIVE_REQUESTS)
                && !parts.connections().draining();
        if (head.decoderResult().isFailure()) {
            unreadable(ctx, exchange, head.decoderResult().cause());
            return;
        }
        setDeadline(ctx, ServerConfig.BODY_TIMEOUT, () -> tooSlow(ctx, exchange));
        try {
            exchange.client = parts.gatekeeper().client(Connections.address(ctx.channel()), tls, exchange.headers);
            target = admission.admit(exchange);
            if (HttpUtil.is100ContinueExpected(head)) {
                ctx.writeAndFlush(Responses.continued()).addListener(Responses.CLOSE_ON_FAILURE);
            }
        } catch (Admission.Refusal refusal) {
            refuse(ctx, exchange, refusal.response());
        }
        read(ctx);
    }

    /** After this nobody knows where the next request would begin. */
    private void unreadable(ChannelHandlerContext ctx, Exchange exchange, Throwable cause) {
        exchange.keepAlive = false;
        exchange.requestEnded = true;
        boolean large = cause instanceof TooLongHttpHeaderException || cause instanceof TooLongHttpLineException;
        respond(
                ctx,
                exchange,
                large
                        ? problem(
                                exchange, ErrorCode.REQUEST_TOO_LARGE, "the request line or the headers are too large")
                        : problem(exchange, ErrorCode.INVALID_ARGUMENT, "this is not an HTTP request"));
    }

    private void tooSlow(ChannelHandlerContext ctx, Exchange exchange) {
        exchange.keepAlive = false;
        if (exchange.discarding) {
            end(ctx);
        } else {
            refuse(ctx, exchange, problem(exchange, ErrorCode.REQUEST_TIMEOUT, "the body did not come in time"));
        }
    }

    /** Answers before the whole request is there. What is missing of it is read and dropped, within limits. */
    private void refuse(ChannelHandlerContext ctx, Exchange exchange, Response.Whole response) {
        exchange.discarding = true;
        forgetBody(exchange);
        if (HttpUtil.is100ContinueExpected(exchange.head)) {
            exchange.keepAlive = false;
            exchange.requestEnded = true; // the body may come or not: nobody waits for it
        } else if (exchange.announced() > DROP_BYTES) {
            exchange.keepAlive = false;
        }
        if (!exchange.keepAlive) {
            setDeadline(ctx, LAST_WORDS, () -> end(ctx));
        }
        respond(ctx, exchange, response);
    }

    private void take(ChannelHandlerContext ctx, Exchange exchange, HttpContent content) {
        if (content.decoderResult().isFailure()) {
            exchange.keepAlive = false;
            exchange.requestEnded = true; // nobody knows where it ends
            if (exchange.discarding) {
                end(ctx);
            } else {
                refuse(ctx, exchange, problem(exchange, ErrorCode.INVALID_ARGUMENT, "the body is malformed"));
            }
            return;
        }
        int bytes = content.content().readableBytes();
        exchange.received += bytes;
        if (!exchange.discarding) {
            keep(ctx, exchange, content, bytes);
        } else if (exchange.received > DROP_BYTES) {
            end(ctx);
            return;
        }
        if (content instanceof LastHttpContent) {
            exchange.requestEnded = true;
            cancelDeadline();
            if (!exchange.discarding) {
                dispatch(ctx, exchange);
            }
            finish(ctx, exchange);
        } else {
            read(ctx);
        }
    }

    private void keep(ChannelHandlerContext ctx, Exchange exchange, HttpContent content, int bytes) {
        try {
            admission.checkSize(exchange.received);
            if (!parts.bodies().take(bytes)) {
                throw new HotPlexException(
                        ErrorCode.SERVER_UNAVAILABLE, "too much is being received (see server.max-bodies-bytes)");
            }
            exchange.keep(content.content());
        } catch (HotPlexException e) {
            refuse(ctx, exchange, Problem.of(e, exchange.id));
        }
    }

    private void forgetBody(Exchange exchange) {
        parts.bodies().giveBack(exchange.forgetBody());
    }

    private void dispatch(ChannelHandlerContext ctx, Exchange exchange) {
        Route route = exchange.route;
        Request.Target asked = target;
        if (route == null || asked == null) {
            throw new IllegalStateException("a request without a route was let in");
        }
        Request request = new Request(
                exchange.id, asked, exchange.headers, exchange.body(), exchange.principal, exchange.client.address());
        try {
            parts.workers().execute(() -> work(ctx, exchange, route.handler(), request));
        } catch (RejectedExecutionException e) {
            respond(
                    ctx,
                    exchange,
                    problem(
                            exchange,
                            ErrorCode.SERVER_UNAVAILABLE,
                            "too many requests wait (see server.worker-queue)"));
        }
        read(ctx);
    }

    /** On a worker thread. */
    @SuppressWarnings("IllegalCatch") // foreign code; whatever it throws is the client's answer
    private void work(ChannelHandlerContext ctx, Exchange exchange, Handler handler, Request request) {
        CompletionStage<Response> stage;
        try {
            stage = handler.handle(request);
        } catch (RuntimeException | LinkageError e) {
            ctx.executor().execute(() -> answer(ctx, exchange, request, failure(exchange, e)));
            return;
        }
        stage.whenComplete((response, failure) -> ctx.executor()
                .execute(
                        () -> answer(ctx, exchange, request, failure == null ? response : failure(exchange, failure))));
    }

    private static Response failure(Exchange exchange, Throwable failure) {
        Throwable cause = failure instanceof CompletionException wrapped && wrapped.getCause() != null
                ? wrapped.getCause()
                : failure;
        if (cause instanceof HotPlexException known) {
            return Problem.of(known, exchange.id);
        }
        log.error("request {} to {} failed", exchange.id, exchange.route, cause);
        return problem(exchange, ErrorCode.INTERNAL, "a defect; the log has request " + exchange.id);
    }

    private void answer(ChannelHandlerContext ctx, Exchange exchange, Request request, Response response) {
        if (current != exchange || !ctx.channel().isActive()) {
            return;
        }
        forgetBody(exchange);
        if (response instanceof Response.Whole whole) {
            respond(ctx, exchange, whole);
        } else if (isRevoked(exchange)) {
            respond(ctx, exchange, problem(exchange, ErrorCode.UNAUTHENTICATED, "the key is not valid any longer"));
        } else if (response instanceof Response.Events events) {
            exchange.status = 200;
            Runnable uncount = parts.connections().stream(Kind.EVENTS, ctx.channel());
            stream = SseStream.open(ctx, parts, exchange, events, () -> {
                uncount.run();
                ended(ctx, exchange);
            });
        } else if (response instanceof Response.Upgrade upgrade) {
            upgrade(ctx, exchange, request, upgrade);
        }
    }

    /** Whether the key that a request came with was taken away since. */
    private boolean isRevoked(Exchange exchange) {
        return exchange.key != null && !parts.gatekeeper().holds(exchange.key);
    }

    private void upgrade(ChannelHandlerContext ctx, Exchange exchange, Request request, Response.Upgrade upgrade) {
        if (ahead != null) {
            exchange.keepAlive = false;
            respond(
                    ctx,
                    exchange,
                    problem(exchange, ErrorCode.INVALID_ARGUMENT, "data came before the connection was upgraded"));
            return;
        }
        WebSocketHandshake.perform(ctx, parts, exchange, request, upgrade);
        var unused = parts.connections().stream(Kind.WEBSOCKET, ctx.channel());
    }

    private void respond(ChannelHandlerContext ctx, Exchange exchange, Response.Whole response) {
        exchange.status = response.status();
        exchange.sent = response.body().length;
        ctx.writeAndFlush(Responses.whole(exchange, response)).addListener(written -> {
            if (written.isSuccess()) {
                ended(ctx, exchange);
            } else {
                end(ctx);
            }
        });
    }

    private void ended(ChannelHandlerContext ctx, Exchange exchange) {
        exchange.responseEnded = true;
        finish(ctx, exchange);
    }

    /** Goes on to the next request when nothing is left of this one. */
    private void finish(ChannelHandlerContext ctx, Exchange exchange) {
        if (current != exchange || !exchange.responseEnded) {
            return;
        }
        if (exchange.requestEnded) {
            parts.log().onExchange(exchange.summary(System.nanoTime()));
            current = null;
            stream = null;
            if (exchange.keepAlive && !parts.connections().draining()) {
                await(ctx, ServerConfig.KEEP_ALIVE_TIMEOUT);
            } else {
                end(ctx);
            }
        }
    }

    /** Tells the stream later: this is called in the middle of a write, and it will write. */
    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        SseStream open = stream;
        if (open != null && ctx.channel().isWritable()) {
            ctx.executor().execute(open::onWritable);
        }
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof Connections.Drain drain) {
            if (current == null) {
                end(ctx);
            } else {
                current.keepAlive = false;
                if (stream != null) {
                    stream.onDrain(drain);
                }
            }
        } else if (event == Connections.Notice.KEYS_CHANGED) {
            if (current != null && stream != null && isRevoked(current)) {
                current.keepAlive = false;
                stream.end();
            }
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        cancelDeadline();
        ReferenceCountUtil.release(ahead);
        ahead = null;
        if (stream != null) {
            stream.onClosed();
            stream = null;
        }
        Exchange exchange = current;
        current = null;
        if (exchange != null) {
            forgetBody(exchange);
            parts.log().onExchange(exchange.summary(System.nanoTime()));
        }
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        log.debug("connection closed", cause);
        end(ctx);
    }

    private static Response.Whole problem(Exchange exchange, ErrorCode code, String detail) {
        return Problem.of(code, detail, exchange.id, null);
    }

    private static void end(ChannelHandlerContext ctx) {
        var unused = ctx.close();
    }

    private void setDeadline(ChannelHandlerContext ctx, ConfigKey<Duration> limit, Runnable action) {
        setDeadline(ctx, parts.config().get(limit), action);
    }

    private void setDeadline(ChannelHandlerContext ctx, Duration limit, Runnable action) {
        cancelDeadline();
        deadline = ctx.executor().schedule(action, limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void cancelDeadline() {
        if (deadline != null) {
            deadline.cancel(false);
            deadline = null;
        }
    }
}
