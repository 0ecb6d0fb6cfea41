package io.hotplex.journal.jdbc;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.EventSchema;
import io.hotplex.api.spi.SessionState;
import io.hotplex.api.spi.StoredTurn;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** The statements that write. Each method is one transaction, or a part of one; confined to the writer's thread. */
final class Store {
    /** Records that one statement deletes: so that what waits to be written does not wait for long. */
    static final int SLICE = 1000;

    /** What a record takes besides its body. */
    private static final long OVERHEAD = 64;

    private final Connection connection;
    private final long epoch;

    /** @param epoch what the journal's row said when this engine took it */
    Store(Connection connection, long epoch) {
        this.connection = connection;
        this.epoch = epoch;
    }

    /** A newer engine took the journal; this one must not write any more. */
    static final class FencedException extends SQLException {
        private static final long serialVersionUID = 1L;

        FencedException() {
            super("another engine took the journal over");
        }
    }

    /** How a batch changes what the journal remembers of a log; applied when it is committed. */
    static final class Change {
        long newest;
        long bytes;

        @Nullable
        SessionState state;
    }

    /**
     * Writes a batch.
     *
     * @param again whether it may have been written already, when it seemed to fail
     */
    Map<JdbcLog, Change> write(List<Entry> batch, boolean again) throws SQLException {
        Map<JdbcLog, Change> changes = new LinkedHashMap<>();
        connection.setAutoCommit(false);
        try {
            fence();
            String twice = again ? " ON CONFLICT DO NOTHING" : ""; // otherwise a conflict is a defect, and should fail
            events(batch, changes, twice);
            turns(batch);
            sessions(batch, changes, twice);
            connection.commit();
        } catch (SQLException | RuntimeException e) {
            rollback(e);
            throw e;
        }
        return changes;
    }

    private void fence() throws SQLException {
        Long now = Dialect.one(connection, "SELECT value FROM hotplex_meta WHERE name = 'epoch'");
        if (now == null || now != epoch) {
            throw new FencedException();
        }
    }

