package io.hotplex.core.internal.event;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The bytes that the logs of a journal hold together, and which of them go first: the segment that was begun first,
 * whoever's it is. Sessions that talk much thereby replace their own records and those that nobody wrote to for long.
 *
 * <p>Threads: thread-safe. {@code lock} is taken once per segment, not per record, and nothing else is locked inside of
 * it; a log takes it while it holds its own lock, never the other way round.
 */
public final class JournalBudget {
    /** Bounds what one append does for others, should many logs hold nothing but their newest record. */
    private static final int TRIES_PER_APPEND = 16;

    private final long maxBytes;
    private final AtomicLong bytes = new AtomicLong();
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Set<Segment> oldestFirst = new LinkedHashSet<>();

    public JournalBudget(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** What all logs hold. */
    public long bytes() {
        return bytes.get();
    }

    void add(long delta) {
        bytes.addAndGet(delta);
    }

    void register(Segment segment) {
        lock.lock();
        try {
            oldestFirst.add(segment);
        } finally {
            lock.unlock();
        }
    }

    void unregister(Segment segment) {
        lock.lock();
        try {
            oldestFirst.remove(segment);
        } finally {
            lock.unlock();
        }
    }

    /** Evicts until the bound is kept. Called without any lock. */
    void enforce() {
        int tries = TRIES_PER_APPEND;
        while (tries > 0 && bytes.get() > maxBytes) {
            Segment oldest = takeOldest();
            if (oldest == null) {
                return;
            }
            if (!oldest.log.evict(oldest)) {
                tries--;
            }
        }
    }

    private @Nullable Segment takeOldest() {
        lock.lock();
        try {
            Iterator<Segment> segments = oldestFirst.iterator();
            if (!segments.hasNext()) {
                return null;
            }
            Segment oldest = segments.next();
            segments.remove();
            return oldest;
        } finally {
            lock.unlock();
        }
    }
}
