package io.hotplex.os;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A child's standard input with what waits to be written.
 *
 * <p>Threading: any thread may write; what the pipe takes at once is written on that thread, under {@code lock}, which
 * is held for non-blocking writes only. The loop writes the rest and alone closes the descriptor.
 */
final class StdinPipe {
    private static final int CHUNK_BYTES = 64 << 10;
    /** Then others have their turn, however fast the child reads. */
    private static final int CHUNKS_AT_ONCE = 16;

    /** What the loop has to do next. */
    enum Next {
        /** Nothing is queued. */
        NOTHING,
        /** Call {@link #flush} when the pipe has room. */
        WAIT_FOR_ROOM,
        /** Call {@link #close}. */
        CLOSE
    }

    private final long maxQueuedBytes;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final ArrayDeque<byte[]> queue = new ArrayDeque<>(0);

    /** Bytes of the first array of the queue that are written. */
    @GuardedBy("lock")
    private int written;

    @GuardedBy("lock")
    private long queuedBytes;

    /** No more is taken. */
    @GuardedBy("lock")
    private boolean ending;

    /** -1 after it was closed. */
    @GuardedBy("lock")
    private int fd;

    StdinPipe(int fd, long maxQueuedBytes) {
        this.fd = fd;
        this.maxQueuedBytes = maxQueuedBytes;
    }

    /** Whether data was taken, and whether the loop must be told. */
    record Taken(boolean accepted, boolean tellLoop) {}

    /** Writes or queues. From any thread. */
    Taken write(byte[] data) {
        lock.lock();
        try {
            if (ending || fd < 0 || queuedBytes + data.length > maxQueuedBytes) {
                return new Taken(false, false);
            }
            if (data.length == 0) {
                return new Taken(true, false);
            }
            boolean wasIdle = queue.isEmpty();
            queue.addLast(data);
            queuedBytes += data.length;
            if (!wasIdle) {
                return new Taken(true, false);
            }
            return switch (writeQueued()) {
                case NOTHING -> new Taken(true, false);
                case WAIT_FOR_ROOM -> new Taken(true, true);
                case CLOSE -> new Taken(false, true);
            };
        } finally {
            lock.unlock();
        }
    }

    /** Takes no more; the loop must be told. From any thread. */
    void endAfterQueue() {
        lock.lock();
        try {
            ending = true;
        } finally {
            lock.unlock();
        }
    }

    /** Writes what the pipe takes. On the loop's thread. */
    Next flush() {
        lock.lock();
        try {
            return fd < 0 ? Next.NOTHING : writeQueued();
        } finally {
            lock.unlock();
        }
    }

    /** On the loop's thread, which watches the descriptor. */
    int fd() {
        lock.lock();
        try {
            return fd;
        } finally {
            lock.unlock();
        }
    }

    /** Drops what is queued and closes the descriptor. On the loop's thread, when it is not watched. */
    void close() {
        lock.lock();
        try {
            drop();
            if (fd >= 0) {
                LibC.close(fd);
                fd = -1;
            }
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private Next writeQueued() {
        for (int chunks = 0; !queue.isEmpty(); chunks++) {
            if (chunks == CHUNKS_AT_ONCE) {
                return Next.WAIT_FOR_ROOM;
            }
            byte[] first = queue.getFirst();
            int length = Math.min(first.length - written, CHUNK_BYTES);
            byte[] chunk = length == first.length ? first : Arrays.copyOfRange(first, written, written + length);
            long count = LibC.write(fd, chunk, length);
            if (count < 0) {
                if (LibC.errno() == Abi.CURRENT.tryAgain() || LibC.errno() == LibC.EINTR) {
                    return Next.WAIT_FOR_ROOM;
                }
                drop(); // EPIPE: nobody reads any more
                return Next.CLOSE;
            }
            queuedBytes -= count;
            written += (int) count;
            if (written == first.length) {
                queue.removeFirst();
                written = 0;
            }
        }
        return ending ? Next.CLOSE : Next.NOTHING;
    }

    @GuardedBy("lock")
    private void drop() {
        ending = true;
        queue.clear();
        queuedBytes = 0;
        written = 0;
    }
}
