package io.hotplex.journal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Prompt;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalConfig;
import io.hotplex.api.spi.JournalConfig.Acknowledgement;
import io.hotplex.api.spi.JournalConfig.Retention;
import io.hotplex.api.spi.LogListener;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.api.spi.StoredTurn;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The journal in SQLite, beyond the contract: limits, failures, damage. */
class JdbcJournalTest {
    @TempDir
    Path dir;

    private Path file() {
        return dir.resolve("journal/journal.db");
    }

    private Journal open() {
        return Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN));
    }

    private Connection connect() throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:" + file() + "?transaction_mode=IMMEDIATE&busy_timeout=10000");
    }

    private static AgentEvent text(String text) {
        return new AgentEvent.TextDelta("m1", 0, text, null);
    }

    private static void append(SessionLog log, int from, int to) {
        for (int i = from; i <= to; i++) {
            log.append(null, Instant.now(), text("text " + i + " " + "x".repeat(200)));
        }
    }

    private void fill(int sessions, int records) {
        try (Journal journal = open()) {
            for (int s = 0; s < sessions; s++) {
                SessionLog log = journal.open("s" + s);
                append(log, 1, records);
                log.save(JournalStates.state("s" + s, records));
            }
        }
    }

    // ---- files

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void filesAreForTheirUserAlone() throws IOException {
        try (Journal journal = open()) {
            append(journal.open("s"), 1, 10);
            try (Stream<Path> files = Files.list(file().getParent())) {
                assertThat(files.filter(Files::isRegularFile))
                        .isNotEmpty()
                        .allSatisfy(
                                path -> assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                                        .isEqualTo("rw-------"));
            }
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file().getParent())))
                    .isEqualTo("rwx------");
        }
    }

    @Test
    void aNewerSchemaIsRefused() throws SQLException {
        open().close();
        try (Connection connection = connect()) {
            Schema.set(connection, "schema", 99);
        }

        for (boolean readOnly : new boolean[] {false, true}) {
            JournalConfig config = readOnly ? Journals.readOnly(dir) : Journals.sqlite(dir, Acknowledgement.WRITTEN);
            assertThatThrownBy(() -> Journals.open(config))
                    .isInstanceOfSatisfying(
                            HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.JOURNAL_INCOMPATIBLE))
                    .hasMessageContaining("schema 99");
        }
    }

    @Test
    void othersMayReadWhileAnEngineWrites() {
        try (Journal journal = open()) {
            SessionLog log = journal.open("s");
            append(log, 1, 10);
            log.save(JournalStates.state("s", 10));
            await().until(() -> log.newest() == 10);
            await().until(() -> journal.session("s").isPresent());

            try (Journal reader = Journals.open(Journals.readOnly(dir))) {
                assertThat(reader.sessions()).hasSize(1);
                assertThat(reader.read("s", 0, 100)).hasSize(10);
                assertThatThrownBy(() -> reader.open("s")).isInstanceOf(IllegalStateException.class);
                assertThat(reader.delete("s")).isFalse();
            }
            append(log, 11, 20);
            await().until(() -> log.newest() == 20);
        }
    }

    @Test
    void readingWhereNothingIsSaysSo() {
        assertThatThrownBy(() -> Journals.open(Journals.readOnly(dir)))
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.JOURNAL_UNAVAILABLE));
    }

    // ---- memory

    @Test
    void whatIsNotInMemoryAnyMoreIsReadFromTheFile() {
        JournalConfig config =
                new JournalConfig("sqlite", dir, null, false, Acknowledgement.WRITTEN, 1 << 20, 1 << 12, Journals.ALL);
        try (Journal journal = Journals.open(config)) {
            SessionLog log = journal.open("s");
            append(log, 1, 5_000);
            await().until(() -> log.newest() == 5_000);

            for (int after : new int[] {0, 2_000, 4_980}) {
                List<EventRecord> found = log.read(after, 10);
                for (int i = 0; i < 10; i++) {
                    assertThat(((AgentEvent.TextDelta) found.get(i).event()).text())
                            .startsWith("text " + (after + i + 1) + " ");
                }
            }
        }
    }

    // ---- retention

    private static void awaitOldest(SessionLog log, long oldest) {
        await().atMost(Duration.ofSeconds(20)).until(() -> log.oldest() >= oldest);
    }

    @Test
    void keepsSoManyRecordsOfASession() {
        Retention retention = new Retention(Duration.ofDays(300), 1L << 40, 1L << 40, 100);
        try (Journal journal = Journals.open(Journals.keeping(dir, retention))) {
            SessionLog log = journal.open("s");
            append(log, 1, 3_500);
            awaitOldest(log, 3_401);

            assertThat(log.oldest()).isEqualTo(3_401);
            assertThat(log.read(0, 1)).extracting(EventRecord::offset).containsExactly(3_401L);
        }
        try (Journal journal = Journals.open(Journals.keeping(dir, retention))) {
            assertThat(journal.open("s").oldest()).isEqualTo(3_401);
        }
    }

    @Test
    void keepsSoManyBytesOfASessionAndOfAll() {
        Retention retention = new Retention(Duration.ofDays(300), 200_000, 100_000, 1L << 40);
        try (Journal journal = Journals.open(Journals.keeping(dir, retention))) {
            SessionLog[] logs = new SessionLog[4];
            for (int i = 0; i < logs.length; i++) {
                logs[i] = journal.open("s" + i);
                append(logs[i], 1, 1_000); // some 300 KB
            }
            await().atMost(Duration.ofSeconds(20)).until(() -> Stream.of(logs).allMatch(log -> log.newest() == 1_000));

            await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
                assertThat(Stream.of(logs)
                                .mapToLong(log -> log.newest() - log.oldest() + 1)
                                .sum())
                        .isLessThan(800);
                assertThat(Stream.of(logs))
                        .allSatisfy(log ->
                                assertThat(log.newest() - log.oldest() + 1).isBetween(1L, 400L));
            });
            assertThat(logs[3].newest() - logs[3].oldest()).isGreaterThan(100); // who wrote last keeps more
        }
    }

    @Test
    void whatIsTooOldGoesAndASessionThatIsOverWithIt() {
        Retention retention = new Retention(Duration.ofDays(1), 1L << 40, 1L << 40, 1L << 40);
        Instant old = Instant.now().minus(Duration.ofDays(2));
        try (Journal journal = Journals.open(Journals.keeping(dir, retention))) {
            SessionLog open = journal.open("open");
            SessionLog over = journal.open("over");
            for (int i = 0; i < 10; i++) {
                open.append(null, old, text("old"));
                over.append(null, old, text("old"));
            }
            open.append(null, Instant.now(), text("new"));
            open.save(JournalStates.state("open", 11));
            over.save(JournalStates.closed("over", 10));
            over.close();
        }
        try (Journal journal = Journals.open(Journals.keeping(dir, retention))) {
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> journal.sessions().size() == 1);
            SessionLog log = journal.open("open");
            awaitOldest(log, 11);
            assertThat(log.newest()).isEqualTo(11);
            assertThat(journal.read("over", 0, 10)).isEmpty();
        }
    }

    @Test
    void aTurnThatRunsKeepsItsRecords() {
        Retention retention = new Retention(Duration.ofDays(300), 1L << 40, 1L << 40, 10);
        try (Journal journal = Journals.open(Journals.keeping(dir, retention))) {
            SessionLog log = journal.open("s");
            append(log, 1, 50);
            log.append("t", Instant.now(), new AgentEvent.TurnStarted(AgentEvent.Origin.PROMPT, null, "do it"));
            append(log, 52, 200);
            awaitOldest(log, 51);
            append(log, 201, 210);
            await().until(() -> log.newest() == 210);
            assertThat(log.oldest()).isEqualTo(51);

            log.append("t", Instant.now(), new AgentEvent.TurnCancelled("", TokenUsage.ZERO, null, Duration.ZERO));
            append(log, 212, 300);
            awaitOldest(log, 291);
        }
    }

    @Test
    void whatIsDeletedIsNotInTheFilesAnyMore() throws IOException {
        try (Journal journal = open()) {
            SessionLog log = journal.open("s");
            for (int i = 0; i < 500; i++) {
                log.append(null, Instant.now(), text("planted-secret-" + i));
            }
            await().until(() -> log.newest() == 500);
            assertThat(filesWith("planted-secret")).isNotEmpty();
            log.close();

            journal.delete("s");

            assertThat(filesWith("planted-secret")).isEmpty();
        }
    }

    private List<Path> filesWith(String text) throws IOException {
        try (Stream<Path> files = Files.list(file().getParent())) {
            return files.filter(Files::isRegularFile)
                    .filter(path -> contains(path, text))
                    .toList();
        }
    }

    private static boolean contains(Path path, String text) {
        try {
            return new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1).contains(text);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    // ---- failures

    @Test
    void whileTheDatabaseFailsNothingIsSeenNothingIsLostAndPromptsAreRefused() throws SQLException {
        AtomicInteger relieved = new AtomicInteger();
        try (Journal journal = open()) {
            SessionLog log = journal.open("s", new LogListener() {
                @Override
                public void readable(long newest) {}

                @Override
                public void relieved() {
                    relieved.incrementAndGet();
                }
            });
            append(log, 1, 1);
            await().until(() -> log.newest() == 1);
            try (Connection other = connect()) {
                other.setAutoCommit(false);
                Dialect.execute(other, "UPDATE hotplex_meta SET value = value"); // nobody else can write now
                append(log, 2, 10_000);

                assertThat(log.backlogged()).isTrue();
                await().atMost(Duration.ofSeconds(20)).until(() -> refuses(log));
                assertThat(log.newest()).isEqualTo(1);
                assertThat(relieved).hasValue(0);
                assertThat(journal.stats().backlogBytes()).isGreaterThan(10_000);
                assertThat(journal.stats().lag()).isGreaterThan(Duration.ofMillis(50));
                other.rollback();
            }
            await().atMost(Duration.ofSeconds(20)).until(() -> log.newest() == 10_000);
            await().until(() -> relieved.get() > 0);
            assertThat(log.backlogged()).isFalse();
            assertThat(refuses(log)).isFalse();
            await().untilAsserted(() -> assertThat(journal.stats().lag()).isZero());
            assertThat(journal.stats().backlogBytes()).isZero();
            assertThat(journal.stats().bytes()).isGreaterThan(10_000 * 64);
            long last = 0;
            while (last < 10_000) {
                List<EventRecord> batch = log.read(last, 1_000);
                assertThat(batch).isNotEmpty();
                assertThat(batch.get(0).offset()).isEqualTo(last + 1);
                last = batch.get(batch.size() - 1).offset();
            }
        }
    }

    private static boolean refuses(SessionLog log) {
        try {
            log.accept(StoredTurn.accepted("t" + System.nanoTime(), Prompt.of("p"), Instant.now()), () -> {});
            return false;
        } catch (HotPlexException e) {
            return e.code() == ErrorCode.JOURNAL_UNAVAILABLE;
        }
    }

    private static @Nullable ErrorCode refusal(Runnable task) {
        try {
            task.run();
            return null;
        } catch (HotPlexException e) {
            return e.code();
        }
    }

    @Test
    void everySessionIsToldThatTheJournalWasTakenOverWhoeverFails() throws SQLException {
        Set<String> told = ConcurrentHashMap.newKeySet();
        try (Journal journal = open()) {
            for (String id : List.of("a", "b", "c")) {
                journal.open(id, new LogListener() {
                    @Override
                    public void readable(long newest) {}

                    @Override
                    public void lost() {
                        told.add(id);
                        throw new IllegalStateException("planted");
                    }
                });
            }
            try (Connection other = connect()) {
                Schema.take(other);
            }

            await().until(() -> told.size() == 3);
        }
    }

    @Test
    void anEngineWhoseJournalWasTakenOverWritesNothingMore() throws SQLException {
        try (Journal journal = open()) {
            AtomicInteger lost = new AtomicInteger();
            LogListener listener = new LogListener() {
                @Override
                public void readable(long newest) {}

                @Override
                public void lost() {
                    lost.incrementAndGet();
                }
            };
            SessionLog log = journal.open("s", listener);
            append(log, 1, 1);
            await().until(() -> log.newest() == 1);
            journal.open("quiet", listener);
            try (Connection other = connect()) {
                Schema.take(other);
            }

            await().until(() -> lost.get() == 2); // though nobody writes
            append(log, 2, 2);
            assertThat(refusal(() -> log.accept(StoredTurn.accepted("t", Prompt.of("p"), Instant.now()), () -> {})))
                    .isEqualTo(ErrorCode.STATE_IN_USE);
            assertThat(refusal(journal::probe)).isEqualTo(ErrorCode.STATE_IN_USE);
            assertThat(refusal(() -> journal.open("other"))).isEqualTo(ErrorCode.STATE_IN_USE);
            assertThat(log.newest()).isEqualTo(1);
            assertThat(lost).hasValue(2);
        }
        try (Journal journal = open()) {
            assertThat(journal.open("s").newest()).isEqualTo(1);
        }
    }

    // ---- damage

    @Test
    void aRecordWhoseBytesChangedIsToldAsDamagedAndTheOthersAreServed() throws SQLException {
        fill(1, 20);
        try (Connection connection = connect()) {
            Dialect.execute(connection, "UPDATE hotplex_event SET body = X'7B7D' WHERE seq = 7");
            Dialect.execute(connection, "DELETE FROM hotplex_event WHERE seq IN (11, 12, 20)");
        }
        try (Journal journal = open()) {
            List<EventRecord> records = journal.read("s0", 0, 100);

            assertThat(records).hasSize(20);
            for (int i = 1; i <= 20; i++) {
                boolean damaged = i == 7 || i == 11 || i == 12 || i == 20;
                assertThat(records.get(i - 1).offset()).isEqualTo(i);
                assertThat(records.get(i - 1).event().type()).isEqualTo(damaged ? "raw" : "text_delta");
            }
        }
    }
}
