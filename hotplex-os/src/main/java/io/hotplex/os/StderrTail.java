package io.hotplex.os;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.spi.AgentLine;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The last lines of a process's error output, each cut at 4 KiB.
 *
 * <p>Thread-safe, guarded by {@code lock}: where a thread of its own reads the output, that thread may still be at it
 * when the exit is told.
 */
final class StderrTail {
    private static final int MAX_LINE_BYTES = 4096;

    private final int maxLines;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final LineFramer framer = new LineFramer(MAX_LINE_BYTES);

    /** Guarded by {@code lock} too, which the checker does not see in the framer's callback. */
    private final ArrayDeque<AgentLine> lines = new ArrayDeque<>(0);

    StderrTail(int maxLines) {
        this.maxLines = maxLines;
    }

    void feed(byte[] bytes, int length) {
        lock.lock();
        try {
            framer.feed(bytes, 0, length, this::add);
        } finally {
            lock.unlock();
        }
    }

    /** The stream has ended. */
    void end() {
        lock.lock();
        try {
            framer.end(this::add);
        } finally {
            lock.unlock();
        }
    }

    /** Oldest first. */
    List<String> lines() {
        lock.lock();
        try {
            return lines.stream().map(AgentLine::text).toList();
        } finally {
            lock.unlock();
        }
    }

    private void add(AgentLine line) {
        if (maxLines == 0) {
            return;
        }
        if (lines.size() == maxLines) {
            lines.removeFirst();
        }
        lines.addLast(line.copy());
    }
}
