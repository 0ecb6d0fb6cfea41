package io.hotplex.core;

import io.hotplex.api.JournalStats;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.LogListener;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.core.internal.event.JournalBudget;
import io.hotplex.core.internal.event.MemoryLog;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * A journal in memory, bounded in bytes. When a session holds more than it may, its oldest records go; when all
 * sessions together do, those go that are oldest in the journal. A log's newest record always stays.
 *
 * <p>Closing a log makes the journal forget it: those who hold the log can read on, but its bytes are not counted any
 * more, and opening the same session again begins a new log at offset 1.
 *
 * <p>Thread-safe. Readers take no lock and never delay a writer.
 */
public final class MemoryJournal implements Journal {
    private final long maxBytesPerSession;
    private final JournalBudget budget;
    private final ConcurrentMap<String, MemoryLog> logs = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /**
     * @param maxBytes how much all sessions hold together, as {@link io.hotplex.api.AgentEvent#weight()} counts
     * @param maxBytesPerSession how much one session holds
     */
    public MemoryJournal(long maxBytes, long maxBytesPerSession) {
        if (maxBytesPerSession < 1 || maxBytes < maxBytesPerSession) {
            throw new IllegalArgumentException("bytes: " + maxBytesPerSession + " per session, " + maxBytes
                    + " in all (expected: 1 <= per session <= in all)");
        }
        this.maxBytesPerSession = maxBytesPerSession;
        this.budget = new JournalBudget(maxBytes);
    }

    /** A journal with the bounds {@code journal-max-bytes} and {@code journal-max-bytes-per-session}. */
    public static MemoryJournal of(EngineConfig config) {
        return new MemoryJournal(
                config.get(EngineConfig.JOURNAL_MAX_BYTES), config.get(EngineConfig.JOURNAL_MAX_BYTES_PER_SESSION));
    }

    @Override
    public SessionLog open(String sessionId, LogListener listener) {
        if (closed) {
            throw new IllegalStateException("the journal is closed");
        }
        return logs.computeIfAbsent(
                sessionId, id -> new MemoryLog(id, maxBytesPerSession, budget, listener, log -> logs.remove(id, log)));
    }

    /** What all open logs hold, as {@link io.hotplex.api.AgentEvent#weight()} counts. */
    public long bytes() {
        return budget.bytes();
    }

    @Override
    public JournalStats stats() {
        return new JournalStats(bytes(), 0, Duration.ZERO);
    }

    @Override
    public void close() {
        closed = true;
        List.copyOf(logs.values()).forEach(MemoryLog::close);
    }
}
