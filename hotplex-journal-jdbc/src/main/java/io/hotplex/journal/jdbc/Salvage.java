package io.hotplex.journal.jdbc;

import io.hotplex.api.spi.JournalConfig;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Repairs what an unclean end or a bad disk left. A file that is damaged as a whole is put aside, and what can be read
 * of it goes into a new one; nothing of the old file is deleted.
 */
final class Salvage {
    private static final Logger log = LoggerFactory.getLogger(Salvage.class);

    /** Failures in a row, with nothing new between them, before the rest of a table counts as lost. */
    private static final int MAX_FAILURES = 1_000;

    /** SQLite's code for a disk that cannot be read. */
    private static final int IO_ERROR = 10;

    /** For a damaged file. */
    private static final int CORRUPT = 11;

    /** And for one that never was a database, as far as one can see. */
    private static final int NO_DATABASE = 26;

    /**
     * Those that tell of the machine and not of the file, so that another start may fare better: no permission,
     * aborted, busy, locked, no memory, read-only, interrupted, full, cannot be opened, locking failed.
     */
    private static final Set<Integer> OF_THE_MACHINE = Set.of(3, 4, 5, 6, 7, 8, 9, 13, 14, 15);

    /** What SQLite's check says of a page that it could not read, the second form of one beside the trees. */
    private static final Pattern UNREADABLE =
            Pattern.compile("unable to get the page\\. error code=(\\d{1,9})|failed to get page");

    /** Larger files are not looked through at every start: it takes a second for some 200 MB. */
    private static final long FULL_CHECK = 64L << 20;

    /** After an unclean end their pages are, which takes half of that; what indexes say is not compared. */
    private static final long PAGE_CHECK = 1L << 30;

    /**
     * What a start and the first prompt of a session need, and is small in any file: a second for a million rows. They
     * are looked through with their indexes. Those of the others are not in the way of a start.
     */
    private static final List<String> ALWAYS_CHECKED =
            List.of("hotplex_meta", "hotplex_session", "hotplex_turn", "hotplex_damaged");

    /** What is copied, and without which there is no journal; {@code hotplex_damaged} is for people. */
    private static final List<String> TABLES = List.of("hotplex_session", "hotplex_turn", "hotplex_event");

    /** How the names of the files end that are put aside together. */
    private static final List<String> ASIDE = List.of("", "-wal", "-shm");

    private static final String OPEN_TURNS_BY_INDEX =
            "SELECT COUNT(*) FROM hotplex_turn INDEXED BY hotplex_open WHERE end_seq IS NULL";

    /** Their columns in order, of the version of {@link Dialect#migrations}; older versions have fewer. */
    private static final Map<String, List<String>> COLUMNS = Map.of(
            "hotplex_session",
            List.of("sess", "id", "oldest", "newest", "bytes", "closed", "state", "crc", "state_crc"),
            "hotplex_event",
            List.of("sess", "seq", "time", "turn", "type", "body", "crc"),
            "hotplex_turn",
            List.of("sess", "turn", "client_id", "accepted", "started", "end_seq", "prompt", "crc"));

    private Salvage() {}

    /** The new database cannot be written; the old one is as it was. */
    private static final class UnwritableException extends SQLException {
        private static final long serialVersionUID = 1L;

        UnwritableException(SQLException cause) {
            super("a new file for what can be read of a damaged one: " + cause.getMessage(), "", cause.getErrorCode());
            initCause(cause);
        }
    }

    /** Says that the next start has to look through all of the file. */
    static void suspect(JournalConfig config) throws IOException {
        StateLock.create(suspicion(config));
    }

    private static Path suspicion(JournalConfig config) {
        return Dialect.directory(config).resolve("journal.suspect");
    }

    /**
     * Makes sure that there is a file, also when the last start ended while it put a new one in the old one's place.
     */
    static void prepare(JournalConfig config) throws IOException {
        Path file = Dialect.file(config);
        if (Files.exists(ready(file))) {
            exchange(file);
        }
        StateLock.create(file);
    }

