package io.hotplex.server.internal.http;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * How sockets are waited for.
 *
 * @param name as in {@code server.transport}
 */
record Transport(String name, IoHandlerFactory handlers, Class<? extends ServerChannel> channel) {
    /**
     * @param wanted {@code auto}, or one of them
     * @throws HotPlexException CONFIG_INVALID when this machine does not have the wanted one
     */
    static Transport choose(String wanted) {
        return switch (wanted) {
            case "epoll" -> require(wanted, Epoll.isAvailable() ? epoll() : null, Epoll.unavailabilityCause());
            case "io_uring" -> require(wanted, IoUring.isAvailable() ? ioUring() : null, IoUring.unavailabilityCause());
            case "nio" -> nio();
            // io_uring has to be asked for: many container runtimes forbid it, some only once it is used
            default -> Epoll.isAvailable() ? epoll() : nio();
        };
    }

    private static Transport require(String wanted, @Nullable Transport found, @Nullable Throwable cause) {
        if (found == null) {
            throw new HotPlexException(
                    ErrorCode.CONFIG_INVALID,
                    "server.transport: '" + wanted + "' does not work on this machine ("
                            + (cause == null ? "no reason given" : cause.getMessage()) + "); use auto or nio",
                    cause);
        }
        return found;
    }

    private static Transport epoll() {
        return new Transport("epoll", EpollIoHandler.newFactory(), EpollServerSocketChannel.class);
    }

    private static Transport ioUring() {
        return new Transport("io_uring", IoUringIoHandler.newFactory(), IoUringServerSocketChannel.class);
    }

    private static Transport nio() {
        return new Transport("nio", NioIoHandler.newFactory(), NioServerSocketChannel.class);
    }
}
