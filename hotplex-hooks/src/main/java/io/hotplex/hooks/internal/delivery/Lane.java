package io.hotplex.hooks.internal.delivery;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.spi.SessionLog;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One hook's way through one session: how far it is, and what is next. Holds no events.
 *
 * <p>Threads: guarded by the lock of its {@link HookRunner}, but for {@link #rouse}, which is an atomic; while a pass
 * works on the lane, {@code cursor}, {@code limit} and {@code traces} belong to that pass.
 */
final class Lane {
    /** A session that is closed and made again so often while its hook is away loses what lies between. */
    private static final int MAX_SOURCES = 16;

    /** More turns than a session runs at a time. */
    private static final int MAX_TRACES = 64;

    final String session;
    final String owner;
    final String provider;

    /** Whether somebody looks at it or will: who finds it so has nothing to do. */
    private final AtomicBoolean roused = new AtomicBoolean();

    /** Logs that follow each other under this id; the first is read. */
    private final Deque<Source> sources = new ArrayDeque<>();

    /** The traces of turns that have not ended. */
    private final Map<String, String> traces = new LinkedHashMap<>();

    /** The last offset that is dealt with. */
    volatile long cursor;

    /** The last offset of a delivery that failed: it is tried again as it was. 0 for none. */
    long limit;

    int failures;
    long dueNanos;
    /** Its place among those that are due at the same time. */
    long place;

    long waitingSinceNanos;
    boolean dead;

    /** A log, or what the journal alone has while {@code log} is {@code null}. */
    static final class Source {
        private @Nullable SessionLog log;
        private volatile long newest;
        private boolean complete;

        long newest() {
            SessionLog open = log;
            return open == null ? newest : open.newest();
        }

        @Nullable
        SessionLog log() {
            return log;
        }
    }

    Lane(String session, String owner, String provider, long cursor) {
        this.session = session;
        this.owner = owner;
        this.provider = provider;
        this.cursor = cursor;
    }

    /** Tells that there may be more; whether the caller has to bring the lane to the plan. Any thread. */
    boolean rouse() {
        return !roused.get() && roused.compareAndSet(false, true);
    }

    /** Nobody looks at it from now on. */
    void rest() {
        roused.set(false);
    }

    boolean resting() {
        return !roused.get();
    }

    void sleeping(long newest) {
        Source source = sources.peekLast();
        if (source == null || source.log != null) {
            source = new Source();
            sources.add(source);
        }
        source.newest = Math.max(source.newest, newest);
    }

    /**
     * @param same whether the log goes on with what is read, as durable ones do; otherwise it begins anew
     * @return how many records are given up for that
     */
    long open(SessionLog log, boolean same) {
        Source last = sources.peekLast();
        long lost = 0;
        if (last == null || !same) {
            if (sources.size() >= MAX_SOURCES) {
                Iterator<Source> oldest = sources.iterator();
                oldest.next(); // is being read
                lost = oldest.next().newest();
                oldest.remove();
            }
            last = new Source();
            sources.add(last);
        }
        last.log = log;
        last.complete = false;
        return lost;
    }

    /** Gives up what is left, and holds it no more. */
    void abandon() {
        Source nothing = new Source();
        nothing.complete = true;
        sources.clear();
        sources.add(nothing);
    }

    void complete() {
        Source last = sources.peekLast();
        if (last != null) {
            last.complete = true;
        }
    }

    Source source() {
        return Objects.requireNonNull(sources.peekFirst(), "a lane without source");
    }

    long behind() {
        long sum = Math.max(0, source().newest() - cursor);
        boolean first = true;
        for (Source source : sources) {
            sum += first ? 0 : source.newest();
            first = false;
        }
        return sum;
    }

    /** Everything was read: goes on to the next log, if there is one. Returns whether the lane is at its end. */
    boolean atEnd() {
        Source source = source();
        if (cursor < source.newest() || !source.complete) {
            return false;
        }
        if (sources.size() == 1) {
            return true;
        }
        sources.removeFirst();
        cursor = 0;
        return false;
    }

    /** The trace of a record's turn; remembers it from the turn's start to its end. */
    @Nullable
    String trace(EventRecord record) {
        String turn = record.turnId();
        if (turn == null) {
            return null;
        }
        if (record.event() instanceof AgentEvent.TurnStarted started && started.traceparent() != null) {
            traces.put(turn, started.traceparent());
            if (traces.size() > MAX_TRACES) {
                traces.remove(traces.keySet().iterator().next());
            }
        }
        return record.event() instanceof AgentEvent.Terminal ? traces.remove(turn) : traces.get(turn);
    }
}