    /** Opens the database for writing, a new one when the old one is damaged. */
    static Connection connect(Dialect dialect, JournalConfig config) throws SQLException, IOException {
        Connection connection = null;
        try {
            connection = dialect.writer(config);
            if (dialect == Dialect.SQLITE) {
                boolean suspected = Files.exists(suspicion(config));
                probe(connection, Dialect.file(config), suspected);
                if (suspected) {
                    log.warn(
                            "the journal seemed to be damaged when it was in use; all of it was looked through and is not");
                    Files.delete(suspicion(config));
                }
            }
            return connection;
        } catch (SQLException e) {
            if (connection != null) {
                connection.close();
            }
            if (!dialect.damaged(e)) {
                throw e;
            }
            return anew(dialect, config, e);
        }
    }

    /** Finds a file that is too short at once, and looks through one that is small enough for that, or suspected. */
    private static void probe(Connection connection, Path file, boolean suspected) throws SQLException, IOException {
        Long busy = Dialect.one(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
        Long pages = Dialect.one(connection, "PRAGMA page_count");
        Long pageSize = Dialect.one(connection, "PRAGMA page_size");
        long size = Files.size(file);
        boolean whole = busy == null || busy == 0; // else a reader keeps pages in the log that the file needs
        if (pages == null || pageSize == null || whole && size < pages * pageSize) {
            throw new SQLException("the file is shorter than it should be", "", CORRUPT);
        }
        Set<String> tables = tables(connection);
        boolean clean = complete(connection, tables) && Schema.clean(connection);
        if (suspected || size <= FULL_CHECK) {
            check(connection, "integrity_check(1)");
            return;
        }
        if (!clean && size <= PAGE_CHECK) {
            check(connection, "quick_check(1)");
        }
        for (String table : ALWAYS_CHECKED) {
            if (tables.contains(table)) { // older versions have fewer
                check(connection, "integrity_check('" + table + "')");
            }
        }
    }

    private static void check(Connection connection, String pragma) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery("PRAGMA " + pragma)) {
            if (found.next() && !found.getString(1).equals("ok")) {
                throw new SQLException(found.getString(1), "", code(found.getString(1)));
            }
        }
    }

    /** A page that cannot be read may be sound: the file is not put aside for it. */
    private static int code(String problem) {
        Matcher unreadable = UNREADABLE.matcher(problem);
        if (!unreadable.find()) {
            return CORRUPT;
        }
        String code = unreadable.group(1);
        return code != null && (Integer.parseInt(code) & 0xFF) == CORRUPT ? CORRUPT : IO_ERROR;
    }

    private static Set<String> tables(Connection connection) throws SQLException {
        Set<String> tables = new HashSet<>();
        try (Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery("SELECT name FROM sqlite_master WHERE type = 'table'")) {
            while (found.next()) {
                tables.add(String.valueOf(found.getString(1)));
            }
        }
        return tables;
    }

    /**
     * Whether there is a journal; when there is a part of one it is damaged.
     *
     * @return {@code false} when there is nothing yet
     */
    private static boolean complete(Connection connection, Set<String> tables) throws SQLException {
        if (TABLES.stream().noneMatch(tables::contains)) {
            return false; // made by a process that ended at once
        }
        boolean meta = tables.contains("hotplex_meta");
        Long schema = meta ? Dialect.one(connection, "SELECT value FROM hotplex_meta WHERE name = 'schema'") : null;
        if (!tables.containsAll(TABLES) || schema == null || schema < 1) {
            throw new SQLException("a table or its schema's version is missing", "", CORRUPT);
        }
        if (schema == Dialect.SQLITE.migrations().size()) { // an older one is another one
            checkColumns(connection);
            checkOpenTurns(connection);
        }
        return true;
    }

    private static void checkColumns(Connection connection) throws SQLException {
        try {
            for (String table : TABLES) {
                connection
                        .prepareStatement("SELECT " + String.join(", ", columns(table)) + " FROM " + table)
                        .close();
            }
            connection.prepareStatement(OPEN_TURNS_BY_INDEX).close();
        } catch (SQLException e) {
            throw new SQLException("a table is not what it was made as: " + e.getMessage(), "", CORRUPT, e);
        }
    }

    /** SQLite's check finds a row that an index of some rows has not, but nothing that it has too much. */
    private static void checkOpenTurns(Connection connection) throws SQLException {
        Long found = Dialect.one(connection, OPEN_TURNS_BY_INDEX);
        Long open = Dialect.one(connection, "SELECT COUNT(*) FROM hotplex_turn NOT INDEXED WHERE end_seq IS NULL");
        if (!Objects.equals(found, open)) {
            throw new SQLException("the index of open turns has " + found + ", there are " + open, "", CORRUPT);
        }
    }

    private static List<String> columns(String table) {
        return Objects.requireNonNull(COLUMNS.get(table));
    }

    /**
     * Puts a damaged database aside, and opens a new one with what can be read of it. That is whole before it takes the
     * place of the old one: what ends meanwhile is done again by the next start.
     */
    static Connection anew(Dialect dialect, JournalConfig config, SQLException cause) throws SQLException, IOException {
        Path file = Dialect.file(config);
        Path fresh = beside(file, ".new");
        delete(fresh); // of a start that was ended
        StateLock.create(fresh);
        long[] counts;
        try {
            counts = fill(dialect, file, fresh);
            try (FileChannel written = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
                written.force(true);
            }
        } catch (SQLException | IOException | RuntimeException e) {
            try {
                delete(fresh); // it may have filled the disk
            } catch (IOException left) {
                e.addSuppressed(left);
            }
            throw e;
        }
        Files.move(fresh, ready(file));
        Path aside = exchange(file);
        Files.deleteIfExists(suspicion(config));
        log.error(
                "the journal was damaged ({}); it is now '{}'. {} rows were saved into a new one; in {} places"
                        + " there were some that could not be read",
                cause.getMessage(),
                aside,
                counts[0],
                counts[1]);
        return dialect.writer(config);
    }

    private static void delete(Path database) throws IOException {
        for (String suffix : new String[] {"", "-journal", "-wal", "-shm"}) {
            Files.deleteIfExists(beside(database, suffix));
        }
    }

    private static Path ready(Path file) {
        return beside(file, ".ready");
    }

    private static Path beside(Path file, String suffix) {
        return file.resolveSibling(file.getFileName() + suffix);
    }

    /**
     * Puts the file aside with what belongs to it, and in its place the one that is ready; what was done is not undone.
     * One that was ended halfway goes on under the same name, since the file is worth little without its log.
     */
    private static Path exchange(Path file) throws IOException {
        long made = Files.getLastModifiedTime(ready(file)).toMillis();
        Path aside = beside(file, ".damaged-" + made);
        while (taken(file, aside)) { // where times are coarse, by the repair before
            made++;
            aside = beside(file, ".damaged-" + made);
        }
        for (String suffix : ASIDE) {
            Path old = beside(file, suffix);
            if (Files.exists(old)) {
                Files.move(old, beside(aside, suffix));
            }
        }
        Files.move(ready(file), file);
        return aside;
    }

    private static boolean taken(Path file, Path aside) {
        return ASIDE.stream()
                .anyMatch(suffix -> Files.exists(beside(file, suffix)) && Files.exists(beside(aside, suffix)));
    }

    /** Writes a new database; returns how many rows were saved and in how many places some could not be read. */
    private static long[] fill(Dialect dialect, Path file, Path target) throws SQLException {
        long[] counts = new long[2];
        try (Connection fresh = DriverManager.getConnection("jdbc:sqlite:" + target)) {
            Dialect.execute(fresh, "PRAGMA synchronous=OFF"); // nobody needs a part of it
            Schema.migrate(dialect, fresh);
            Schema.set(fresh, "clean", 0);
            copyAll(file, fresh, counts);
            for (String table : new String[] {"hotplex_event", "hotplex_turn"}) { // of sessions that nobody can name
                Dialect.execute(
                        fresh, "DELETE FROM " + table + " WHERE sess NOT IN (SELECT sess FROM hotplex_session)");
            }
            fresh.commit();
        }
        return counts;
    }

    private static void copyAll(Path file, Connection fresh, long[] counts) throws SQLException {
        try (Connection old = DriverManager.getConnection("jdbc:sqlite:" + file)) {
            Dialect.execute(old, "PRAGMA writable_schema=ON"); // it reads a file that is too short as far as it goes
            for (String table : TABLES) {
                try {
                    copy(old, fresh, table, counts);
                } catch (SQLException e) {
                    log.error("nothing more can be read of {} in the damaged journal: {}", table, damage(e));
                }
            }
        } catch (SQLException e) {
            log.error("nothing can be read of the damaged journal: {}", damage(e));
        }
    }

    /**
     * What is wrong with the damaged file.
     *
     * @throws SQLException {@code e} itself when it is not the file's fault: what cannot be read now is not lost
     */
    private static String damage(SQLException e) throws SQLException {
        if (e instanceof UnwritableException || OF_THE_MACHINE.contains(e.getErrorCode() & 0xFF)) {
            throw e;
        }
        return String.valueOf(e.getMessage());
    }

    /** Copies a table in the order of its rows, and counts them. */
    private static void copy(Connection old, Connection fresh, String table, long[] counts) throws SQLException {
        int columns = columns(old, table);
        try (PreparedStatement insert = fresh.prepareStatement("INSERT OR IGNORE INTO " + table + "("
                + String.join(", ", columns(table).subList(0, columns)) + ") VALUES (" + "?, ".repeat(columns - 1)
                + "?)")) {
            long from = 1;
            int failures = 0;
            while (from < Long.MAX_VALUE) {
                long saved = counts[0];
                Copied copied = copy(old, table, from, insert, columns, counts);
                if (copied.complete) {
                    return;
                }
                counts[1]++;
                failures = counts[0] > saved ? 0 : failures + 1;
                if (failures == MAX_FAILURES) {
                    log.error("nothing more is read of {} in the damaged journal: too much of it is damaged", table);
                    return;
                }
                from = readable(old, table, Math.max(from, copied.last) + 1); // never back, lest it goes in circles
            }
        }
    }

    /**
     * From where on a table can be read again. What a page has is a range, and those of pages that cannot be read are
     * met one after the other. Numbers of rows have gaps of any size, so each step is an eighth of the way longer than
     * the last: sound pages are not jumped over unless damaged ones of eight times their range stand before them.
     *
     * @return {@link Long#MAX_VALUE} when there is nothing more
     */
    private static long readable(Connection old, String table, long from) throws SQLException {
        long damaged = from - 1;
        long sound = from;
        while (!canRead(old, table, sound)) {
            if (sound == Long.MAX_VALUE) {
                return sound;
            }
            damaged = sound;
            long step = (sound - from) / 8 + 1;
            sound = sound > Long.MAX_VALUE - step ? Long.MAX_VALUE : sound + step;
        }
        while (sound - damaged > 1) {
            long middle = damaged + (sound - damaged) / 2;
            if (canRead(old, table, middle)) {
                sound = middle;
            } else {
                damaged = middle;
            }
        }
        return sound;
    }

    private static boolean canRead(Connection old, String table, long from) throws SQLException {
        try (PreparedStatement select = select(old, table, from, " LIMIT 1");
                ResultSet row = select.executeQuery()) {
            row.next();
            return true;
        } catch (SQLException e) {
            damage(e);
            return false;
        }
    }

    /** With the number first. By {@code >}, SQLite would look for the first row of a page in the one before it. */
    private static PreparedStatement select(Connection old, String table, long from, String limit) throws SQLException {
        PreparedStatement select =
                old.prepareStatement("SELECT rowid, * FROM " + table + " WHERE rowid >= ? ORDER BY rowid" + limit);
        select.setLong(1, from);
        return select;
    }

    /** Those of a table that are known, in order. */
    private static int columns(Connection old, String table) throws SQLException {
        try (PreparedStatement select = old.prepareStatement("SELECT * FROM " + table)) {
            return Math.min(columns(table).size(), select.getMetaData().getColumnCount());
        }
    }

    /**
     * How far it came.
     *
     * @param last the row before the one that could not be read
     */
    private record Copied(boolean complete, long last) {}

    private static Copied copy(
            Connection old, String table, long from, PreparedStatement insert, int columns, long[] counts)
            throws SQLException {
        long last = from - 1;
        try (PreparedStatement select = select(old, table, from, ""); // anew: one that failed cannot be used again
                ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
                for (int i = 1; i <= columns; i++) {
                    insert.setObject(i, rows.getObject(i + 1));
                }
                long row = rows.getLong(1);
                last = row < from ? last : row; // one that stands in the wrong place
                counts[0] += insert(insert);
            }
            return new Copied(true, last);
        } catch (SQLException e) {
            damage(e);
            if ((e.getErrorCode() & 0xFF) == NO_DATABASE) {
                throw e; // no row will be any better
            }
            return new Copied(false, last);
        }
    }

    private static int insert(PreparedStatement insert) throws UnwritableException {
        try {
            return insert.executeUpdate();
        } catch (SQLException e) {
            throw new UnwritableException(e);
        }
    }
}
