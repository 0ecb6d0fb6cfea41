package io.hotplex.journal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.Turn;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalConfig;
import io.hotplex.api.spi.JournalConfig.Acknowledgement;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.testkit.journal.JournalContract;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The journal in PostgreSQL; needs Debian's package postgresql, or its programs in the same place. */
class PostgresJournalTest extends JournalContract {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private static @Nullable PostgresServer server;

    private String url = "";

    @BeforeAll
    static void start() throws Exception {
        Optional<Path> binaries = PostgresServer.binaries();
        if (binaries.isEmpty()) {
            System.err.println("PostgresJournalTest is skipped: no server in /usr/lib/postgresql (package postgresql)");
        }
        Assumptions.assumeTrue(binaries.isPresent(), "no PostgreSQL server is installed");
        server = PostgresServer.start(binaries.orElseThrow());
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
        }
    }

    @BeforeEach
    void emptyDatabase() throws SQLException {
        url = Objects.requireNonNull(server).database("j" + NUMBER.incrementAndGet());
    }

    private JournalConfig config(Acknowledgement acknowledgement) {
        return new JournalConfig(
                "postgresql", Path.of("/nowhere"), url, false, acknowledgement, 1 << 20, 1 << 20, Journals.ALL);
    }

    /** The server gives the lock back when it has seen the end of the last connection, which may be a moment later. */
    @Override
    protected Journal open() {
        AtomicReference<@Nullable Journal> opened = new AtomicReference<>();
        await(() -> {
            try {
                opened.set(Journals.open(config(Acknowledgement.WRITTEN)));
                return true;
            } catch (HotPlexException e) {
                if (e.code() != ErrorCode.STATE_IN_USE) {
                    throw e;
                }
                return false;
            }
        });
        return Objects.requireNonNull(opened.get());
    }

    @Test
    void oneEngineAtATimeHasTheDatabase() {
        assertThat(journal().sessions()).isEmpty();

        assertThatThrownBy(() -> Journals.open(config(Acknowledgement.SYNCED)))
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.STATE_IN_USE));
        assertThat(reopened().sessions()).isEmpty();
    }

    @Test
    void itWritesOnWhenItsConnectionWasCut() throws SQLException {
        var log = journal().open("s");
        log.append(null, Instant.now(), new AgentEvent.Raw("a", "b", false));
        await(() -> log.newest() == 1);
        try (Connection other = DriverManager.getConnection(url)) {
            Dialect.one(
                    other,
                    "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity"
                            + " WHERE application_name = 'hotplex-journal'");
        }
        log.append(null, Instant.now(), new AgentEvent.Raw("a", "c", false));

        await(() -> log.newest() == 2);
        assertThat(journal().read("s", 0, 10)).hasSize(2);
    }

    private Engine engine(Path state, AgentProvider provider) {
        return HotPlex.builder()
                .config(EngineConfig.fromProperties(
                        Map.of("state-directory", state.toString(), "journal", "postgresql", "journal-url", url)))
                .provider(provider)
                .build();
    }

    /** Ends every connection, as a server does that is restarted; then the database is whose engine comes first. */
    private void cutAll() throws SQLException {
        try (Connection other = DriverManager.getConnection(url)) {
            Dialect.one(
                    other,
                    "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity"
                            + " WHERE datname = current_database() AND pid <> pg_backend_pid()");
        }
    }

    @Test
    void anEngineWhoseDatabaseAnotherTookOverEndsItsAgentsAndTheOtherEndsTheirTurns(@TempDir Path dir)
            throws Exception {
        try (Engine first = engine(dir.resolve("first"), new EchoProvider())) {
            Session session = first.open(CrashLoad.spec(dir, 0));
            Turn turn = session.submit(Prompt.of("silent"));
            List<String> written = new CopyOnWriteArrayList<>();
            session.subscribe(0, record -> written.add(record.event().type()));
            await(() -> written.contains("turn_started")); // else the other engine takes it for one that waits
            await(() -> session.info().pid() != null);
            ProcessHandle agent = ProcessHandle.of(
                            Objects.requireNonNull(session.info().pid()))
                    .orElseThrow();
            AtomicReference<@Nullable Engine> second = new AtomicReference<>();
            await(
                    () -> { // the first may be faster and have it again
                        try {
                            cutAll();
                            second.set(engine(dir.resolve("second"), new EchoProvider()));
                            return true;
                        } catch (HotPlexException | SQLException e) {
                            return false;
                        }
                    });
            try (Engine taken = Objects.requireNonNull(second.get())) {
                await(() -> !agent.isAlive()); // though nobody writes anything
                assertThatThrownBy(() -> turn.result().toCompletableFuture().get(20, TimeUnit.SECONDS))
                        .hasMessageContaining("took the journal over");
                assertThatThrownBy(first::checkJournal)
                        .isInstanceOfSatisfying(
                                HotPlexException.class,
                                e -> assertThat(e.code()).isEqualTo(ErrorCode.STATE_IN_USE));
                List<EventRecord> ends = new CopyOnWriteArrayList<>();
                taken.session("s0").orElseThrow().subscribe(0, record -> {
                    if (record.event() instanceof AgentEvent.Terminal) {
                        ends.add(record);
                    }
                });
                await(() -> !ends.isEmpty());
                assertThat(ends).singleElement().satisfies(end -> {
                    assertThat(end.turnId()).isEqualTo(turn.id());
                    assertThat(((AgentEvent.TurnFailed) end.event()).code()).isEqualTo(ErrorCode.ENGINE_RESTARTED);
                });
                taken.checkJournal();
            }
        }
    }

    /** What is tried again and again must not leave a connection each time. */
    @Test
    void whileAnotherHasTheLockNothingIsWrittenAndNoConnectionIsLeftBehind() throws SQLException {
        SessionLog log = journal().open("s");
        log.append(null, Instant.now(), new AgentEvent.Raw("a", "b", false));
        await(() -> log.newest() == 1);
        try (Connection other = DriverManager.getConnection(url)) {
            await(() -> {
                try {
                    Dialect.one(
                            other,
                            "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity"
                                    + " WHERE application_name = 'hotplex-journal'");
                    Dialect.POSTGRESQL.claim(other);
                    return true;
                } catch (HotPlexException | SQLException e) {
                    return false;
                }
            });
            log.append(null, Instant.now(), new AgentEvent.Raw("a", "c", false));
            await(() -> !writable());

            assertThat(log.newest()).isEqualTo(1);
            assertThatThrownBy(() -> journal().probe())
                    .isInstanceOfSatisfying(
                            HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.JOURNAL_UNAVAILABLE));
            for (int look = 0; look < 3; look++) {
                await(() -> connections(other) == 0); // between two tries
            }
        }
        await(() -> log.newest() == 2); // nobody took it over
    }

    private boolean writable() {
        try {
            journal().checkWritable();
            return true;
        } catch (HotPlexException e) {
            return false;
        }
    }

    private static long connections(Connection connection) {
        try {
            return Objects.requireNonNull(Dialect.one(
                    connection, "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'hotplex-journal'"));
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void anAddressWithoutServerIsATypedError() {
        JournalConfig nowhere = new JournalConfig(
                "postgresql",
                Path.of("/nowhere"),
                "jdbc:postgresql://127.0.0.1:1/x",
                false,
                Acknowledgement.WRITTEN,
                1 << 20,
                1 << 20,
                Journals.ALL);

        assertThatThrownBy(() -> Journals.open(nowhere))
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.JOURNAL_UNAVAILABLE));
    }
}
