package io.hotplex.journal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalConfig;
import io.hotplex.api.spi.JournalConfig.Acknowledgement;
import io.hotplex.testkit.journal.JournalContract;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

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

    @Override
    protected Journal open() {
        return Journals.open(config(Acknowledgement.WRITTEN));
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
        log.append(null, java.time.Instant.now(), new io.hotplex.api.AgentEvent.Raw("a", "b", false));
        await(() -> log.newest() == 1);
        try (Connection other = DriverManager.getConnection(url)) {
            Dialect.one(
                    other,
                    "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity"
                            + " WHERE application_name = 'hotplex-journal'");
        }
        log.append(null, java.time.Instant.now(), new io.hotplex.api.AgentEvent.Raw("a", "c", false));

        await(() -> log.newest() == 2);
        assertThat(journal().read("s", 0, 10)).hasSize(2);
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
