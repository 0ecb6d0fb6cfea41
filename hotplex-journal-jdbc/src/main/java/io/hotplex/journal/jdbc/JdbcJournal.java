package io.hotplex.journal.jdbc;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.JournalStats;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalConfig;
import io.hotplex.api.spi.JournalConfig.Acknowledgement;
import io.hotplex.api.spi.LogListener;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.api.spi.StoredSession;
import io.hotplex.api.spi.StoredTurn;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A journal in a database. What is appended is in memory at once and in the database soon: one {@link Writer} writes
 * for all sessions, readers follow in memory and read what is older with connections of their own.
 *
 * <p>Thread-safe. It knows every session that it keeps by a few numbers; see {@link JdbcLog}.
 */
final class JdbcJournal implements Journal {
    private static final Logger log = LoggerFactory.getLogger(JdbcJournal.class);

    /** How long a deletion, and who wants to know the newest, may wait for what is written before. */
    private static final long PATIENCE_SECONDS = 60;

    /** How long closing waits for the writer, which gives up on a database that fails before that. */
    private static final long CLOSE_MILLIS = 15_000;

    /** How long a try to write may take: who asks for readiness waits a little longer. */
    private static final long PROBE_MILLIS = 10_000;

    private static final long PROBE_STEP_MILLIS = 20;

    /** What may be left of a session without a row: its key is not given again, lest that become another one's. */
    private static final List<String> KEYED = List.of("hotplex_event", "hotplex_turn", "hotplex_damaged");

    private final JournalConfig config;
    private final Dialect dialect;
    private final boolean atOnce;
    private final ConcurrentMap<String, JdbcLog> logs = new ConcurrentHashMap<>();
    private final AtomicLong keys = new AtomicLong();
    private final @Nullable StateLock stateLock;
    private final Archive archive;
    private final @Nullable Writer writer;
    private final @Nullable Thread thread;
    private final AtomicBoolean suspected = new AtomicBoolean();
    private volatile boolean closed;

    static JdbcJournal open(JournalConfig config, Dialect dialect) {
        StateLock stateLock = null;
        try {
            if (config.readOnly()) {
                return new JdbcJournal(config, dialect, null);
            }
            if (dialect == Dialect.SQLITE) {
                Path directory = Dialect.directory(config);
                stateLock = StateLock.acquire(directory);
                Salvage.prepare(config);
                keepNativeCodeIn(directory);
            }
            return new JdbcJournal(config, dialect, stateLock);
        } catch (IOException e) {
            throw closing(
                    stateLock,
                    new HotPlexException(
                            ErrorCode.CONFIG_INVALID,
                            "state-directory: '" + config.directory() + "' cannot be used: " + e,
                            e));
        } catch (SQLException e) {
            throw closing(stateLock, Archive.unavailable("database cannot be opened", e));
        } catch (RuntimeException e) {
            throw closing(stateLock, e);
        }
    }

    private static RuntimeException closing(@Nullable StateLock stateLock, RuntimeException e) {
        if (stateLock != null) {
            stateLock.close();
        }
        return e;
    }

    /**
     * The driver unpacks a library each time, and a JVM that is killed leaves it: better here than in /tmp, and until
     * the next start, since nobody else uses the directory.
     */
    private static void keepNativeCodeIn(Path directory) throws IOException {
        if (System.getProperty("org.sqlite.tmpdir") == null) {
            Path unpacked = Files.createDirectories(directory.resolve("native"));
            try (DirectoryStream<Path> left = Files.newDirectoryStream(unpacked)) {
                for (Path file : left) {
                    Files.deleteIfExists(file);
                }
            }
            System.setProperty("org.sqlite.tmpdir", unpacked.toString());
        }
    }

    private JdbcJournal(JournalConfig config, Dialect dialect, @Nullable StateLock stateLock)
            throws SQLException, IOException {
        this.stateLock = stateLock;
        this.config = config;
        this.dialect = dialect;
        atOnce = config.acknowledgement() == Acknowledgement.MEMORY;
        if (config.readOnly()) {
            if (dialect == Dialect.SQLITE && !Files.exists(Dialect.file(config))) {
                throw new HotPlexException(
                        ErrorCode.JOURNAL_UNAVAILABLE, "there is no journal in '" + Dialect.directory(config) + "'");
            }
            try (Connection connection = dialect.writer(config)) {
                Schema.check(dialect, connection);
                load(Rows.read(connection), newestKey(connection), null);
            }
            archive = new Archive(dialect, config, e -> {}); // the next engine finds out for itself
            writer = null;
            thread = null;
            return;
        }
        Taken taken = take();
        Retention retention =
                new Retention(config.retention(), Clock.systemUTC(), logs::values, gone -> logs.remove(gone.id, gone));
        try {
            load(taken.rows, taken.newestKey, retention);
            archive = new Archive(dialect, config, this::damaged);
        } catch (RuntimeException e) {
            taken.connection.close();
            throw e;
        }
        writer = new Writer(
                dialect,
                () -> reconnect(taken.epoch),
                taken.epoch,
                taken.connection,
                config.backlogBytes(),
                config.cacheBytes(),
                retention,
                new Writer.Listener() {
                    @Override
                    public void lost() {
                        logs.values().forEach(JdbcJournal::tellLost);
                    }

                    @Override
                    public void damaged(SQLException e) {
                        JdbcJournal.this.damaged(e);
                    }
                });
        thread = new Thread(writer, "hotplex-journal-writer");
        thread.setDaemon(true);
        thread.start();
    }

