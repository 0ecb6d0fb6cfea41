package io.hotplex.telemetry.internal.tail;

import io.hotplex.api.EventRecord;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalReader;
import io.hotplex.api.spi.SessionLog;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads what sessions write from when they are opened on, and hands it to folds, on one thread of its own. The engine's
 * calls leave a session in a queue, at most once until it was read; the queue is as long as there are sessions. One
 * that cannot be read is read again after a pause, and holds back no other.
 *
 * <p>Threads: atomics; a session's position, and what pauses, belong to the thread.
 */
public final class JournalTail implements JournalReader {
    private static final Logger log = LoggerFactory.getLogger(JournalTail.class);

    private static final int CHUNK = 256;

    /** Between two looks: what comes meanwhile is read together. */
    private static final long GATHER_MILLIS = 20;

    /** Between two attempts to read what cannot be read: a journal that is away is not asked all the time. */
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    /** A fold is quick, so more would mean that it hangs. */
    private static final long END_MILLIS = 2_000;

    private final List<RecordFold> folds;
    private final Map<String, Followed> followed = new ConcurrentHashMap<>();
    private final BlockingQueue<Runnable> roused = new LinkedBlockingQueue<>();
    /** Sessions that could not be read, those first whose pause is over first. */
    private final Queue<Followed> paused = new ArrayDeque<>();

    private final AtomicLong lost = new AtomicLong();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;

    private static final class Followed {
        private final String id;
        private final String provider;
        private final SessionLog source;
        private final AtomicBoolean awaited = new AtomicBoolean();
        private volatile boolean complete;
        private volatile long position;
        private boolean pauses;
        /** When the pause is over. */
        private long againAt;
        /** Whether it was logged that it cannot be read, and not that it can again. */
        private boolean complained;

        Followed(String id, String provider, SessionLog source) {
            this.id = id;
            this.provider = provider;
            this.source = source;
            position = source.newest();
        }
    }

    public JournalTail(List<RecordFold> folds) {
        this.folds = List.copyOf(folds);
        thread = new Thread(this::run, "hotplex-telemetry");
        thread.setDaemon(true);
    }

    /** How many records there are that were not read yet. */
    public long behind() {
        long sum = 0;
        for (Followed session : followed.values()) {
            sum += Math.max(0, session.source.newest() - session.position);
        }
        return sum;
    }

    /** How many records the journal did not keep until they were read. */
    public long lost() {
        return lost.get();
    }

    @Override
    public void start(Journal journal) {
        thread.start();
    }

    @Override
    public void opened(SessionSpec spec, SessionLog source) {
        Followed before = followed.put(spec.id(), new Followed(spec.id(), String.valueOf(spec.provider()), source));
        if (before != null) {
            before.complete = true;
            rouse(before);
        }
    }

    @Override
    public void readable(String sessionId, long newest) {
        Followed session = followed.get(sessionId);
        if (session != null) {
            rouse(session);
        }
    }

    @Override
    public void completed(String sessionId) {
        Followed session = followed.get(sessionId);
        if (session != null) {
            session.complete = true;
            rouse(session);
        }
    }

    private void rouse(Followed session) {
        if (!session.awaited.get() && session.awaited.compareAndSet(false, true)) {
            roused.add(() -> read(session));
        }
    }

    private void run() {
        try {
            boolean more = true;
            while (more) {
                Runnable next = next();
                while (next != null) {
                    next.run();
                    next = roused.poll();
                }
                readAgain(false);
                more = !closing.await(GATHER_MILLIS, TimeUnit.MILLISECONDS) || !roused.isEmpty();
            }
            readAgain(true);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What there is to do, or {@code null} when a pause is over first. */
    private @Nullable Runnable next() throws InterruptedException {
        Followed first = paused.peek();
        return first == null ? roused.take() : roused.poll(first.againAt - System.nanoTime(), TimeUnit.NANOSECONDS);
    }

    /** @param all also those whose pause is not over, since this is the end */
    private void readAgain(boolean all) {
        for (int left = paused.size(); left > 0; left--) {
            Followed session = paused.element();
            if (!all && session.againAt - System.nanoTime() > 0) {
                return;
            }
            paused.remove();
            session.pauses = false;
            read(session);
        }
    }

    @SuppressWarnings("IllegalCatch") // a journal is foreign code, and this is the thread of all sessions
    private void read(Followed session) {
        session.awaited.set(false); // before reading: what comes from here on rouses again
        if (session.pauses) {
            return;
        }
        try {
            readOn(session);
            if (session.complained) {
                log.info("session '{}' is counted again", session.id);
            }
            session.complained = false;
        } catch (RuntimeException e) {
            if (!session.complained) {
                log.warn("session '{}' cannot be read, and is not counted until it can", session.id, e);
            }
            session.complained = true;
            session.pauses = true;
            session.againAt = System.nanoTime() + PAUSE_NANOS;
            paused.add(session);
        }
    }

    private void readOn(Followed session) {
        boolean last = session.complete;
        List<EventRecord> chunk = session.source.read(session.position, CHUNK);
        while (!chunk.isEmpty()) {
            lost.addAndGet(chunk.get(0).firstOffset() - session.position - 1);
            chunk.forEach(record -> fold(record, session.provider));
            session.position = chunk.get(chunk.size() - 1).offset();
            chunk = session.source.read(session.position, CHUNK);
        }
        if (last) {
            followed.remove(session.id, session);
            folds.forEach(fold -> fold.end(session.id));
        }
    }

    @SuppressWarnings("IllegalCatch") // one record must not end the telemetry of all others
    private void fold(EventRecord record, String provider) {
        for (RecordFold fold : folds) {
            try {
                fold.fold(record, provider);
            } catch (RuntimeException e) {
                log.warn("an event of type {} cannot be counted", record.event().type(), e);
            }
        }
    }

    /** Reads what is there. */
    @Override
    public void close() {
        closing.countDown();
        roused.add(() -> {}); // so that it looks
        try {
            thread.join(END_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