    private void events(List<Entry> batch, Map<JdbcLog, Change> changes, String twice) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(
                "INSERT INTO hotplex_event(sess, seq, time, turn, type, body, crc) VALUES (?, ?, ?, ?, ?, ?, ?)"
                        + twice)) {
            boolean some = false;
            for (Entry entry : batch) {
                if (entry instanceof Entry.Event event) {
                    EventRecord record = event.record();
                    byte[] body = Json.write(EventSchema.dataOf(record.event()));
                    long time = nanos(record.time());
                    String type = record.event().type();
                    insert.setLong(1, event.log().key);
                    insert.setLong(2, record.offset());
                    insert.setLong(3, time);
                    insert.setString(4, record.turnId());
                    insert.setString(5, type);
                    insert.setBytes(6, body);
                    insert.setLong(7, crc(event.log().key, record.offset(), time, record.turnId(), type, body));
                    insert.addBatch();
                    some = true;
                    Change change = changes.computeIfAbsent(event.log(), log -> new Change());
                    change.newest = record.offset();
                    change.bytes += body.length + OVERHEAD;
                }
            }
            if (some) {
                insert.executeBatch();
            }
        }
    }

    private void turns(List<Entry> batch) throws SQLException {
        try (PreparedStatement accept = connection.prepareStatement(
                        "INSERT INTO hotplex_turn(sess, turn, client_id, accepted, started, prompt)"
                                + " VALUES (?, ?, ?, ?, 0, ?) ON CONFLICT (sess, turn) DO NOTHING");
                PreparedStatement start = connection.prepareStatement(
                        "INSERT INTO hotplex_turn(sess, turn, accepted, started) VALUES (?, ?, ?, 1)"
                                + " ON CONFLICT (sess, turn) DO UPDATE SET started = 1");
                PreparedStatement end = connection.prepareStatement(
                        "UPDATE hotplex_turn SET end_seq = ?, prompt = NULL WHERE sess = ? AND turn = ?");
                PreparedStatement forget = connection.prepareStatement(
                        "DELETE FROM hotplex_turn WHERE sess = ? AND turn = ? AND prompt IS NULL AND end_seq IS NULL")) {
            for (Entry entry : batch) {
                if (entry instanceof Entry.Turn turn) {
                    accept(accept, turn);
                } else if (entry instanceof Entry.Event event && event.record().turnId() != null) {
                    EventRecord record = event.record();
                    if (record.event() instanceof AgentEvent.TurnStarted) {
                        start.setLong(1, event.log().key);
                        start.setString(2, record.turnId());
                        start.setLong(3, nanos(record.time()));
                        start.executeUpdate();
                    } else if (record.event() instanceof AgentEvent.Terminal) {
                        forget.setLong(1, event.log().key); // the agent's own, which nobody looks up
                        forget.setString(2, record.turnId());
                        forget.executeUpdate();
                        end.setLong(1, record.offset());
                        end.setLong(2, event.log().key);
                        end.setString(3, record.turnId());
                        end.executeUpdate();
                    }
                }
            }
        }
    }

    private static void accept(PreparedStatement accept, Entry.Turn entry) throws SQLException {
        StoredTurn turn = entry.turn();
        accept.setLong(1, entry.log().key);
        accept.setString(2, turn.turnId());
        if (turn.clientId() == null) {
            accept.setNull(3, Types.BINARY);
        } else {
            accept.setBytes(3, turn.clientId().getBytes(StandardCharsets.UTF_8));
        }
        accept.setLong(4, nanos(turn.acceptedAt()));
        if (turn.prompt() == null) {
            accept.setNull(5, Types.BINARY);
        } else {
            accept.setBytes(5, Forms.prompt(turn.prompt()));
        }
        accept.executeUpdate();
    }

    private void sessions(List<Entry> batch, Map<JdbcLog, Change> changes, String twice) throws SQLException {
        Set<JdbcLog> touched = new LinkedHashSet<>(changes.keySet());
        for (Entry entry : batch) {
            if (entry instanceof Entry.Kept kept) {
                touched.add(kept.log());
            }
            if (entry instanceof Entry.State saved) {
                changes.computeIfAbsent(saved.log(), log -> new Change()).state = saved.state();
            }
        }
        try (PreparedStatement insert = connection.prepareStatement(
                        "INSERT INTO hotplex_session(sess, id, oldest, newest, bytes, closed) VALUES (?, ?, 1, 0, 0, 0)"
                                + twice);
                PreparedStatement update =
                        connection.prepareStatement("UPDATE hotplex_session SET newest = ?, bytes = ? WHERE sess = ?");
                PreparedStatement state = connection.prepareStatement(
                        "UPDATE hotplex_session SET state = ?, closed = ? WHERE sess = ?")) {
            for (JdbcLog log : touched) {
                if (!log.stored) {
                    insert.setLong(1, log.key);
                    insert.setString(2, log.id);
                    insert.executeUpdate();
                }
                Change change = changes.computeIfAbsent(log, l -> new Change());
                if (change.newest > 0) {
                    update.setLong(1, change.newest);
                    update.setLong(2, log.bytes + change.bytes);
                    update.setLong(3, log.key);
                    update.executeUpdate();
                }
                if (change.state != null) {
                    state.setBytes(1, Forms.state(change.state));
                    state.setLong(2, change.state.closed() ? 1 : 0);
                    state.setLong(3, log.key);
                    state.executeUpdate();
                }
            }
        }
    }

    /** Writes something that means nothing. */
    boolean probe() throws SQLException {
        connection.setAutoCommit(false);
        try {
            fence();
            Schema.set(connection, "probe", System.nanoTime()); // not what it was, or nothing would be written
            connection.commit();
            return true;
        } catch (SQLException e) {
            rollback(e);
            throw e;
        }
    }

    /** Deletes everything of a session; returns whether there was something. */
    boolean erase(JdbcLog log) throws SQLException {
        boolean found = false;
        while (deleteUpTo(log.key, Long.MAX_VALUE) > 0) {
            found = true;
        }
        connection.setAutoCommit(false);
        try {
            fence();
            update("DELETE FROM hotplex_turn WHERE sess = ?", log.key);
            found |= update("DELETE FROM hotplex_session WHERE sess = ?", log.key) > 0;
            connection.commit();
        } catch (SQLException e) {
            rollback(e);
            throw e;
        }
        return found;
    }

    /**
     * Deletes the oldest records and what points to them.
     *
     * @return the bytes that they had
     */
    long trim(JdbcLog log, long from, long upTo) throws SQLException {
        connection.setAutoCommit(false);
        try {
            fence();
            long freed = query(
                    "SELECT COALESCE(SUM(LENGTH(body) + " + OVERHEAD
                            + "), 0) FROM hotplex_event WHERE sess = ? AND seq >= ? AND seq <= ?",
                    log.key,
                    from,
                    upTo);
            update("DELETE FROM hotplex_event WHERE sess = ? AND seq <= ?", log.key, upTo);
            update("DELETE FROM hotplex_turn WHERE sess = ? AND end_seq <= ?", log.key, upTo);
            update(
                    "UPDATE hotplex_session SET oldest = ?, bytes = ? WHERE sess = ?",
                    upTo + 1,
                    Math.max(0, log.bytes - freed),
                    log.key);
            connection.commit();
            return freed;
        } catch (SQLException e) {
            rollback(e);
            throw e;
        }
    }

    /** The newest of a slice of the oldest records that are older than a time; 0 when the oldest is not. */
    long lastBefore(JdbcLog log, long time) throws SQLException {
        connection.setAutoCommit(true);
        long from = log.oldest();
        return query(
                "SELECT COALESCE(MAX(seq), 0) FROM hotplex_event WHERE sess = ? AND seq >= ? AND seq < ? AND time < ?",
                log.key,
                from,
                from + SLICE,
                time);
    }

    private int deleteUpTo(long key, long last) throws SQLException {
        connection.setAutoCommit(false);
        try {
            fence();
            int deleted = update(
                    "DELETE FROM hotplex_event WHERE sess = ? AND seq IN"
                            + " (SELECT seq FROM hotplex_event WHERE sess = ? AND seq <= ? ORDER BY seq LIMIT " + SLICE
                            + ")",
                    key,
                    key,
                    last);
            connection.commit();
            return deleted;
        } catch (SQLException e) {
            rollback(e);
            throw e;
        }
    }

    private int update(String sql, long... values) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            bind(statement, values);
            return statement.executeUpdate();
        }
    }

    private long query(String sql, long... values) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            bind(statement, values);
            try (var rows = statement.executeQuery()) {
                rows.next();
                return rows.getLong(1);
            }
        }
    }

    private static void bind(PreparedStatement statement, long... values) throws SQLException {
        for (int i = 0; i < values.length; i++) {
            statement.setLong(i + 1, values[i]);
        }
    }

    private void rollback(Exception cause) {
        try {
            connection.rollback();
        } catch (SQLException e) {
            cause.addSuppressed(e);
        }
    }

    /** Enough for some centuries. */
    static long nanos(Instant time) {
        return time.getEpochSecond() * 1_000_000_000L + time.getNano();
    }

    static long crc(long key, long offset, long time, @Nullable String turn, String type, byte[] body) {
        CRC32C crc = new CRC32C();
        crc.update((key + "|" + offset + "|" + time + "|" + turn + "|" + type + "|").getBytes(StandardCharsets.UTF_8));
        crc.update(body);
        return crc.getValue();
    }
}
