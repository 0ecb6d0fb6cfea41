package io.hotplex.core;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Prompt;
import io.hotplex.api.TurnResult;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.LogListener;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.api.spi.SessionState;
import io.hotplex.api.spi.StoredSession;
import io.hotplex.api.spi.StoredTurn;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A durable journal without a disk: closing it loses nothing. Readers see nothing while {@code held}. Guarded by its
 * monitor.
 */
final class KeptJournal implements Journal {
    private final Map<String, Log> logs = new LinkedHashMap<>();
    private boolean held;
    private boolean backlogged;
    private boolean lost;

    /** From now on nothing is safe, until {@link #release()}. */
    synchronized void hold() {
        held = true;
    }

    void release() {
        List<Log> all;
        synchronized (this) {
            held = false;
            all = new ArrayList<>(logs.values());
        }
        all.forEach(Log::makeReadable);
    }

    /** Another engine has it from now on. */
    void lose() {
        List<Log> all;
        synchronized (this) {
            lost = true;
            all = new ArrayList<>(logs.values());
        }
        all.forEach(log -> log.listener.lost());
    }

    @Override
    public synchronized void checkWritable() {
        if (lost) {
            throw new HotPlexException(ErrorCode.STATE_IN_USE, "lost");
        }
    }

    /** Whether logs say that too much waits; when not any more, they are told. */
    void backlogged(boolean value) {
        List<Log> all;
        synchronized (this) {
            backlogged = value;
            all = new ArrayList<>(logs.values());
        }
        if (!value) {
            all.forEach(log -> log.listener.relieved());
        }
    }

    /** The sessions whose logs somebody writes. */
    synchronized List<String> openLogs() {
        return logs.values().stream().filter(log -> log.open).map(log -> log.id).toList();
    }

    @Override
    public synchronized SessionLog open(String sessionId, LogListener listener) {
        checkWritable();
        Log log = logs.computeIfAbsent(sessionId, Log::new);
        log.listener = listener;
        log.open = true;
        return log;
    }

    @Override
    public boolean durable() {
        return true;
    }

    @Override
    public synchronized List<StoredSession> sessions() {
        return logs.values().stream().map(Log::stored).flatMap(Optional::stream).toList();
    }

    @Override
    public synchronized Optional<StoredSession> session(String sessionId) {
        Log log = logs.get(sessionId);
        return log == null ? Optional.empty() : log.stored();
    }

    @Override
    public synchronized List<StoredTurn> turns(String sessionId) {
        Log log = logs.get(sessionId);
        return log == null ? List.of() : List.copyOf(log.turns.values());
    }

    @Override
    public synchronized boolean delete(String sessionId) {
        return logs.remove(sessionId) != null;
    }

    @Override
    public void close() {
        // nothing is lost
    }

    private final class Log implements SessionLog {
        private final String id;
        private final List<EventRecord> records = new ArrayList<>();
        private final Map<String, StoredTurn> turns = new LinkedHashMap<>();
        private final List<Runnable> unsafe = new ArrayList<>();
        private LogListener listener = LogListener.NONE;
        private @Nullable SessionState state;
        private boolean open;
        private int readable;

        Log(String id) {
            this.id = id;
        }

        Optional<StoredSession> stored() {
            return state == null
                    ? Optional.empty()
                    : Optional.of(new StoredSession(state, 1, records.size(), (int) turns.values().stream()
                            .filter(t -> t.result() == null)
                            .count()));
        }

        @Override
        public EventRecord append(@Nullable String turnId, Instant time, AgentEvent event) {
            EventRecord record;
            synchronized (KeptJournal.this) {
                if (!open) {
                    throw new IllegalStateException("closed");
                }
                long offset = records.size() + 1L;
                record = new EventRecord(id, offset, offset, turnId, time, event);
                records.add(record);
                if (turnId != null) {
                    note(turnId, record);
                }
            }
            makeReadable();
            return record;
        }

        private void note(String turnId, EventRecord record) {
            StoredTurn known = turns.get(turnId);
            Prompt prompt = known == null ? null : known.prompt();
            String clientId = known == null ? null : known.clientId();
            if (record.event() instanceof AgentEvent.TurnStarted) {
                turns.put(turnId, new StoredTurn(turnId, prompt, clientId, record.time(), true, null));
            } else if (record.event() instanceof AgentEvent.Terminal end) {
                TurnResult result = new TurnResult(id, turnId, record.offset(), end);
                turns.put(turnId, new StoredTurn(turnId, null, clientId, record.time(), true, result));
            }
        }

        private void makeReadable() {
            List<Runnable> safe;
            int newest;
            synchronized (KeptJournal.this) {
                if (held || lost) {
                    return;
                }
                readable = records.size();
                newest = readable;
                safe = List.copyOf(unsafe);
                unsafe.clear();
            }
            safe.forEach(Runnable::run);
            listener.readable(newest);
        }

        @Override
        public void save(SessionState next) {
            synchronized (KeptJournal.this) {
                state = next;
            }
        }

        @Override
        public void accept(StoredTurn turn, Runnable onSafe) {
            checkWritable();
            synchronized (KeptJournal.this) {
                turns.put(turn.turnId(), turn);
                unsafe.add(onSafe);
            }
            makeReadable();
        }

        @Override
        public boolean backlogged() {
            synchronized (KeptJournal.this) {
                return backlogged;
            }
        }

        @Override
        public List<EventRecord> read(long after, int max) {
            synchronized (KeptJournal.this) {
                int from = (int) after;
                return from >= readable
                        ? List.of()
                        : List.copyOf(records.subList(from, Math.min(readable, from + max)));
            }
        }

        @Override
        public long oldest() {
            return 1;
        }

        @Override
        public long newest() {
            synchronized (KeptJournal.this) {
                return readable;
            }
        }

        @Override
        public void close() {
            synchronized (KeptJournal.this) {
                open = false;
            }
        }
    }
}