    /** Each agent has to end, also when somebody fails who is told before. */
    @SuppressWarnings("IllegalCatch") // listeners are foreign code
    private static void tellLost(JdbcLog session) {
        try {
            session.lost();
        } catch (RuntimeException | Error e) {
            log.error("session '{}' was told that the journal was taken over, and failed", session.id, e);
        }
    }

    /** A part of the file that was not looked through is damaged: the next start does, and repairs it. */
    private void damaged(SQLException cause) {
        if (!suspected.compareAndSet(false, true)) {
            return;
        }
        try {
            Salvage.suspect(config);
            log.error(
                    "the journal's file is damaged ({}): restart the engine, which then looks through all of it and"
                            + " repairs it",
                    cause.getMessage());
        } catch (IOException e) {
            suspected.set(false);
            log.error(
                    "the journal's file is damaged ({}), and the next start cannot be told: {}", cause.getMessage(), e);
        }
    }

    /** A database that nobody else writes to any more. */
    private record Taken(Connection connection, long epoch, List<Rows.Row> rows, long newestKey) {}

    private Taken take() throws SQLException, IOException {
        try {
            return take(Salvage.connect(dialect, config));
        } catch (SQLException e) {
            if (!dialect.damaged(e)) {
                throw e;
            }
            return take(Salvage.anew(dialect, config, e)); // in a part that was not looked through
        }
    }

