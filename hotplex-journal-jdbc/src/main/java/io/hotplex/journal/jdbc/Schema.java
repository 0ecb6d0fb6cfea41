package io.hotplex.journal.jdbc;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;

/** Brings a database to the version of this code, one step after the other, each in a transaction. */
final class Schema {
    private Schema() {}

    /** @throws HotPlexException JOURNAL_INCOMPATIBLE when a newer version was here */
    static void migrate(Dialect dialect, Connection connection) throws SQLException {
        List<List<String>> steps = dialect.migrations();
        connection.setAutoCommit(true);
        Dialect.execute(
                connection,
                "CREATE TABLE IF NOT EXISTS hotplex_meta(name VARCHAR(64) PRIMARY KEY, value BIGINT NOT NULL)");
        int version = version(connection, steps.size());
        connection.setAutoCommit(false);
        for (int step = version; step < steps.size(); step++) {
            for (String statement : steps.get(step)) {
                Dialect.execute(connection, statement);
            }
            set(connection, "schema", step + 1);
            connection.commit();
        }
    }

    /** @throws HotPlexException JOURNAL_INCOMPATIBLE when it is newer, or too old to be only read from */
    static void check(Dialect dialect, Connection connection) throws SQLException {
        int known = dialect.migrations().size();
        if (version(connection, known) < known) {
            throw new HotPlexException(
                    ErrorCode.JOURNAL_INCOMPATIBLE,
                    "the journal was written by an older version: open it with an engine once, which brings it up to date");
        }
    }

    private static int version(Connection connection, int known) throws SQLException {
        Long stored = Dialect.one(connection, "SELECT value FROM hotplex_meta WHERE name = 'schema'");
        if (stored != null && stored > known) {
            throw new HotPlexException(
                    ErrorCode.JOURNAL_INCOMPATIBLE,
                    "the journal has schema " + stored + ", this version knows up to " + known
                            + ": use the version that wrote it, or a newer one");
        }
        return stored == null ? 0 : stored.intValue();
    }

    /** Takes the journal: whoever took it before cannot write any more. Returns the new epoch. */
    static long take(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        Long last = Dialect.one(connection, "SELECT value FROM hotplex_meta WHERE name = 'epoch'");
        long epoch = last == null ? 1 : last + 1;
        set(connection, "epoch", epoch);
        connection.commit();
        return epoch;
    }

    /** Whether the last engine closed the journal itself. */
    static boolean clean(Connection connection) throws SQLException {
        Long clean = Dialect.one(connection, "SELECT value FROM hotplex_meta WHERE name = 'clean'");
        return clean == null || clean == 1;
    }

    static void set(Connection connection, String name, long value) throws SQLException {
        try (PreparedStatement set = connection.prepareStatement("INSERT INTO hotplex_meta(name, value) VALUES (?, ?)"
                + " ON CONFLICT (name) DO UPDATE SET value = excluded.value")) {
            set.setString(1, name);
            set.setLong(2, value);
            set.executeUpdate();
        }
    }
}
