package io.hotplex.journal.jdbc;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventSchema;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.SessionState;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks through the sessions' rows when a journal is opened. A row has two checksums, of its small columns and of the
 * state. What one of them says is damaged is made anew from what the other vouches for and from the events, which have
 * checksums of their own; what cannot be is put aside into {@code hotplex_damaged}, where nothing reads it. Either way
 * it is told, and every other session is served.
 */
final class Rows {
    private static final Logger log = LoggerFactory.getLogger(Rows.class);

    /** A session as its row tells it. */
    record Row(long key, String id, long oldest, long newest, long bytes, boolean closed) {}

    /**
     * A row with a checksum that does not fit.
     *
     * @param whole whether that is only the one of the state
     * @param state if its checksum fits
     */
    private record Suspect(
            long key,
            @Nullable String id,
            Numbers numbers,
            boolean whole,
            @Nullable SessionState state) {}

    /** What follows from the events. */
    private record Numbers(long oldest, long newest, long bytes) {}

    private final Connection connection;
    private final boolean repair;
    private final List<Row> sound = new ArrayList<>();
    private final Set<String> ids = new HashSet<>();

    private Rows(Connection connection, boolean repair) {
        this.connection = connection;
        this.repair = repair;
    }

    /** Reads all rows, and writes nothing. */
    static List<Row> read(Connection connection) throws SQLException {
        return new Rows(connection, false).judged();
    }

    /**
     * Reads all rows; what is damaged is mended and put aside in the database as well.
     *
     * @param torn whether the last engine did not close the journal: then each row is made to say the same as its
     *     events
     */
    static List<Row> repaired(Connection connection, boolean torn) throws SQLException {
        Rows rows = new Rows(connection, true);
        connection.setAutoCommit(false);
        List<Row> judged = rows.judged();
        List<Row> all = torn ? rows.withTails(judged) : judged;
        connection.commit();
        connection.setAutoCommit(true);
        return all;
    }

    private List<Row> judged() throws SQLException {
        for (Suspect suspect : select()) {
            judge(suspect);
        }
        return sound;
    }

    private List<Row> withTails(List<Row> rows) throws SQLException {
        List<Row> all = new ArrayList<>(rows.size());
        int repaired = 0;
        try (PreparedStatement select =
                connection.prepareStatement("SELECT MAX(seq) FROM hotplex_event WHERE sess = ?")) {
            for (Row row : rows) {
                long last = last(select, row.key);
                Row told = row;
                if (last > row.newest) {
                    repaired++;
                    log.warn("session '{}' has events up to {}, its row said {}", row.id, last, row.newest);
                    told = new Row(row.key, row.id, row.oldest, last, row.bytes, row.closed);
                    write(told);
                } else if (last < row.newest && row.newest >= row.oldest) {
                    repaired++;
                    log.warn(
                            "session '{}' lost its events {} to {}, which read as damaged",
                            row.id,
                            last + 1,
                            row.newest);
                }
                all.add(told);
            }
        }
        log.info("the last engine did not close the journal; sessions that had to be repaired: {}", repaired);
        return all;
    }

    private static long last(PreparedStatement select, long key) throws SQLException {
        select.setLong(1, key);
        try (ResultSet rows = select.executeQuery()) {
            rows.next();
            return rows.getLong(1);
        }
    }

