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
    static final long OVERHEAD = 64;

    private static final String UPDATE_SESSION =
            "UPDATE hotplex_session SET oldest = ?, newest = ?, bytes = ?, closed = ?, crc = ? WHERE sess = ?";

    static final String INSERT_EVENT =
            "INSERT INTO hotplex_event(sess, seq, time, turn, type, body, crc) VALUES (?, ?, ?, ?, ?, ?, ?)";

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

    /**
     * Looks whether the journal is still this engine's, and writes nothing.
     *
     * @throws FencedException when it is not
     */
    boolean look() throws SQLException {
        connection.setAutoCommit(true);
        fence();
        return true;
    }

    private void fence() throws SQLException {
        Long now = Dialect.one(connection, "SELECT value FROM hotplex_meta WHERE name = 'epoch'");
        if (now == null || now != epoch) {
            throw new FencedException();
        }
    }

    private void events(List<Entry> batch, Map<JdbcLog, Change> changes, String twice) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(INSERT_EVENT + twice)) {
            boolean some = false;
            for (Entry entry : batch) {
                if (entry instanceof Entry.Event event) {
                    EventRecord record = event.record();
                    byte[] body = Json.write(EventSchema.dataOf(record.event()));
                    bind(
                            insert,
                            event.log().key,
                            record.offset(),
                            nanos(record.time()),
                            record.turnId(),
                            record.event().type(),
                            body);
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

    /** Sets what {@link #INSERT_EVENT} inserts. */
    static void bind(
            PreparedStatement insert, long key, long offset, long time, @Nullable String turn, String type, byte[] body)
            throws SQLException {
        insert.setLong(1, key);
        insert.setLong(2, offset);
        insert.setLong(3, time);
        insert.setString(4, turn);
        insert.setString(5, type);
        insert.setBytes(6, body);
        insert.setLong(7, crc(key, offset, time, turn, type, body));
    }

    private void turns(List<Entry> batch) throws SQLException {
        try (PreparedStatement accept = connection.prepareStatement(
                        "INSERT INTO hotplex_turn(sess, turn, client_id, accepted, started, prompt, crc)"
                                + " VALUES (?, ?, ?, ?, 0, ?, ?) ON CONFLICT (sess, turn) DO NOTHING");
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
        byte[] clientId = turn.clientId() == null ? null : turn.clientId().getBytes(StandardCharsets.UTF_8);
        byte[] prompt = turn.prompt() == null ? null : Forms.prompt(turn.prompt());
        long at = nanos(turn.acceptedAt());
        accept.setLong(1, entry.log().key);
        accept.setString(2, turn.turnId());
        bytes(accept, 3, clientId);
        accept.setLong(4, at);
        bytes(accept, 5, prompt);
        accept.setLong(6, turnCrc(entry.log().key, turn.turnId(), clientId, at, prompt));
        accept.executeUpdate();
    }

    private static void bytes(PreparedStatement statement, int column, byte @Nullable [] value) throws SQLException {
        if (value == null) {
            statement.setNull(column, Types.BINARY);
        } else {
            statement.setBytes(column, value);
        }
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
                        "INSERT INTO hotplex_session(sess, id, oldest, newest, bytes, closed, crc)"
                                + " VALUES (?, ?, 1, 0, 0, 0, ?)" + twice);
                PreparedStatement update = connection.prepareStatement(UPDATE_SESSION);
                PreparedStatement state = connection.prepareStatement(
                        "UPDATE hotplex_session SET state = ?, state_crc = ? WHERE sess = ?")) {
            for (JdbcLog log : touched) {
                if (!log.stored) {
                    insert.setLong(1, log.key);
                    insert.setString(2, log.id);
                    insert.setLong(3, rowCrc(log.key, log.id, 1, 0, 0, false));
                    insert.executeUpdate();
                }
                Change change = changes.computeIfAbsent(log, l -> new Change());
                SessionState saved = change.state;
                if (change.newest > 0 || saved != null) {
                    boolean closed = saved == null ? log.closed : saved.closed();
                    long newest = Math.max(change.newest, log.written);
                    row(update, log, log.oldest(), newest, log.bytes + change.bytes, closed);
                }
                if (saved != null) {
                    byte[] form = Forms.state(saved);
                    state.setBytes(1, form);
                    state.setLong(2, stateCrc(log.key, form));
                    state.setLong(3, log.key);
                    state.executeUpdate();
                }
            }
        }
    }

    /** Writes the small columns of a session's row, all of them: one checksum stands for all. */
    private static void row(PreparedStatement update, JdbcLog log, long oldest, long newest, long bytes, boolean closed)
            throws SQLException {
        update.setLong(1, oldest);
        update.setLong(2, newest);
        update.setLong(3, bytes);
        update.setLong(4, closed ? 1 : 0);
        update.setLong(5, rowCrc(log.key, log.id, oldest, newest, bytes, closed));
        update.setLong(6, log.key);
        update.executeUpdate();
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
            update("DELETE FROM hotplex_damaged WHERE sess = ?", log.key);
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
            try (PreparedStatement row = connection.prepareStatement(UPDATE_SESSION)) {
                row(row, log, upTo + 1, log.written, Math.max(0, log.bytes - freed), log.closed);
            }
            connection.commit();
            return freed;
        } catch (SQLException e) {
            rollback(e);
            throw e;
        }
    }

    /** Deletes what was put aside before a time, and what is left of sessions that nobody can name. */
    void forgetDamaged(long before) throws SQLException {
        connection.setAutoCommit(true);
        if (query("SELECT COUNT(*) FROM hotplex_damaged WHERE found < ?", before) == 0) {
            return;
        }
        connection.setAutoCommit(false);
        try {
            fence();
            String nameless = " WHERE sess IN (SELECT sess FROM hotplex_damaged WHERE found < ?)"
                    + " AND sess NOT IN (SELECT sess FROM hotplex_session)";
            update("DELETE FROM hotplex_event" + nameless, before);
            update("DELETE FROM hotplex_turn" + nameless, before);
            update("DELETE FROM hotplex_damaged WHERE found < ?", before);
            connection.commit();
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

    /** Of the small columns of a session's row. */
    static long rowCrc(long key, String id, long oldest, long newest, long bytes, boolean closed) {
        CRC32C crc = new CRC32C();
        crc.update((key + "|" + oldest + "|" + newest + "|" + bytes + "|" + closed + "|" + id)
                .getBytes(StandardCharsets.UTF_8));
        return crc.getValue();
    }

    static long stateCrc(long key, byte[] state) {
        CRC32C crc = new CRC32C();
        crc.update((key + "|").getBytes(StandardCharsets.UTF_8));
        crc.update(state);
        return crc.getValue();
    }

    /** Of an accepted prompt. */
    static long turnCrc(long key, String turn, byte @Nullable [] clientId, long accepted, byte @Nullable [] prompt) {
        CRC32C crc = new CRC32C();
        crc.update((key + "|" + turn + "|" + accepted + "|").getBytes(StandardCharsets.UTF_8));
        crc.update(clientId == null ? new byte[0] : clientId);
        crc.update('|');
        crc.update(prompt == null ? new byte[0] : prompt);
        return crc.getValue();
    }

    static long crc(long key, long offset, long time, @Nullable String turn, String type, byte[] body) {
        CRC32C crc = new CRC32C();
        crc.update((key + "|" + offset + "|" + time + "|" + turn + "|" + type + "|").getBytes(StandardCharsets.UTF_8));
        crc.update(body);
        return crc.getValue();
    }
}
