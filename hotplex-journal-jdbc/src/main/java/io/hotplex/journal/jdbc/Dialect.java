package io.hotplex.journal.jdbc;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.JournalConfig;
import io.hotplex.api.spi.JournalConfig.Acknowledgement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/** What differs between the databases. Immutable. */
enum Dialect {
    SQLITE {
        @Override
        String url(JournalConfig config) {
            return "jdbc:sqlite:" + file(config);
        }

        /**
         * WAL lets readers read while the writer writes. With {@code synchronous=NORMAL} a commit reaches the operating
         * system, with FULL the disk. Pages of {@value #CHECKPOINT_PAGES} go back to the file at once: rare enough to
         * be cheap, often enough to keep the log short.
         */
        @Override
        Connection writer(JournalConfig config) throws SQLException {
            Properties properties = new Properties();
            properties.setProperty("journal_mode", "WAL");
            properties.setProperty(
                    "synchronous", config.acknowledgement() == Acknowledgement.SYNCED ? "FULL" : "NORMAL");
            properties.setProperty("transaction_mode", "IMMEDIATE");
            properties.setProperty("busy_timeout", "5000");
            Connection connection = DriverManager.getConnection(url(config), properties);
            try (Statement statement = connection.createStatement()) {
                statement.execute("PRAGMA wal_autocheckpoint=" + CHECKPOINT_PAGES);
                statement.execute("PRAGMA cache_size=-16384");
                statement.execute("PRAGMA secure_delete=ON"); // deletions are rare, and should be what they say
            }
            return connection;
        }

        /** The lock on the directory does. */
        @Override
        void claim(Connection connection) {}

        @Override
        String readerInit() {
            return "PRAGMA query_only=ON";
        }

        @Override
        boolean damaged(SQLException e) {
            for (Throwable each : e) { // its causes, too
                int code = each instanceof SQLException failure ? failure.getErrorCode() & 0xFF : 0;
                if (code == 11 || code == 26) { // SQLITE_CORRUPT, SQLITE_NOTADB
                    return true;
                }
            }
            return false;
        }

        @Override
        void checkRoom(JournalConfig config) {
            try {
                long room = Files.getFileStore(directory(config)).getUsableSpace();
                if (room < LEAST_ROOM) {
                    throw new HotPlexException(
                            ErrorCode.JOURNAL_UNAVAILABLE,
                            "the journal's disk has " + room + " bytes left (expected: at least " + LEAST_ROOM
                                    + "): make room on it");
                }
            } catch (IOException e) {
                throw new HotPlexException(ErrorCode.JOURNAL_UNAVAILABLE, "the journal's disk cannot be seen: " + e, e);
            }
        }

        /** The log still has the old pages, until it is emptied. */
        @Override
        void afterErasing(Connection connection) throws SQLException {
            execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
        }
    },
    POSTGRESQL {
        @Override
        String url(JournalConfig config) {
            String url = config.url();
            if (url == null || !url.startsWith("jdbc:postgresql:")) {
                throw new HotPlexException(
                        ErrorCode.CONFIG_INVALID,
                        "journal-url: a journal of type postgresql needs one that begins with jdbc:postgresql:");
            }
            return url;
        }

        @Override
        Connection writer(JournalConfig config) throws SQLException {
            Properties properties = new Properties();
            properties.setProperty("reWriteBatchedInserts", "true");
            properties.setProperty("ApplicationName", "hotplex-journal");
            Connection connection = DriverManager.getConnection(url(config), properties);
            try (Statement statement = connection.createStatement()) {
                statement.execute("SET synchronous_commit TO "
                        + (config.acknowledgement() == Acknowledgement.SYNCED ? "on" : "off"));
            }
            return connection;
        }

        @Override
        void claim(Connection connection) throws SQLException {
            Long taken =
                    one(connection, "SELECT CASE WHEN pg_try_advisory_lock(" + ADVISORY_LOCK + ") THEN 1 ELSE 0 END");
            if (taken == null || taken == 0) {
                throw new HotPlexException(
                        ErrorCode.STATE_IN_USE,
                        "the journal's database is in use by another engine: close that one first, or use another");
            }
        }

        @Override
        String readerInit() {
            return "SET default_transaction_read_only TO on";
        }

        @Override
        boolean damaged(SQLException e) {
            return false; // the server's business
        }

        @Override
        void checkRoom(JournalConfig config) {} // the server's business

        @Override
        void afterErasing(Connection connection) {}
    };

