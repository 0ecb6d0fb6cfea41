package io.hotplex.os;

import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** {@code epoll(7)}. Confined to the loop's thread. */
final class EpollSelector implements IoSelector {
    private static final int EPOLLIN = 1;
    private static final int EPOLLOUT = 4;
    private static final int BATCH = 256;
    /** The structure is packed on x86 alone. */
    private static final int DATA_OFFSET = Platform.isIntel() ? 4 : 8;

    private static final int EVENT_BYTES = DATA_OFFSET + 8;

    private final int epoll;
    private final Pointer change = LibC.allocate(EVENT_BYTES);
    private final Pointer events = LibC.allocate((long) EVENT_BYTES * BATCH);
    private @Nullable Runnable[] handlers = new Runnable[64]; // by descriptor

    EpollSelector() {
        epoll = LinuxLibC.epoll_create1(LinuxLibC.O_CLOEXEC);
        if (epoll < 0) {
            throw new IllegalStateException("epoll_create1: " + LibC.strerror(LibC.errno()));
        }
    }

    @Override
    public void watch(int fd, boolean forWriting, Runnable ready) {
        if (fd >= handlers.length) {
            handlers = Arrays.copyOf(handlers, Math.max(fd + 1, handlers.length * 2));
        }
        change.setInt(0, forWriting ? EPOLLOUT : EPOLLIN);
        change.setInt(DATA_OFFSET, fd);
        if (LinuxLibC.epoll_ctl(epoll, LinuxLibC.EPOLL_CTL_ADD, fd, change) != 0) {
            throw new IllegalStateException("epoll_ctl: " + LibC.strerror(LibC.errno()));
        }
        handlers[fd] = ready;
    }

    @Override
    public void unwatch(int fd) {
        if (fd < handlers.length && handlers[fd] != null) {
            handlers[fd] = null;
            LinuxLibC.epoll_ctl(epoll, LinuxLibC.EPOLL_CTL_DEL, fd, change);
        }
    }

    @Override
    public void select(int timeoutMillis) {
        int count = LinuxLibC.epoll_wait(epoll, events, BATCH, timeoutMillis);
        if (count < 0 && LibC.errno() != LibC.EINTR) {
            throw new IllegalStateException("epoll_wait: " + LibC.strerror(LibC.errno()));
        }
        for (int i = 0; i < count; i++) {
            Runnable handler = handlers[events.getInt((long) i * EVENT_BYTES + DATA_OFFSET)];
            if (handler != null) { // an earlier handler of this batch may have closed it
                handler.run();
            }
        }
    }

    @Override
    public void close() {
        LibC.close(epoll);
        LibC.free(events);
        LibC.free(change);
    }
}
