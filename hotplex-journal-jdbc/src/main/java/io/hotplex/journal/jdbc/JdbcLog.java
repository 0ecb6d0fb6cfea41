package io.hotplex.journal.jdbc;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.LogListener;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.api.spi.SessionState;
import io.hotplex.api.spi.StoredTurn;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One session's log, and the journal's line about it while nobody has it open.
 *
 * <p>Threads: {@code lock} is held for a few assignments and never during I/O. {@code readable} and {@code oldest} are
 * for everybody. The fields of the writer belong to its thread.
 */
final class JdbcLog implements SessionLog {
    final String id;
    /** What stands for the id in the database. */
    final long key;

    private final JdbcJournal journal;
    private final ReentrantLock lock = new ReentrantLock();

    /** {@code null} while nothing is in memory. */
    @GuardedBy("lock")
    private @Nullable Tail tail;

    @GuardedBy("lock")
    private long appended;

    @GuardedBy("lock")
    private boolean open;

    @GuardedBy("lock")
    private boolean erased;

    private volatile LogListener listener = LogListener.NONE;
    private volatile long readable;
    private volatile long oldest;

    /** Entries of this log that the writer has not written yet. */
    final AtomicInteger pending = new AtomicInteger();

    // writer
    /** Whether it has a row of its own. */
    boolean stored;
    /** Bytes of all records that are kept. */
    long bytes;
    /** The newest record that was written. */
    long written;
    /** When it was written last, in writes of the journal. */
    long lastWrite;
    /** Whether the session is over. */
    boolean closed;
    /** Turns that run, by id, with the offset of their first event. */
    final Map<String, Long> running = new LinkedHashMap<>(2);

    JdbcLog(JdbcJournal journal, String id, long key, long oldest, long newest) {
        this.journal = journal;
        this.id = id;
        this.key = key;
        this.oldest = oldest;
        this.appended = newest;
        this.readable = newest;
        this.written = newest;
    }

    void open(LogListener hears) {
        lock.lock();
        try {
            if (erased) {
                throw new HotPlexException(
                        ErrorCode.SESSION_NOT_FOUND, "session '" + id + "' is being deleted: try again");
            }
            if (open) {
                throw new IllegalStateException("the log of session " + id + " is open already");
            }
            open = true;
            listener = hears;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public EventRecord append(@Nullable String turnId, Instant time, AgentEvent event) {
        EventRecord record;
        lock.lock();
        try {
            if (!open) {
                throw new IllegalStateException("the log of session " + id + " is closed");
            }
            appended++;
            record = new EventRecord(id, appended, appended, turnId, time, event);
            if (tail == null) {
                tail = new Tail(appended);
            }
            tail.add(record);
            journal.enqueue(new Entry.Event(this, record, event.weight()));
        } finally {
            lock.unlock();
        }
        if (journal.atOnce()) {
            readable = record.offset();
            listener.readable(record.offset());
        }
        return record;
    }

    @Override
    public void save(SessionState state) {
        journal.enqueue(new Entry.State(this, state));
    }

    @Override
    public void accept(StoredTurn turn, Runnable onSafe) {
        journal.checkWritable();
        long weight =
                turn.prompt() == null ? 64 : 128 + 2L * turn.prompt().text().length();
        if (turn.prompt() != null) {
            weight += turn.prompt().attachments().stream()
                    .mapToLong(a -> a.size())
                    .sum();
        }
        boolean atOnce = journal.atOnce();
        journal.enqueue(new Entry.Turn(this, turn, atOnce ? () -> {} : onSafe, weight));
        if (atOnce) {
            onSafe.run();
        }
    }

    @Override
    public boolean backlogged() {
        return journal.backlogged(this);
    }

    void relieved() {
        listener.relieved();
    }

    void lost() {
        listener.lost();
    }

    @Override
    public List<EventRecord> read(long after, int max) {
        long newest = readable;
        long from = Math.max(after + 1, oldest);
        if (max <= 0 || from > newest) {
            return List.of();
        }
        long to = from + Math.min(max, newest - from + 1) - 1;
        List<EventRecord> found = new ArrayList<>();
        long inMemory = copyFromMemory(found, from, to);
        if (from < inMemory) {
            found.addAll(journal.readStored(this, from, Math.min(to, inMemory - 1)));
            if (to >= inMemory) {
                copyFromMemory(found, inMemory, to);
            }
        }
        return found;
    }

    /** Adds what is in memory if that begins early enough; returns where it begins. */
    private long copyFromMemory(List<EventRecord> target, long from, long to) {
        lock.lock();
        try {
            long first = tail == null ? Long.MAX_VALUE : tail.first();
            if (tail != null && from >= first) {
                tail.copyTo(target, from, to);
            }
            return first;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long oldest() {
        return Math.min(oldest, readable + 1);
    }

    @Override
    public long newest() {
        return readable;
    }

    @Override
    public void close() {
        lock.lock();
        try {
            open = false;
        } finally {
            lock.unlock();
        }
        forgetListener();
    }

    // ---- writer

    /** Records up to an offset are as safe as promised. */
    void acknowledged(long offset) {
        written = offset;
        if (!journal.atOnce()) {
            readable = offset;
            listener.readable(offset);
            forgetListener();
        }
    }

    /** Whoever closed a log and heard everything is not kept in memory by it. */
    private void forgetListener() {
        lock.lock();
        try {
            if (!open && readable == appended) {
                listener = LogListener.NONE;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Gives memory back; only what was written. */
    void drop(long upTo) {
        lock.lock();
        try {
            if (tail != null) {
                tail.drop(Math.min(upTo, written));
                if (tail.first() > appended && !open) {
                    tail = null;
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Records before this one are gone. */
    void keepFrom(long offset) {
        oldest = offset;
    }

    /** @return {@code false} when it is open */
    boolean beginErasing() {
        lock.lock();
        try {
            if (open) {
                return false;
            }
            erased = true;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** It was not erased after all. */
    void erasingFailed() {
        lock.lock();
        try {
            erased = false;
        } finally {
            lock.unlock();
        }
    }
}