    /** With less room the next large batch may not fit any more, nor may what puts the log's pages into the file. */
    private static final long LEAST_ROOM = 1 << 20;

    private static final int CHECKPOINT_PAGES = 4000;

    /** Any number will do, as long as it stays the same. */
    private static final long ADVISORY_LOCK = 7_305_809_155_411_214_194L;

    static Dialect of(JournalConfig config) {
        return config.type().equals("sqlite") ? SQLITE : POSTGRESQL;
    }

    static Path directory(JournalConfig config) {
        return config.directory().resolve("journal");
    }

    static Path file(JournalConfig config) {
        return directory(config).resolve("journal.db");
    }

    /** @throws HotPlexException CONFIG_INVALID */
    abstract String url(JournalConfig config);

    /** A connection that writes; it belongs to one thread. */
    abstract Connection writer(JournalConfig config) throws SQLException;

    /** Keeps others from writing as long as the connection lives. */
    abstract void claim(Connection connection) throws SQLException;

    /** What a connection that only reads begins with. */
    abstract String readerInit();

    /** Whether an error says that the file is damaged. */
    abstract boolean damaged(SQLException e);

    /** @throws HotPlexException JOURNAL_UNAVAILABLE when there is hardly any room left to write to */
    abstract void checkRoom(JournalConfig config);

    /** Takes care that nothing of what was deleted stays beside the tables. */
    abstract void afterErasing(Connection connection) throws SQLException;

    /** The statements that bring a schema from each version to the next. */
    List<List<String>> migrations() {
        String bytes = this == SQLITE ? "BLOB" : "BYTEA";
        return List.of(
                List.of(
                        "CREATE TABLE hotplex_session(sess BIGINT PRIMARY KEY, id VARCHAR(128) NOT NULL UNIQUE,"
                                + " oldest BIGINT NOT NULL, newest BIGINT NOT NULL, bytes BIGINT NOT NULL, closed BIGINT NOT NULL, state "
                                + bytes + ")",
                        "CREATE TABLE hotplex_event(sess BIGINT NOT NULL, seq BIGINT NOT NULL, time BIGINT NOT NULL,"
                                + " turn VARCHAR(64), type VARCHAR(64) NOT NULL, body " + bytes
                                + " NOT NULL, crc BIGINT NOT NULL, PRIMARY KEY(sess, seq))",
                        "CREATE TABLE hotplex_turn(sess BIGINT NOT NULL, turn VARCHAR(64) NOT NULL, client_id " + bytes
                                + ", accepted BIGINT NOT NULL, started BIGINT NOT NULL, end_seq BIGINT, prompt " + bytes
                                + ", PRIMARY KEY(sess, turn))"),
                List.of(
                        "ALTER TABLE hotplex_session ADD COLUMN crc BIGINT",
                        "ALTER TABLE hotplex_session ADD COLUMN state_crc BIGINT",
                        "ALTER TABLE hotplex_turn ADD COLUMN crc BIGINT",
                        // few turns are open; without it a start looks at all that there are
                        "CREATE INDEX hotplex_open ON hotplex_turn(sess) WHERE end_seq IS NULL",
                        "CREATE TABLE hotplex_damaged(found BIGINT NOT NULL, sess BIGINT NOT NULL, id VARCHAR(128), state "
                                + bytes + ")"));
    }

    static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    static @Nullable Long one(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            if (!rows.next()) {
                return null;
            }
            long value = rows.getLong(1);
            return rows.wasNull() ? null : (Long) value;
        }
    }
}
