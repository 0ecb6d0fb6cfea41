package io.hotplex.journal.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.EventSchema;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Prompt;
import io.hotplex.api.TurnResult;
import io.hotplex.api.spi.JournalConfig;
import io.hotplex.api.spi.StoredSession;
import io.hotplex.api.spi.StoredTurn;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was written, for those who read: connections of their own, so that nobody waits for the writer. What cannot be
 * read because it is damaged becomes a {@code raw} event, so that there is no hole. Thread-safe.
 */
final class Archive implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Archive.class);

    /** Readers wait for each other before they ask more of the disk. */
    private static final int CONNECTIONS = 4;

    private static final long CONNECT_MILLIS = 10_000;

    /** Ended turns that are read at most; engines remember fewer client ids. */
    private static final int ENDED_TURNS = 4096;

    /** What their results may have together, newest first; engines remember half of that. */
    private static final long ENDED_BYTES = 2 << 20;

    private final HikariDataSource pool;
    private final Dialect dialect;
    private final Consumer<SQLException> onDamage;

    /** @param onDamage hears, on any thread, that something could not be read because the file is damaged */
    Archive(Dialect dialect, JournalConfig config, Consumer<SQLException> onDamage) {
        this.dialect = dialect;
        this.onDamage = onDamage;
        HikariConfig hikari = new HikariConfig();
        hikari.setPoolName("hotplex-journal");
        hikari.setJdbcUrl(dialect.url(config));
        hikari.setConnectionInitSql(dialect.readerInit());
        hikari.setMaximumPoolSize(CONNECTIONS);
        hikari.setMinimumIdle(1);
        hikari.setConnectionTimeout(CONNECT_MILLIS);
        hikari.setInitializationFailTimeout(-1); // the first reader hears of it
        pool = new HikariDataSource(hikari);
    }

    List<EventRecord> read(JdbcLog session, long from, long to) {
        List<EventRecord> found = new ArrayList<>();
        try (Connection connection = pool.getConnection()) {
            try {
                found = read(connection, session, from, to);
            } catch (SQLException e) {
                found = oneByOne(connection, session, from, to, e);
            }
        } catch (SQLException e) {
            throw failed("events cannot be read", e);
        }
        return found;
    }

    private List<EventRecord> read(Connection connection, JdbcLog session, long from, long to) throws SQLException {
        List<EventRecord> found = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement("SELECT seq, time, turn, type, body, crc"
                + " FROM hotplex_event WHERE sess = ? AND seq >= ? AND seq <= ? ORDER BY seq")) {
            select.setLong(1, session.key);
            select.setLong(2, from);
            select.setLong(3, to);
            try (ResultSet rows = select.executeQuery()) {
                long last = from - 1;
                while (rows.next()) {
                    long offset = rows.getLong(1);
                    if (offset > last && offset <= to) { // else the index found what is not what it says
                        found.add(record(session, rows));
                        last = offset;
                    }
                }
            }
        }
        return found.size() == to - from + 1 ? found : withoutHoles(session, found, from, to);
    }

    /** Tells what is missing from what is not kept any more. */
    private static List<EventRecord> withoutHoles(JdbcLog session, List<EventRecord> found, long from, long to) {
        List<EventRecord> all = new ArrayList<>();
        long next = Math.max(from, session.oldest()); // now, not when they were read
        for (EventRecord record : found) {
            for (; next < record.offset(); next++) {
                all.add(damaged(session, next));
            }
            all.add(record);
            next = record.offset() + 1;
        }
        for (; next <= to; next++) {
            all.add(damaged(session, next));
        }
        return all;
    }

    /** A part of the file is damaged: everything else is served. */
    private List<EventRecord> oneByOne(Connection connection, JdbcLog session, long from, long to, SQLException cause)
            throws SQLException {
        List<EventRecord> found = new ArrayList<>();
        int failures = 0;
        for (long offset = from; offset <= to; offset++) {
            try {
                found.addAll(read(connection, session, offset, offset));
            } catch (SQLException e) {
                failures++;
                noteDamage(e);
                found.add(damaged(session, offset));
            }
        }
        if (failures == to - from + 1) {
            throw cause; // nothing can be read: it is not the records
        }
        return found;
    }

    private static EventRecord record(JdbcLog session, ResultSet rows) throws SQLException {
        long offset = rows.getLong(1);
        long time = rows.getLong(2);
        String turn = rows.getString(3);
        String type = rows.getString(4);
        byte[] body = rows.getBytes(5);
        if (body == null || rows.getLong(6) != Store.crc(session.key, offset, time, turn, type, body)) {
            return damaged(session, Math.max(1, offset));
        }
        try {
            return new EventRecord(
                    session.id, offset, offset, turn, instant(time), EventSchema.eventOf(type, Json.read(body)));
        } catch (IOException | HotPlexException e) {
            return damaged(session, offset);
        }
    }

    private static EventRecord damaged(JdbcLog session, long offset) {
        log.warn("record {} of session '{}' is damaged or missing in the journal", offset, session.id);
        return new EventRecord(
                session.id,
                offset,
                offset,
                null,
                Instant.EPOCH,
                new AgentEvent.Raw("damaged", "this record is damaged or missing in the journal", true));
    }

    private static final String SESSIONS = "SELECT s.id, s.oldest, s.newest, s.state, s.sess, s.state_crc,"
            + " (SELECT COUNT(*) FROM hotplex_turn t WHERE t.sess = s.sess AND t.end_seq IS NULL)"
            + " FROM hotplex_session s WHERE s.state IS NOT NULL";

    List<StoredSession> sessions() {
        try (Connection connection = pool.getConnection();
                PreparedStatement select = connection.prepareStatement(SESSIONS)) {
            return sessions(select);
        } catch (SQLException e) {
            throw failed("sessions cannot be read", e);
        }
    }

    Optional<StoredSession> session(JdbcLog session) {
        try (Connection connection = pool.getConnection();
                PreparedStatement select = connection.prepareStatement(SESSIONS + " AND s.sess = ?")) {
            select.setLong(1, session.key);
            return sessions(select).stream().findFirst();
        } catch (SQLException e) {
            throw failed("a session cannot be read", e);
        }
    }

    private static List<StoredSession> sessions(PreparedStatement select) throws SQLException {
        List<StoredSession> found = new ArrayList<>();
        try (ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
                String id = rows.getString(1);
                try {
                    byte[] state = rows.getBytes(4);
                    long crc = rows.getLong(6);
                    if (!rows.wasNull() && crc != Store.stateCrc(rows.getLong(5), state)) {
                        throw new IOException("its checksum does not fit");
                    }
                    found.add(new StoredSession(Forms.state(state), rows.getLong(2), rows.getLong(3), rows.getInt(7)));
                } catch (IOException | RuntimeException e) {
                    log.error("the state of session '{}' is damaged, it is left alone: {}", id, e.toString());
                }
            }
        }
        return found;
    }

    List<StoredTurn> turns(JdbcLog session) {
        List<StoredTurn> found = new ArrayList<>();
        try (Connection connection = pool.getConnection()) {
            try (PreparedStatement select = connection.prepareStatement(
                    "SELECT turn, client_id, accepted, started, prompt, crc FROM hotplex_turn"
                            + " WHERE sess = ? AND end_seq IS NULL ORDER BY accepted, turn")) {
                select.setLong(1, session.key);
                try (ResultSet rows = select.executeQuery()) {
                    while (rows.next()) {
                        found.add(openTurn(session, rows));
                    }
                }
            }
            List<StoredTurn> ended = endedTurns(connection, session);
            ended.addAll(found);
            return ended;
        } catch (SQLException e) {
            throw failed("turns cannot be read", e);
        }
    }

    private static StoredTurn openTurn(JdbcLog session, ResultSet rows) throws SQLException {
        String turn = rows.getString(1);
        byte[] prompt = rows.getBytes(5);
        long crc = rows.getLong(6);
        boolean checked = !rows.wasNull();
        Prompt read = null;
        try {
            if (prompt != null
                    && checked
                    && crc != Store.turnCrc(session.key, turn, rows.getBytes(2), rows.getLong(3), prompt)) {
                throw new IOException("its checksum does not fit");
            }
            read = prompt == null ? null : Forms.prompt(prompt);
        } catch (IOException | RuntimeException e) {
            log.error("a prompt of session '{}' is damaged, it is lost: {}", session.id, e.toString());
        }
        return new StoredTurn(turn, read, text(rows.getBytes(2)), instant(rows.getLong(3)), rows.getLong(4) != 0, null);
    }

    private List<StoredTurn> endedTurns(Connection connection, JdbcLog session) throws SQLException {
        List<StoredTurn> found = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement(
                "SELECT e.seq, e.time, e.turn, e.type, e.body, e.crc, t.client_id, t.accepted"
                        + " FROM hotplex_turn t JOIN hotplex_event e ON e.sess = t.sess AND e.seq = t.end_seq"
                        + " WHERE t.sess = ? AND t.end_seq IS NOT NULL ORDER BY t.accepted DESC, t.turn DESC LIMIT "
                        + ENDED_TURNS)) {
            select.setLong(1, session.key);
            try (ResultSet rows = select.executeQuery()) {
                long bytes = 0;
                while (bytes < ENDED_BYTES && rows.next()) {
                    EventRecord record = record(session, rows);
                    bytes += record.event().weight();
                    if (record.event() instanceof AgentEvent.Terminal end && record.turnId() != null) {
                        TurnResult result = new TurnResult(session.id, record.turnId(), record.offset(), end);
                        found.add(new StoredTurn(
                                record.turnId(), null, text(rows.getBytes(7)), instant(rows.getLong(8)), true, result));
                    }
                }
            }
        }
        Collections.reverse(found);
        return found;
    }

    private HotPlexException failed(String what, SQLException e) {
        noteDamage(e);
        return unavailable(what, e);
    }

    private void noteDamage(SQLException e) {
        if (dialect.damaged(e)) {
            onDamage.accept(e);
        }
    }

    static HotPlexException unavailable(String what, SQLException e) {
        return new HotPlexException(ErrorCode.JOURNAL_UNAVAILABLE, "the journal's " + what + ": " + e.getMessage(), e);
    }

    private static @Nullable String text(byte @Nullable [] bytes) {
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }

    private static Instant instant(long nanos) {
        return Instant.ofEpochSecond(Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L));
    }

    @Override
    public void close() {
        pool.close();
    }
}
