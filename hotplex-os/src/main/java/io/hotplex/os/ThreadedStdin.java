package io.hotplex.os;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What waits to be written to a child's standard input.
 *
 * <p>Threading: any thread may add, which never blocks; one thread runs {@link #writeAll}, which owns the stream. The
 * queue is guarded by {@code lock}.
 */
final class ThreadedStdin {
    private final long maxQueuedBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private final ArrayDeque<byte[]> queue = new ArrayDeque<>();

    /** Including what is being written. */
    @GuardedBy("lock")
    private long queuedBytes;

    @GuardedBy("lock")
    private boolean ending;

    ThreadedStdin(long maxQueuedBytes) {
        this.maxQueuedBytes = maxQueuedBytes;
    }

    boolean add(byte[] data) {
        lock.lock();
        try {
            if (ending || queuedBytes + data.length > maxQueuedBytes) {
                return false;
            }
            queue.addLast(data);
            queuedBytes += data.length;
            changed.signal();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Takes no more. */
    void endAfterQueue() {
        lock.lock();
        try {
            ending = true;
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Takes no more and drops what is queued. */
    void endNow() {
        lock.lock();
        try {
            queue.clear();
            ending = true;
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Writes until the end, then closes the stream. */
    void writeAll(OutputStream stream) {
        try (stream) {
            for (byte[] data = next(0); data != null; data = next(data.length)) {
                stream.write(data);
                stream.flush();
            }
        } catch (IOException e) {
            endNow(); // nobody reads any more
        }
    }

    /** @return what to write next, waiting for it; {@code null} at the end */
    private byte @Nullable [] next(int written) {
        lock.lock();
        try {
            queuedBytes -= written;
            while (queue.isEmpty() && !ending) {
                changed.awaitUninterruptibly();
            }
            return queue.pollFirst();
        } finally {
            lock.unlock();
        }
    }
}
