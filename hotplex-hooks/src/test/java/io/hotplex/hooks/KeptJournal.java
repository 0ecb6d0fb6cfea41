package io.hotplex.hooks;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.SessionStats;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalReader;
import io.hotplex.api.spi.LogListener;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.api.spi.SessionState;
import io.hotplex.api.spi.StoredSession;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** A journal that outlives the readers of it, and plays the engine for them: what is appended is told. Thread-safe. */
final class KeptJournal implements Journal {
    private final boolean durable;
    private final Map<String, Kept> logs = new ConcurrentHashMap<>();
    private volatile @Nullable JournalReader reader;

    /** @param durable whether it says that it outlives the engine */
    KeptJournal(boolean durable) {
        this.durable = durable;
    }

    /** An engine opens: the reader is told what there is. */
    void connect(JournalReader next) {
        next.start(this);
        reader = next;
    }

    /** The engine ends. */
    void disconnect() {
        JournalReader last = reader;
        reader = null;
        if (last != null) {
            last.close();
        }
    }

    static SessionSpec spec(String id) {
        return SessionSpec.builder(id, Path.of("/work"))
                .owner("ann")
                .provider("puppet")
                .build();
    }

    /** A session is opened, or woken. */
    SessionLog awake(String id) {
        SessionLog log = open(id, LogListener.NONE);
        JournalReader told = reader;
        if (told != null) {
            told.opened(spec(id), log);
        }
        return log;
    }

    EventRecord append(String id, @Nullable String turn, AgentEvent event) {
        EventRecord record = open(id, LogListener.NONE).append(turn, Instant.now(), event);
        JournalReader told = reader;
        if (told != null) {
            told.readable(id, record.offset());
        }
        return record;
    }

    /** A session is over; a journal in memory forgets it. */
    void over(String id) {
        JournalReader told = reader;
        if (told != null) {
            told.completed(id);
        }
        logs.remove(id);
    }

    void forgetBefore(String id, long offset) {
        Kept kept = Objects.requireNonNull(logs.get(id));
        synchronized (kept) {
            kept.records.removeIf(record -> record.offset() < offset);
        }
    }

    @Override
    public SessionLog open(String sessionId, LogListener listener) {
        return logs.computeIfAbsent(sessionId, Kept::new);
    }

    @Override
    public boolean durable() {
        return durable;
    }

    @Override
    public List<StoredSession> sessions() {
        return logs.values().stream().map(Kept::stored).toList();
    }

    @Override
    public Optional<StoredSession> session(String sessionId) {
        return Optional.ofNullable(logs.get(sessionId)).map(Kept::stored);
    }

    @Override
    public List<EventRecord> read(String sessionId, long after, int max) {
        return Objects.requireNonNull(logs.get(sessionId)).read(after, max);
    }

    @Override
    public boolean delete(String sessionId) {
        JournalReader told = reader;
        if (told != null) {
            told.deleting(sessionId);
        }
        boolean known = logs.remove(sessionId) != null;
        if (told != null) {
            told.deleted(sessionId);
        }
        return known;
    }

    @Override
    public void close() {}

    private static final class Kept implements SessionLog {
        private final String id;
        private final List<EventRecord> records = new ArrayList<>();
        private long last;

        Kept(String id) {
            this.id = id;
        }

        StoredSession stored() {
            SessionStats stats = new SessionStats(
                    id,
                    0,
                    0,
                    Duration.ZERO,
                    Duration.ZERO,
                    Duration.ZERO,
                    Duration.ZERO,
                    TokenUsage.ZERO,
                    0,
                    0,
                    List.of(),
                    List.of(),
                    null);
            return new StoredSession(
                    new SessionState(
                            spec(id),
                            spec(id),
                            "a",
                            true,
                            1,
                            null,
                            List.of(),
                            stats,
                            newest(),
                            Instant.EPOCH,
                            false,
                            null),
                    oldest(),
                    newest(),
                    0);
        }

        @Override
        public synchronized EventRecord append(@Nullable String turnId, Instant time, AgentEvent event) {
            last++;
            EventRecord record = new EventRecord(id, last, last, turnId, time, event);
            records.add(record);
            return record;
        }

        @Override
        public synchronized List<EventRecord> read(long after, int max) {
            return records.stream()
                    .filter(record -> record.offset() > after)
                    .limit(max)
                    .toList();
        }

        @Override
        public synchronized long oldest() {
            return records.isEmpty() ? last + 1 : records.get(0).offset();
        }

        @Override
        public synchronized long newest() {
            return last;
        }

        @Override
        public void close() {}
    }
}