    /** Keeps what is sound, and returns the rest. */
    private List<Suspect> select() throws SQLException {
        List<Suspect> suspects = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement(
                        "SELECT sess, id, oldest, newest, bytes, closed, crc, state, state_crc FROM hotplex_session");
                ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
                long key = rows.getLong(1);
                String id = rows.getString(2);
                Numbers numbers = new Numbers(rows.getLong(3), rows.getLong(4), rows.getLong(5));
                boolean closed = rows.getLong(6) != 0;
                long crc = rows.getLong(7);
                boolean fits = id != null
                        && (rows.wasNull() // of a version that had none
                                ? numbers.oldest >= 1 && numbers.newest >= numbers.oldest - 1
                                : crc == Store.rowCrc(key, id, numbers.oldest, numbers.newest, numbers.bytes, closed));
                byte[] state = rows.getBytes(8);
                long stateCrc = rows.getLong(9);
                boolean stateFits = state == null || rows.wasNull() || stateCrc == Store.stateCrc(key, state);
                if (fits && stateFits) {
                    sound.add(new Row(
                            key, Objects.requireNonNull(id), numbers.oldest, numbers.newest, numbers.bytes, closed));
                    ids.add(id);
                } else {
                    suspects.add(new Suspect(key, id, numbers, fits, stateFits ? state(state) : null));
                }
            }
        }
        return suspects;
    }

    private void judge(Suspect suspect) throws SQLException {
        String id = suspect.id;
        if (suspect.whole && id != null) {
            log.error(
                    "the state of session '{}' is damaged and {}: its events are served, and it goes on when it is opened"
                            + " again, with a new conversation",
                    id,
                    aside());
            withoutState(suspect.key, id, suspect.numbers);
            return;
        }
        SessionState state = suspect.state;
        if (state != null && !ids.contains(state.spec().id())) {
            Numbers numbers = numbers(suspect.key);
            Row row = new Row(
                    suspect.key, state.spec().id(), numbers.oldest, numbers.newest, numbers.bytes, state.closed());
            log.error("the row of session '{}' was damaged; its state and its events say what it was", row.id);
            write(row);
            keep(row);
        } else {
            log.error(
                    "the row of a session is damaged, and nothing vouches for whose it is: it {}. It said '{}'",
                    aside(),
                    id);
            putAside(suspect.key, id);
            update("DELETE FROM hotplex_session WHERE sess = ?", suspect.key);
        }
    }

    private String aside() {
        return repair ? "was put aside" : "is left alone, since the journal is only read from";
    }

    private static @Nullable SessionState state(byte @Nullable [] bytes) {
        if (bytes == null) {
            return null;
        }
        try {
            return Forms.state(bytes);
        } catch (IOException | RuntimeException e) {
            return null;
        }
    }

    /** The session has a name and events; nobody can run what waited in it. */
    private void withoutState(long key, String id, Numbers known) throws SQLException {
        putAside(key, id);
        update("UPDATE hotplex_session SET state = NULL, state_crc = NULL WHERE sess = ?", key);
        Row row = new Row(key, id, known.oldest, endOpenTurns(key, known.newest), known.bytes, true);
        write(row);
        keep(row);
    }

    /** Returns the newest offset after that. */
    private long endOpenTurns(long key, long newest) throws SQLException {
        long last = newest;
        if (!repair) {
            return last;
        }
        List<String> open = new ArrayList<>();
        try (PreparedStatement select =
                connection.prepareStatement("SELECT turn FROM hotplex_turn WHERE sess = ? AND end_seq IS NULL")) {
            select.setLong(1, key);
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    open.add(rows.getString(1));
                }
            }
        }
        for (String turn : open) {
            last++;
            AgentEvent end = new AgentEvent.TurnFailed(
                    ErrorCode.ENGINE_RESTARTED,
                    "the engine ended before the turn did, and what it knew of the session is damaged",
                    ErrorCode.ENGINE_RESTARTED.retryable(),
                    TokenUsage.ZERO,
                    null,
                    Duration.ZERO);
            try (PreparedStatement insert = connection.prepareStatement(Store.INSERT_EVENT)) {
                Store.bind(insert, key, last, now(), turn, end.type(), Json.write(EventSchema.dataOf(end)));
                insert.executeUpdate();
            }
            try (PreparedStatement ended = connection.prepareStatement(
                    "UPDATE hotplex_turn SET end_seq = ?, prompt = NULL WHERE sess = ? AND turn = ?")) {
                ended.setLong(1, last);
                ended.setLong(2, key);
                ended.setString(3, turn);
                ended.executeUpdate();
            }
        }
        return last;
    }

    private Numbers numbers(long key) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement("SELECT MIN(seq), MAX(seq), SUM(LENGTH(body) + "
                + Store.OVERHEAD + ") FROM hotplex_event WHERE sess = ?")) {
            select.setLong(1, key);
            try (ResultSet rows = select.executeQuery()) {
                rows.next();
                long oldest = Math.max(1, rows.getLong(1));
                return new Numbers(oldest, Math.max(oldest - 1, rows.getLong(2)), rows.getLong(3));
            }
        }
    }

    private void keep(Row row) {
        sound.add(row);
        ids.add(row.id);
    }

    private void write(Row row) throws SQLException {
        if (repair) {
            try (PreparedStatement update = connection.prepareStatement(
                    "UPDATE hotplex_session SET id = ?, oldest = ?, newest = ?, bytes = ?, closed = ?, crc = ?"
                            + " WHERE sess = ?")) {
                update.setString(1, row.id);
                update.setLong(2, row.oldest);
                update.setLong(3, row.newest);
                update.setLong(4, row.bytes);
                update.setLong(5, row.closed ? 1 : 0);
                update.setLong(6, Store.rowCrc(row.key, row.id, row.oldest, row.newest, row.bytes, row.closed));
                update.setLong(7, row.key);
                update.executeUpdate();
            }
        }
    }

    /** What is kept of it for people, until it is as old as events may be. */
    private void putAside(long key, @Nullable String id) throws SQLException {
        if (repair) {
            try (PreparedStatement insert =
                    connection.prepareStatement("INSERT INTO hotplex_damaged(found, sess, id, state)"
                            + " SELECT ?, sess, ?, state FROM hotplex_session WHERE sess = ?")) {
                insert.setLong(1, now());
                insert.setString(2, id);
                insert.setLong(3, key);
                insert.executeUpdate();
            }
        }
    }

    private void update(String sql, long key) throws SQLException {
        if (repair) {
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setLong(1, key);
                statement.executeUpdate();
            }
        }
    }

    private static long now() {
        return Store.nanos(Clock.systemUTC().instant());
    }
}
