package io.hotplex.server;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.LogListener;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.api.spi.SessionState;
import io.hotplex.api.spi.StoredSession;
import io.hotplex.api.spi.StoredTurn;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A journal that writes as the real one behind it does, and holds its acknowledgements back as long as a test wants: as
 * if the disk took its time. Guarded by its monitor.
 */
final class HeldJournal implements Journal {
    private final Journal journal;
    private final List<Held> logs = new CopyOnWriteArrayList<>();

    @GuardedBy("this")
    private boolean held;

    @GuardedBy("this")
    private final List<Runnable> waiting = new ArrayList<>();

    HeldJournal(Journal journal) {
        this.journal = journal;
    }

    /** From now on nothing is safe, as far as anybody is told. */
    void hold() {
        synchronized (this) {
            held = true;
        }
        logs.forEach(Held::freeze);
    }

    void release() {
        List<Runnable> told;
        synchronized (this) {
            held = false;
            told = List.copyOf(waiting);
            waiting.clear();
        }
        told.forEach(Runnable::run);
    }

    private void whenReleased(Runnable task) {
        synchronized (this) {
            if (held) {
                waiting.add(task);
                return;
            }
        }
        task.run();
    }

    private synchronized boolean isHeld() {
        return held;
    }

    /** How far the real journal is. */
    long written() {
        return logs.get(logs.size() - 1).log.newest();
    }

    @Override
    public SessionLog open(String sessionId, LogListener listener) {
        Held log = new Held(journal.open(sessionId, newest -> whenReleased(() -> listener.readable(newest))));
        logs.add(log);
        return log;
    }

    @Override
    public boolean durable() {
        return journal.durable();
    }

    @Override
    public List<StoredSession> sessions() {
        return journal.sessions();
    }

    @Override
    public Optional<StoredSession> session(String sessionId) {
        return journal.session(sessionId);
    }

    @Override
    public List<StoredTurn> turns(String sessionId) {
        return journal.turns(sessionId);
    }

    @Override
    public void close() {
        journal.close();
    }

    private final class Held implements SessionLog {
        private final SessionLog log;
        private volatile long frozen;

        Held(SessionLog log) {
            this.log = log;
        }

        void freeze() {
            frozen = log.newest();
        }

        @Override
        public EventRecord append(@Nullable String turnId, Instant time, AgentEvent event) {
            return log.append(turnId, time, event);
        }

        @Override
        public void save(SessionState state) {
            log.save(state);
        }

        @Override
        public void accept(StoredTurn turn, Runnable onSafe) {
            log.accept(turn, () -> whenReleased(onSafe));
        }

        @Override
        public List<EventRecord> read(long after, int max) {
            long newest = newest();
            return log.read(after, max).stream()
                    .filter(record -> record.offset() <= newest)
                    .toList();
        }

        @Override
        public long oldest() {
            return log.oldest();
        }

        @Override
        public long newest() {
            return isHeld() ? frozen : log.newest();
        }

        @Override
        public void close() {
            log.close();
        }
    }
}
