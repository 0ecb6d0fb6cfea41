package io.hotplex.server.internal.http;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.server.ServerConfig;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens on one address, and serves the routes that it was given. Thread-safe. Open from {@link #start};
 * {@link #close} ends it for good.
 */
public final class HttpServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HttpServer.class);

    /** Connections that the system may hold until they are accepted. */
    private static final int BACKLOG = 1024;
    /** A stream is told to pause above the upper mark, and to go on below the lower one. */
    private static final WriteBufferWaterMark WATER_MARKS = new WriteBufferWaterMark(64 << 10, 256 << 10);
    /** How often is looked for a new certificate: those who renew one keep the old one for hours at least. */
    private static final Duration TLS_REFRESH = Duration.ofSeconds(2);
    /** How long what is told to end at the end of the drain time may take. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(3);

    private final ServerConfig config;
    private final Router router;
    private final Connections connections;
    private final EventLoopGroup loops;
    private final ThreadPoolExecutor workers;
    private final Channel listener;

    private HttpServer(
            ServerConfig config,
            Router router,
            Connections connections,
            EventLoopGroup loops,
            ThreadPoolExecutor workers,
            Channel listener) {
        this.config = config;
        this.router = router;
        this.connections = connections;
        this.loops = loops;
        this.workers = workers;
        this.listener = listener;
    }

    /**
     * Binds the address and begins to serve.
     *
     * @throws HotPlexException CONFIG_INVALID when the address cannot be bound
     */
    public static HttpServer start(
            ServerConfig config, Router router, Gatekeeper gatekeeper, List<ExchangeListener> listeners) {
        Transport transport = Transport.choose(config.get(ServerConfig.TRANSPORT));
        Connections connections = new Connections(
                config.get(ServerConfig.MAX_CONNECTIONS),
                config.get(ServerConfig.MAX_CONNECTIONS_PER_ADDRESS),
                gatekeeper::isProxy);
        ThreadPoolExecutor workers = workers(config);
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(
                config.get(ServerConfig.IO_THREADS),
                new DefaultThreadFactory("hotplex-http", true),
                transport.handlers());
        ServerParts parts = new ServerParts(
                config,
                router,
                gatekeeper,
                workers,
                connections,
                new ByteBudget(config.get(ServerConfig.MAX_BODIES_BYTES)),
                new Listeners(listeners));
        try {
            Tls tls = tls(config, loops, workers);
            Channel listener = bind(config, transport, loops, new HttpChannels(parts, tls));
            return new HttpServer(config, router, connections, loops, workers, listener);
        } catch (HotPlexException e) {
            stop(loops, workers);
            throw e;
        }
    }

    private static @Nullable Tls tls(ServerConfig config, EventLoopGroup loops, Executor workers) {
        if (config.get(ServerConfig.TLS_CERTIFICATE).isEmpty()) {
            return null;
        }
        Tls tls = Tls.open(
                config.get(ServerConfig.TLS_CERTIFICATE).orElseThrow(),
                config.get(ServerConfig.TLS_KEY).orElseThrow());
        var unused = loops.scheduleWithFixedDelay(
                () -> tls.refreshOn(workers), TLS_REFRESH.toMillis(), TLS_REFRESH.toMillis(), TimeUnit.MILLISECONDS);
        return tls;
    }

    private static Channel bind(ServerConfig config, Transport transport, EventLoopGroup loops, HttpChannels channels) {
        String host = config.get(ServerConfig.HOST);
        int port = config.get(ServerConfig.PORT);
        ChannelFuture bound = new ServerBootstrap()
                .group(loops)
                .channel(transport.channel())
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARKS)
                .childHandler(channels)
                .bind(new InetSocketAddress(host, port))
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new HotPlexException(
                    ErrorCode.CONFIG_INVALID,
                    "cannot listen on " + host + ":" + port + ": "
                            + bound.cause().getMessage()
                            + " (expected: an address of this machine, and a port that nobody has; see server.host,"
                            + " server.port, server.metrics-host and server.metrics-port)",
                    bound.cause());
        }
        log.debug("listening on {} with {}", bound.channel().localAddress(), transport.name());
        return bound.channel();
    }

    private static ThreadPoolExecutor workers(ServerConfig config) {
        int threads = config.get(ServerConfig.WORKER_THREADS);
        ThreadPoolExecutor workers = new ThreadPoolExecutor(
                threads,
                threads,
                10,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(config.get(ServerConfig.WORKER_QUEUE)),
                new DefaultThreadFactory("hotplex-request", true));
        workers.allowCoreThreadTimeOut(true);
        return workers;
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    /** Every route. */
    public List<Route> routes() {
        return router.routes();
    }

    /** Its open connections. */
    public Connections connections() {
        return connections;
    }

    /** Ends streams and WebSockets whose key is valid no longer, the latter with 4501. Call it when keys changed. */
    public void keysChanged() {
        connections.keysChanged();
    }

    /**
     * Lets go of all clients: accepts no more of them, refuses further requests with 503, lets what is being done come
     * to its end, then ends streams, and WebSockets with 1001. Blocks until nobody is left, at most
     * {@code server.drain-timeout} and three seconds. Idempotent.
     */
    public void drain() {
        listener.close().awaitUninterruptibly(LAST_WORDS.toMillis());
        connections.drain();
        if (!connections.awaitNone(config.get(ServerConfig.DRAIN_TIMEOUT))) {
            connections.endNow();
            if (!connections.awaitNone(LAST_WORDS)) {
                log.warn("{} connections did not end in time and are cut off", connections.open());
            }
        }
    }

    /** Cuts off who is still there, and ends the threads. Idempotent; blocks for a few seconds at most. */
    @Override
    public void close() {
        listener.close().awaitUninterruptibly(LAST_WORDS.toMillis());
        connections.closeAll();
        stop(loops, workers);
    }

    private static void stop(EventLoopGroup loops, ExecutorService workers) {
        workers.shutdownNow();
        loops.shutdownGracefully(0, LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS)
                .awaitUninterruptibly(LAST_WORDS.toMillis());
    }

    /** Tells each of several. */
    private record Listeners(List<ExchangeListener> all) implements ExchangeListener {
        Listeners {
            all = List.copyOf(all);
        }

        @Override
        public void onExchange(Summary summary) {
            all.forEach(listener -> listener.onExchange(summary));
        }

        @Override
        public void onConnectionRefused() {
            all.forEach(ExchangeListener::onConnectionRefused);
        }
    }
}