    private Taken take(Connection connection) throws SQLException {
        try {
            dialect.claim(connection);
            Schema.migrate(dialect, connection);
            long epoch = Schema.take(connection);
            connection.setAutoCommit(true);
            List<Rows.Row> rows = Rows.repaired(connection, !Schema.clean(connection));
            Schema.set(connection, "clean", 0);
            return new Taken(connection, epoch, rows, newestKey(connection));
        } catch (SQLException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    /** @throws Store.FencedException when another engine took the journal over meanwhile */
    private Connection reconnect(long epoch) throws SQLException {
        Connection again = dialect.writer(config);
        try {
            dialect.claim(again);
            return again;
        } catch (SQLException | HotPlexException e) {
            try (again) {
                new Store(again, epoch).look(); // or it is our last connection, of which the server knows no end yet
            }
            throw e;
        }
    }

    /** The newest that was given, as far as something tells of it. */
    private static long newestKey(Connection connection) throws SQLException {
        long newest = 0;
        for (String table : KEYED) {
            Long key = Dialect.one(connection, "SELECT MAX(sess) FROM " + table);
            newest = Math.max(newest, key == null ? 0 : key);
        }
        return newest;
    }

    private void load(List<Rows.Row> rows, long newestKey, @Nullable Retention retention) {
        keys.set(newestKey);
        for (Rows.Row row : rows) {
            JdbcLog session = new JdbcLog(this, row.id(), row.key(), row.oldest(), row.newest());
            session.stored = true;
            session.closed = row.closed();
            logs.put(session.id, session);
            keys.accumulateAndGet(session.key, Math::max);
            if (retention != null) {
                retention.grew(session, row.bytes());
            }
        }
    }

    @Override
    public SessionLog open(String sessionId, LogListener listener) {
        if (closed || writer == null) {
            throw new IllegalStateException("the journal is closed, or only read from");
        }
        JdbcLog session = log(sessionId);
        session.open(listener);
        try {
            writer.checkOwned(); // now: from here on it is told
        } catch (HotPlexException e) {
            session.close();
            throw e;
        }
        return session;
    }

    private JdbcLog log(String sessionId) {
        return logs.computeIfAbsent(sessionId, id -> new JdbcLog(this, id, keys.incrementAndGet(), 1, 0));
    }

    @Override
    public boolean durable() {
        return true;
    }

    @Override
    public List<StoredSession> sessions() {
        List<StoredSession> found = archive.sessions();
        return writer == null ? asTheyAre(found) : found;
    }

    /** Rows that are damaged stay so while the journal is only read from, and nobody is to be told what they say. */
    private List<StoredSession> asTheyAre(List<StoredSession> told) {
        List<StoredSession> found = new ArrayList<>();
        for (StoredSession stored : told) {
            JdbcLog session = logs.get(stored.id());
            if (session != null) {
                found.add(new StoredSession(stored.state(), session.oldest(), session.newest(), stored.openTurns()));
            }
        }
        return found;
    }

    @Override
    public Optional<StoredSession> session(String sessionId) {
        JdbcLog session = logs.get(sessionId);
        awaitWritten(session);
        return session == null ? Optional.empty() : archive.session(session);
    }

    @Override
    public List<StoredTurn> turns(String sessionId) {
        JdbcLog session = logs.get(sessionId);
        awaitWritten(session);
        return session == null ? List.of() : archive.turns(session);
    }

    /** What is read from the database must not be older than what was kept. */
    private void awaitWritten(@Nullable JdbcLog session) {
        if (session == null || writer == null || session.pending.get() == 0) {
            return;
        }
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        writer.enqueue(new Entry.Mark(done));
        if (!await(done, "session '" + session.id + "' could not be written")) {
            throw new HotPlexException(
                    ErrorCode.JOURNAL_UNAVAILABLE, "session '" + session.id + "' cannot be written any more");
        }
    }

    private static boolean await(CompletableFuture<Boolean> done, String failure) {
        try {
            return done.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HotPlexException(ErrorCode.JOURNAL_UNAVAILABLE, "interrupted: " + failure, e);
        } catch (ExecutionException | TimeoutException e) {
            throw new HotPlexException(ErrorCode.JOURNAL_UNAVAILABLE, failure, e);
        }
    }

    @Override
    public List<EventRecord> read(String sessionId, long after, int max) {
        JdbcLog session = logs.get(sessionId);
        return session == null ? List.of() : session.read(after, max);
    }

    @Override
    public boolean delete(String sessionId) {
        JdbcLog session = logs.get(sessionId);
        if (session == null || writer == null) {
            return false;
        }
        if (!session.beginErasing()) {
            throw new HotPlexException(
                    ErrorCode.SESSION_IN_USE, "session '" + sessionId + "' is open: close it before it is deleted");
        }
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        CompletableFuture<Boolean> gone = done.whenComplete((found, failure) -> {
            if (failure == null) {
                logs.remove(sessionId, session);
            } else {
                session.erasingFailed();
            }
        });
        writer.enqueue(new Entry.Erase(session, done));
        return await(gone, "session '" + sessionId + "' could not be deleted");
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            if (writer != null && thread != null) {
                writer.stop();
                thread.join(CLOSE_MILLIS);
                if (thread.isAlive()) {
                    log.error("the journal's writer does not end; what it holds may be lost");
                    thread.interrupt();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            archive.close();
            if (stateLock != null) {
                stateLock.close();
            }
        }
    }

    // ---- what logs need

    /** Whether readers see what is only in memory. */
    boolean atOnce() {
        return atOnce;
    }

    void enqueue(Entry.Kept entry) {
        if (writer != null) {
            entry.log().pending.incrementAndGet();
            writer.enqueue(entry);
        }
    }

    @Override
    public void checkWritable() {
        if (writer != null) {
            writer.checkWritable();
        }
    }

    @Override
    public JournalStats stats() {
        return writer == null
                ? JournalStats.NONE
                : new JournalStats(writer.keptBytes(), writer.backlog(), writer.lag());
    }

    @Override
    public void probe() {
        if (writer == null) {
            return;
        }
        writer.checkWritable();
        dialect.checkRoom(config);
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        writer.enqueue(new Entry.Probe(done));
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PROBE_MILLIS);
        while (!done.isDone() && System.nanoTime() < deadline) {
            try {
                done.get(PROBE_STEP_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                writer.checkWritable(); // the first failure is answer enough; the writer goes on trying
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new HotPlexException(ErrorCode.JOURNAL_UNAVAILABLE, "interrupted while the journal was tried", e);
            } catch (ExecutionException e) {
                throw new IllegalStateException("probes do not fail", e);
            }
        }
        writer.checkWritable();
        if (!done.isDone()) {
            throw new HotPlexException(
                    ErrorCode.JOURNAL_UNAVAILABLE,
                    "the journal did not write anything within " + PROBE_MILLIS + " ms: look at the load of its disk");
        }
    }

    boolean backlogged(JdbcLog asking) {
        return writer != null && writer.backlogged(asking);
    }

    List<EventRecord> readStored(JdbcLog session, long from, long to) {
        return archive.read(session, from, to);
    }
}
