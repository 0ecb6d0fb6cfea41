package io.hotplex.server.internal.http;

import io.netty.channel.Channel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/** The open connections of a server, limited in all and, but for proxies, per address. Thread-safe. */
public final class Connections {
    /** Closing takes no time but on a machine that has none. */
    private static final long CLOSE_MILLIS = 2000;

    private final int limit;
    private final int limitPerAddress;
    private final ChannelGroup channels = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
    private final AtomicInteger open = new AtomicInteger();
    private final Map<InetAddress, Integer> perAddress = new ConcurrentHashMap<>();
    private final AtomicInteger webSockets = new AtomicInteger();
    private final AtomicInteger eventStreams = new AtomicInteger();

    private volatile boolean draining;

    private final Predicate<InetAddress> isProxy;

    /** @param isProxy whether an address may have as many connections as there may be in all */
    Connections(int limit, int limitPerAddress, Predicate<InetAddress> isProxy) {
        this.limit = limit;
        this.limitPerAddress = limitPerAddress;
        this.isProxy = isProxy;
    }

    /** How many are open. */
    public int open() {
        return open.get();
    }

    /** How many are open, by what they are used for now. */
    public Map<String, Integer> kinds() {
        int upgraded = webSockets.get();
        int streaming = eventStreams.get();
        return Map.of("websocket", upgraded, "sse", streaming, "http", Math.max(0, open() - upgraded - streaming));
    }

    private AtomicInteger streams(Kind kind) {
        return kind == Kind.WEBSOCKET ? webSockets : eventStreams;
    }

    /** Counts a stream on a connection until that closes, or the result is run. Idempotent. */
    Runnable stream(Kind kind, Channel channel) {
        AtomicBoolean ended = new AtomicBoolean();
        streams(kind).incrementAndGet();
        Runnable end = () -> {
            if (ended.compareAndSet(false, true)) {
                streams(kind).decrementAndGet();
            }
        };
        channel.closeFuture().addListener(closed -> end.run());
        return end;
    }

    /** Whether the server is about to stop. */
    public boolean draining() {
        return draining;
    }

    /** Counts a connection until it closes, if it is not one too many. */
    boolean admit(Channel channel) {
        InetAddress address = address(channel);
        if (open.incrementAndGet() > limit) {
            open.decrementAndGet();
            return false;
        }
        if (perAddress.merge(address, 1, Integer::sum) > limitPerAddress && !isProxy.test(address)) {
            release(address);
            return false;
        }
        channels.add(channel);
        channel.closeFuture().addListener(closed -> release(address));
        return true;
    }

    private void release(InetAddress address) {
        perAddress.computeIfPresent(address, (a, count) -> count == 1 ? null : count - 1);
        open.decrementAndGet();
    }

    /** Tells every connection, and those that come, what is going on. */
    void drain() {
        draining = true;
        channels.forEach(channel -> channel.pipeline().fireUserEventTriggered(Drain.BEGINS));
    }

    /** Tells every connection that keys changed: what was opened with one that is gone has to end. */
    void keysChanged() {
        channels.forEach(channel -> channel.pipeline().fireUserEventTriggered(Notice.KEYS_CHANGED));
    }

    /** The time for a proper end is over. */
    void endNow() {
        channels.forEach(channel -> channel.pipeline().fireUserEventTriggered(Drain.ENDS));
    }

    /** The time for any end is over. */
    void closeAll() {
        channels.close().awaitUninterruptibly(CLOSE_MILLIS);
    }

    /** Waits until none is open; tells whether that came. */
    boolean awaitNone(Duration limit) {
        return channels.newCloseFuture().awaitUninterruptibly(limit.toMillis());
    }

    static InetAddress address(Channel channel) {
        return channel.remoteAddress() instanceof InetSocketAddress remote
                ? remote.getAddress()
                : InetAddress.getLoopbackAddress();
    }

    /** What a connection hears while the server goes on. */
    enum Notice {
        /** Other keys are valid now. */
        KEYS_CHANGED
    }

    /** What a connection hears when the server stops. */
    enum Drain {
        /** No further requests; streams may say good-bye. */
        BEGINS,
        /** Streams end. */
        ENDS
    }
}
