package io.hotplex.core.internal.event;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.spi.LogListener;
import io.hotplex.api.spi.SessionLog;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One session's log in memory: a short list of {@link Segment}s, of which the oldest are dropped as a whole when the
 * session or all sessions hold too much. The newest record always stays, however large.
 *
 * <p>Threads: {@code lock} orders the writer and those who evict for the whole journal; it is held for a few
 * assignments. Readers never take it: they see the list of segments, replaced as a whole, and each segment's count,
 * both volatile. What a reader holds stays readable while it is evicted.
 */
public final class MemoryLog implements SessionLog {
    private static final Segment[] NONE = {};

    /** A segment may hold this part of what a session may hold, so that eviction never takes much more than needed. */
    private static final int SEGMENTS_PER_SESSION = 16;

    private final String sessionId;
    private final long maxBytes;
    private final JournalBudget budget;
    private final LogListener listener;
    private final Consumer<MemoryLog> onClose;
    private final ReentrantLock lock = new ReentrantLock();

    private volatile Segment[] segments = NONE; // written under lock

    @GuardedBy("lock")
    private long bytes;

    @GuardedBy("lock")
    private boolean closed;

    public MemoryLog(
            String sessionId, long maxBytes, JournalBudget budget, LogListener listener, Consumer<MemoryLog> onClose) {
        this.sessionId = sessionId;
        this.maxBytes = maxBytes;
        this.budget = budget;
        this.listener = listener;
        this.onClose = onClose;
    }

    public String sessionId() {
        return sessionId;
    }

    @Override
    public EventRecord append(@Nullable String turnId, Instant time, AgentEvent event) {
        EventRecord record;
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("log of session " + sessionId + " is closed");
            }
            long offset = newest() + 1;
            record = new EventRecord(sessionId, offset, offset, turnId, time, event);
            add(record, event.weight());
            while (bytes > maxBytes && evictFirst()) {
                // one more
            }
        } finally {
            lock.unlock();
        }
        budget.enforce();
        listener.readable(record.offset());
        return record;
    }

    @Override
    public List<EventRecord> read(long after, int max) {
        Segment[] view = segments;
        if (max <= 0 || view.length == 0 || view[view.length - 1].lastOffset() <= after) {
            return List.of();
        }
        List<EventRecord> found = new ArrayList<>();
        for (int i = indexOf(view, after + 1); i < view.length && found.size() < max; i++) {
            view[i].copyTo(found, after + 1, max);
        }
        return found;
    }

    @Override
    public long oldest() {
        Segment[] view = segments;
        return view.length == 0 ? 1 : view[0].firstOffset();
    }

    @Override
    public long newest() {
        Segment[] view = segments;
        return view.length == 0 ? 0 : view[view.length - 1].lastOffset();
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            budget.add(-bytes);
            for (Segment segment : segments) {
                budget.unregister(segment);
            }
        } finally {
            lock.unlock();
        }
        onClose.accept(this);
    }

    /** Evicts a segment for the sake of other sessions, and tells whether that freed anything. */
    boolean evict(Segment segment) {
        lock.lock();
        try {
            if (closed || !holds(segment)) {
                return false; // released or evicted in the meantime
            }
            boolean freed = evictFirst(); // the same one, unless somebody else is about to evict an older one
            if (holds(segment)) {
                budget.register(segment);
            }
            return freed;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void add(EventRecord record, long weight) {
        Segment[] view = segments;
        long segmentBytes = maxBytes / SEGMENTS_PER_SESSION;
        if (view.length > 0 && view[view.length - 1].takes(weight, segmentBytes)) {
            view[view.length - 1].add(record, weight);
        } else {
            Segment segment = new Segment(this, record, weight);
            Segment[] longer = Arrays.copyOf(view, view.length + 1);
            longer[view.length] = segment;
            segments = longer;
            budget.register(segment);
        }
        bytes += weight;
        budget.add(weight);
    }

    private boolean holds(Segment segment) {
        for (Segment held : segments) {
            if (held == segment) {
                return true;
            }
        }
        return false;
    }

    /** Drops the oldest segment, or all but the newest record of the only one. */
    @GuardedBy("lock")
    private boolean evictFirst() {
        Segment[] view = segments;
        Segment first = view[0];
        long freed = first.bytes();
        if (view.length > 1) {
            segments = Arrays.copyOfRange(view, 1, view.length);
        } else if (first.count() > 1) {
            EventRecord newest = first.last();
            Segment rest = new Segment(this, newest, newest.event().weight());
            freed -= rest.bytes();
            segments = new Segment[] {rest};
            budget.register(rest);
        } else {
            return false;
        }
        budget.unregister(first);
        bytes -= freed;
        budget.add(-freed);
        return true;
    }

    /** The segment that holds an offset, or the first one when the offset is older than all. */
    private static int indexOf(Segment[] view, long offset) {
        int low = 0;
        int high = view.length - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (view[middle].firstOffset() <= offset) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }
}
