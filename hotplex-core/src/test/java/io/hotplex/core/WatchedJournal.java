package io.hotplex.core;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.LogListener;
import io.hotplex.api.spi.SessionLog;
import java.time.Instant;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A journal in memory that a test looks into, and may break.
 *
 * @param onAppend runs before each append
 * @param onRead hears how many records a reader asks for
 */
record WatchedJournal(MemoryJournal memory, Runnable onAppend, IntConsumer onRead) implements Journal {
    WatchedJournal(Runnable onAppend, IntConsumer onRead) {
        this(new MemoryJournal(1 << 20, 1 << 20), onAppend, onRead);
    }

    @Override
    public SessionLog open(String sessionId, LogListener listener) {
        SessionLog log = memory.open(sessionId, listener);
        return new SessionLog() {
            @Override
            public EventRecord append(@Nullable String turnId, Instant time, AgentEvent event) {
                onAppend.run();
                return log.append(turnId, time, event);
            }

            @Override
            public List<EventRecord> read(long after, int max) {
                onRead.accept(max);
                return log.read(after, max);
            }

            @Override
            public long oldest() {
                return log.oldest();
            }

            @Override
            public long newest() {
                return log.newest();
            }

            @Override
            public void close() {
                log.close();
            }
        };
    }

    @Override
    public void close() {
        memory.close();
    }
}
