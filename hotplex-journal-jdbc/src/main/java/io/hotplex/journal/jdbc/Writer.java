package io.hotplex.journal.jdbc;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that writes. It takes everything that waits, up to a limit, and commits it as one transaction; while
 * that runs the next batch gathers, so that a commit is shared by more the busier it is, and nobody waits for a timer.
 *
 * <p>What cannot be written is tried again until it can: nothing is dropped, readers do not see it, new prompts are
 * refused and agents are read more slowly in the meantime.
 *
 * <p>Threads: {@link #enqueue}, {@link #backlogged}, {@link #checkWritable} and what tells figures are for everybody,
 * the rest is the thread's own.
 */
final class Writer implements Runnable {
    private static final Logger log = LoggerFactory.getLogger(Writer.class);

    /**
     * What many sessions write at once touches a page of the index for each of them, in every transaction: this many
     * share that. Larger ones gain little, and delay who waits for their first entry.
     */
    private static final int MAX_BATCH = 4096;

    private static final long MAX_BATCH_BYTES = 16 << 20;
    private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

    /**
     * How long the thread waits for work before it looks whether something is too old, and whether the journal is still
     * its own: an agent that says nothing must not outlive that for long.
     */
    private static final long IDLE_MILLIS = 1000;

    /** How often it does while there is work. */
    private static final long HOUSEKEEPING_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    /** After a failure. */
    private static final long HOUSEKEEPING_PAUSE_NANOS = TimeUnit.MINUTES.toNanos(1);

    /** How long closing tries to write what is left when that fails. */
    private static final long CLOSE_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** Opens the connection, the first time and after failures. */
    interface Connector {
        Connection connect() throws SQLException;
    }

    /** Hears, on the thread, of what writing does not mend; throws nothing. */
    interface Listener {
        /** Another engine took the journal over; once. */
        void lost();

        /** Something failed because the file is damaged. */
        void damaged(SQLException e);
    }

    private final Connector connector;
    private final long epoch;
    private final long maxBacklog;
    private final long maxCache;
    private final Dialect dialect;
    private final Retention retention;
    private final Listener listener;

    // thread-safe
    private final BlockingQueue<Entry> queue = new LinkedBlockingQueue<>();
    private final AtomicLong backlog = new AtomicLong();
    private final CountDownLatch stopping = new CountDownLatch(1);
    /** For pauses that nothing shortens. */
    private final CountDownLatch never = new CountDownLatch(1);

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Set<JdbcLog> slowedDown = new HashSet<>();

    private volatile @Nullable String trouble;
    private volatile boolean fenced;

    /**
     * When what is being written was taken from the queue, or when writing began to fail with nothing to write, in
     * nanoseconds; meaningless unless {@link #writing}.
     */
    private volatile long writingSince;

    private volatile boolean writing;

    // the thread's own
    private final Deque<Cached> cached = new ArrayDeque<>();
    private long cachedBytes;
    private long nextHousekeeping = System.nanoTime();
    private @Nullable Connection connection;
    private @Nullable Store store;

    /** Records that were written and are still in memory. */
    private record Cached(JdbcLog log, long upTo, long bytes) {}

    Writer(
            Dialect dialect,
            Connector connector,
            long epoch,
            Connection first,
            long maxBacklog,
            long maxCache,
            Retention retention,
            Listener listener) {
        this.dialect = dialect;
        this.connector = connector;
        this.epoch = epoch;
        this.connection = first;
        this.store = new Store(first, epoch);
        this.maxBacklog = maxBacklog;
        this.maxCache = maxCache;
        this.retention = retention;
        this.listener = listener;
    }

    // ---- any thread

    void enqueue(Entry entry) {
        backlog.addAndGet(entry.weight());
        queue.add(entry);
    }

    boolean backlogged(JdbcLog asking) {
        if (backlog.get() <= maxBacklog) {
            return false;
        }
        lock.lock();
        try {
            slowedDown.add(asking);
            if (backlog.get() > maxBacklog / 2) {
                return true; // and when it has become less, somebody is told
            }
            slowedDown.remove(asking);
            return false;
        } finally {
            lock.unlock();
        }
    }

    void checkWritable() {
        checkOwned();
        String why = trouble;
        if (why != null) {
            throw new HotPlexException(
                    ErrorCode.JOURNAL_UNAVAILABLE, "the journal cannot be written at the moment: " + why);
        }
    }

    /** @throws HotPlexException STATE_IN_USE when another engine has the journal */
    void checkOwned() {
        if (fenced) {
            throw new HotPlexException(
                    ErrorCode.STATE_IN_USE,
                    "the journal was taken over by another engine, which goes on with its sessions: use that one, and"
                            + " close this one");
        }
    }

    /** Weight of what waits to be written. */
    long backlog() {
        return backlog.get();
    }

    /** How long that which is being written waits to be, or could not be; zero when nothing is. */
    Duration lag() {
        long since = writingSince;
        return writing ? Duration.ofNanos(Math.max(0, System.nanoTime() - since)) : Duration.ZERO;
    }

    /** Bytes of all records that are kept. */
    long keptBytes() {
        return retention.bytes();
    }

    /** Writes what is left, then ends. */
    void stop() {
        stopping.countDown();
        queue.add(new Entry.Mark(new CompletableFuture<>()));
    }

    // ---- the thread

    @Override
    public void run() {
        List<Entry> batch = new ArrayList<>();
        boolean last = false;
        while (!last || !queue.isEmpty()) {
            try {
                Entry first = queue.poll(IDLE_MILLIS, TimeUnit.MILLISECONDS);
                last = stopping.getCount() == 0;
                if (first != null) {
                    writingSince = System.nanoTime();
                    writing = true;
                    gather(first, batch);
                    process(batch);
                } else if (!last) {
                    insist("anything", (s, again) -> s.look());
                }
                housekeep();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // nobody interrupts it but to end it
                last = true;
                break;
            } finally {
                writing = false;
                batch.clear();
            }
        }
        finish();
    }

    private void gather(Entry first, List<Entry> batch) {
        batch.add(first);
        long bytes = first.weight();
        while (batch.size() < MAX_BATCH && bytes < MAX_BATCH_BYTES) {
            Entry next = queue.poll();
            if (next == null) {
                return;
            }
            batch.add(next);
            bytes += next.weight();
        }
    }

    /** Writes a batch in its order; what is to be erased is erased in its place. */
    private void process(List<Entry> batch) throws InterruptedException {
        int from = 0;
        for (int i = 0; i < batch.size(); i++) {
            if (batch.get(i) instanceof Entry.Erase erase) {
                write(batch.subList(from, i));
                erase(erase);
                from = i + 1;
            } else if (batch.get(i) instanceof Entry.Mark mark) {
                mark.done().complete(write(batch.subList(from, i)));
                from = i + 1;
            } else if (batch.get(i) instanceof Entry.Probe probe) {
                write(batch.subList(from, i));
                insist("a trial", (s, again) -> s.probe());
                probe.done().complete(true);
                from = i + 1;
            }
        }
        write(batch.subList(from, batch.size()));
        long left = backlog.addAndGet(-batch.stream().mapToLong(Entry::weight).sum());
        if (left <= maxBacklog / 2) {
            relieve();
        }
    }

    /** Returns whether everything that came so far is written. */
    @SuppressWarnings("IllegalCatch") // listeners are foreign code
    private boolean write(List<Entry> batch) throws InterruptedException {
        if (!batch.isEmpty()) {
            Map<JdbcLog, Store.Change> changes = insist("events", (s, again) -> s.write(batch, again));
            if (changes != null) {
                try {
                    written(batch, changes);
                } catch (RuntimeException | Error e) {
                    log.error("somebody who was told of written events failed", e);
                }
            }
        }
        return !fenced;
    }

    private void erase(Entry.Erase erase) throws InterruptedException {
        Boolean found = insist("a deletion", (s, again) -> {
            boolean erased = s.erase(erase.log());
            Connection open = Objects.requireNonNull(connection);
            open.setAutoCommit(true);
            dialect.afterErasing(open);
            return erased;
        });
        if (found == null) {
            erase.done()
                    .completeExceptionally(
                            new HotPlexException(ErrorCode.JOURNAL_UNAVAILABLE, "the session could not be deleted"));
        } else {
            retention.forgot(erase.log());
            erase.done().complete(found || erase.log().stored);
        }
    }

    /** One thing to do with the database. */
    private interface Work<T> {
        /** @param again whether it failed before, or seemed to: it may have been done when its answer was lost */
        T on(Store store, boolean again) throws SQLException;
    }

    /**
     * Does something until it succeeds; {@code null} when it cannot any more, because the journal ends or was taken.
     */
    @SuppressWarnings("IllegalCatch") // the journal lives on, whatever a driver throws
    private <T> @Nullable T insist(String what, Work<T> work) throws InterruptedException {
        Duration pause = FIRST_PAUSE;
        long began = System.nanoTime();
        for (int attempt = 0; !fenced; attempt++) {
            try {
                T result = work.on(store(), attempt > 0);
                recovered();
                return result;
            } catch (SQLException | RuntimeException | Error e) {
                failed(what, e);
                if (!writing) { // nothing came while it was well: what comes now waits for this
                    writingSince = began;
                    writing = true;
                }
            }
            if (fenced) {
                return null;
            }
            boolean ending = stopping.await(pause.toMillis(), TimeUnit.MILLISECONDS);
            if (ending
                    && (System.nanoTime() - began > CLOSE_NANOS
                            || never.await(FIRST_PAUSE.toMillis(), TimeUnit.MILLISECONDS))) {
                break;
            }
            pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause.multipliedBy(2);
        }
        if (!fenced) {
            log.error("the journal could not write {}: {}", what, trouble);
        }
        return null;
    }

    private Store store() throws SQLException {
        Store current = store;
        if (current == null) {
            Connection opened = connector.connect();
            connection = opened;
            current = new Store(opened, epoch);
            store = current;
        }
        return current;
    }

    private void failed(String what, Throwable e) {
        if (e instanceof Store.FencedException) {
            fenced = true;
            log.error(
                    "the journal was taken over by another engine: this one ends its agents, and writes nothing more");
            disconnect();
            listener.lost();
            return;
        }
        if (trouble == null) {
            log.error("the journal cannot write {}, which is tried again", what, e);
        }
        trouble = e + (noteDamage(e) ? "; the file is damaged: restart the engine, which repairs it" : "");
        disconnect();
    }

    private boolean noteDamage(Throwable e) {
        boolean damaged = e instanceof SQLException failure && dialect.damaged(failure);
        if (damaged) {
            listener.damaged((SQLException) e);
        }
        return damaged;
    }

    private void recovered() {
        if (trouble != null) {
            log.warn("the journal can be written again");
            trouble = null;
        }
    }

    private void disconnect() {
        Connection broken = connection;
        store = null;
        connection = null;
        if (broken != null) {
            try {
                broken.close();
            } catch (SQLException e) {
                log.debug("a broken connection could not be closed", e);
            }
        }
    }

    private void written(List<Entry> batch, Map<JdbcLog, Store.Change> changes) {
        Map<JdbcLog, Long> held = new LinkedHashMap<>();
        for (Entry entry : batch) {
            if (entry instanceof Entry.Event event) {
                held.merge(event.log(), event.weight(), Long::sum);
                retention.saw(event.log(), event.record());
            }
        }
        changes.forEach((changed, change) -> {
            changed.stored = true;
            if (change.state != null) {
                changed.closed = change.state.closed();
            }
            if (change.newest > 0) {
                cached.add(new Cached(changed, change.newest, held.getOrDefault(changed, 0L)));
                cachedBytes += held.getOrDefault(changed, 0L);
                changed.acknowledged(change.newest);
                retention.grew(changed, change.bytes);
            }
        });
        for (Entry entry : batch) {
            if (entry instanceof Entry.Turn turn) {
                turn.onSafe().run();
            }
            if (entry instanceof Entry.Kept kept) {
                kept.log().pending.decrementAndGet();
            }
        }
        while (cachedBytes > maxCache && !cached.isEmpty()) {
            Cached oldest = cached.remove();
            cachedBytes -= oldest.bytes;
            oldest.log.drop(oldest.upTo);
        }
    }

    private void relieve() {
        List<JdbcLog> relieved;
        lock.lock();
        try {
            relieved = List.copyOf(slowedDown);
            slowedDown.clear();
        } finally {
            lock.unlock();
        }
        relieved.forEach(JdbcLog::relieved);
    }

    /** Looks for what is not to be kept any more, for a moment. */
    @SuppressWarnings("IllegalCatch") // it is tried again later
    private void housekeep() {
        long now = System.nanoTime();
        if (fenced || trouble != null || now - nextHousekeeping < 0) {
            return;
        }
        nextHousekeeping = now + HOUSEKEEPING_NANOS;
        try {
            retention.step(store());
        } catch (SQLException | RuntimeException e) {
            nextHousekeeping = now + HOUSEKEEPING_PAUSE_NANOS;
            noteDamage(e);
            log.warn("the journal cannot delete what is not to be kept any more: {}", e.toString());
        }
    }

    private void finish() {
        long lost = queue.stream().filter(e -> e instanceof Entry.Event).count();
        if (lost > 0) {
            log.error("the journal ends with {} events that could not be written", lost);
        }
        Connection open = connection;
        if (open != null && lost == 0 && !fenced) {
            try {
                open.setAutoCommit(true);
                Schema.set(open, "clean", 1);
            } catch (SQLException e) {
                log.warn("the journal could not be closed properly: {}", e.getMessage());
            }
        }
        disconnect();
    }
}
