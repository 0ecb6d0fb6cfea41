package io.hotplex.journal.jdbc;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.spi.JournalConfig;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Decides what is not kept any more: what is too old, and the oldest of what is too much, in a session or in all; never
 * records of a turn that runs, and never a session's newest record. A closed session whose records are all too old goes
 * as a whole. Works in slices, each short enough for those who wait to be written. Confined to the writer's thread, but
 * for {@link #bytes()}.
 */
final class Retention {
    private static final long SLICE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /** How often every session is looked at; those that grow too large are looked at without that. */
    private static final Duration LONGEST_ROUND = Duration.ofMinutes(1);

    private final JournalConfig.Retention limits;
    private final Clock clock;
    private final Supplier<Collection<JdbcLog>> logs;
    private final Consumer<JdbcLog> forget;
    private final long roundNanos;
    private final Set<JdbcLog> round = new LinkedHashSet<>();
    private long nextRound = System.nanoTime();
    /** Of all records that are kept; written by the thread, read by everybody. */
    private volatile long bytes;

    private long writes;

    /** @param forget hears of sessions that went as a whole */
    Retention(
            JournalConfig.Retention limits, Clock clock, Supplier<Collection<JdbcLog>> logs, Consumer<JdbcLog> forget) {
        this.limits = limits;
        this.clock = clock;
        this.logs = logs;
        this.forget = forget;
        Duration quarter = limits.age().dividedBy(4);
        roundNanos = (quarter.compareTo(LONGEST_ROUND) < 0 ? quarter : LONGEST_ROUND).toNanos();
    }

    /** A record was written. */
    void saw(JdbcLog log, EventRecord record) {
        log.lastWrite = ++writes;
        String turn = record.turnId();
        if (turn != null && record.event() instanceof AgentEvent.TurnStarted) {
            log.running.put(turn, record.offset());
        } else if (turn != null && record.event() instanceof AgentEvent.Terminal) {
            log.running.remove(turn);
        }
    }

    /** Bytes of all records that are kept. */
    long bytes() {
        return bytes;
    }

    /** A session keeps more than before. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes
    void grew(JdbcLog log, long by) {
        log.bytes += by;
        bytes += by;
        if (log.bytes > limits.bytesPerSession() || log.written - log.oldest() >= limits.recordsPerSession()) {
            round.add(log);
        }
    }

    /** A session is gone. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes
    void forgot(JdbcLog log) {
        bytes -= log.bytes;
        log.bytes = 0;
        round.remove(log);
    }

    /** Does a little of what is to be done. */
    void step(Store store) throws SQLException {
        long until = System.nanoTime() + SLICE_NANOS;
        while (bytes > limits.bytes() && System.nanoTime() < until) {
            Optional<JdbcLog> quietest = logs.get().stream()
                    .filter(log -> last(log) >= log.oldest())
                    .min(Comparator.comparingLong(log -> log.lastWrite));
            if (quietest.isEmpty()) {
                break;
            }
            trim(store, quietest.get(), share(quietest.get(), bytes - limits.bytes()));
        }
        if (System.nanoTime() - nextRound >= 0) {
            nextRound = System.nanoTime() + roundNanos;
            round.addAll(logs.get());
            store.forgetDamaged(Store.nanos(clock.instant().minus(limits.age())));
        }
        while (!round.isEmpty() && System.nanoTime() < until) {
            JdbcLog log = round.iterator().next();
            if (look(store, log)) {
                round.remove(log);
            }
        }
    }

    /** Looks at one session; returns whether nothing is left to be done there now. */
    private boolean look(Store store, JdbcLog log) throws SQLException {
        long last = last(log);
        long cutoff = Store.nanos(clock.instant().minus(limits.age()));
        long tooOld = log.written < log.oldest() ? 0 : store.lastBefore(log, cutoff);
        if (tooOld == log.written && log.closed && log.beginErasing()) {
            store.erase(log);
            forgot(log);
            forget.accept(log);
            return true;
        }
        if (last < log.oldest()) {
            return true;
        }
        long tooMany = log.written - limits.recordsPerSession();
        long tooLarge = log.bytes > limits.bytesPerSession() ? share(log, log.bytes - limits.bytesPerSession()) : 0;
        long upTo = Math.min(last, Math.max(tooOld, Math.max(tooMany, tooLarge)));
        if (upTo < log.oldest()) {
            return true;
        }
        trim(store, log, upTo);
        return false;
    }

    /** The last of so many of the oldest records as have about that many bytes, if all are alike. */
    private static long share(JdbcLog log, long tooMany) {
        long records = log.written - log.oldest() + 1;
        double part = Math.min(1, (double) tooMany / Math.max(1, log.bytes));
        return Math.min(last(log), log.oldest() + Math.max(1, (long) (records * part)) - 1);
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes
    private void trim(Store store, JdbcLog log, long last) throws SQLException {
        long upTo = Math.min(last, log.oldest() + Store.SLICE - 1);
        long from = log.oldest();
        log.keepFrom(upTo + 1); // first, lest a reader takes what is gone for damaged
        boolean done = false;
        try {
            long freed = store.trim(log, from, upTo);
            log.bytes = Math.max(0, log.bytes - freed);
            bytes -= freed;
            done = true;
        } finally {
            if (!done) {
                log.keepFrom(from);
            }
        }
        log.drop(upTo);
    }

    /** The last record that may go: before the turns that run, and not the newest. */
    private static long last(JdbcLog log) {
        long running =
                log.running.values().stream().mapToLong(Long::longValue).min().orElse(Long.MAX_VALUE);
        return Math.min(log.written - 1, running - 1);
    }
}
