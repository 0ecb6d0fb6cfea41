package io.hotplex.journal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Prompt;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalConfig.Acknowledgement;
import io.hotplex.api.spi.JournalConfig.Retention;
import io.hotplex.api.spi.LogListener;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.api.spi.StoredSession;
import io.hotplex.api.spi.StoredTurn;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever a disk or a person does to the files: the journal opens, what it serves is what was written, what it cannot
 * read it says, what it cannot use it puts aside, and it goes on. {@code -Dhotplex.damage.rounds} says how often each
 * random damage is done, {@code -Dhotplex.seed} which.
 */
class DamageTest {
    private static final int ROUNDS = Integer.getInteger("hotplex.damage.rounds", 1);
    private static final long SEED = Long.getLong("hotplex.seed", 20260101L);
    private static final int SESSIONS = 8;
    private static final int RECORDS = 200;
    private static final int PAGE = 4096;
    private static final Retention MONTH = new Retention(Duration.ofDays(30), 1L << 40, 1L << 40, 1L << 40);

    /** The same in every run, since it is in checksums, and with them in how pages are filled; and never too old. */
    private static final Instant WRITTEN_AT = Instant.parse("2100-01-02T03:04:05Z");

    @TempDir
    static Path shared;

    @TempDir
    Path dir;

    @BeforeAll
    static void fill() throws Exception {
        fill(shared.resolve("live"), shared.resolve("ours"), "text");
        fill(shared.resolve("other"), shared.resolve("theirs"), "foreign");
    }

    /** What is done to which files. */
    private enum Damage {
        /** Some bits of the file, behind its first pages. */
        FLIPPED_BITS(1),
        /** Some bits of its first pages, which say what is where. */
        FLIPPED_FIRST_PAGES(0),
        TRUNCATED(0),
        GARBAGE(0),
        EMPTY(0),
        MISSING(0),
        /** A page stands in the place of another one as well. */
        DUPLICATED_PAGE(1),
        /** A page of another journal. */
        FOREIGN_PAGE(1),
        LOG_WITH_FLIPPED_BITS(0),
        LOG_TRUNCATED(0),
        LOG_GARBAGE(0),
        LOG_MISSING(0),
        /** The log of another journal, as after a copy of the wrong file. */
        LOG_FOREIGN(0);

        /** So many records have to be served at least. */
        final int least;

        Damage(int halves) {
            least = halves * SESSIONS * RECORDS / 2;
        }
    }

    private static AgentEvent text(String words) {
        return new AgentEvent.TextDelta("m1", 0, words, null);
    }

    /**
     * A journal as a killed process leaves it: some of it in the file, the rest in the log. Each record has a
     * transaction of its own, so that the files are the same in every run.
     */
    private static void fill(Path from, Path to, String word) throws Exception {
        try (Journal journal = Journals.open(Journals.sqlite(from, Acknowledgement.WRITTEN))) {
            Semaphore written = new Semaphore(0);
            SessionLog[] logs = new SessionLog[SESSIONS];
            for (int s = 0; s < SESSIONS; s++) {
                logs[s] = journal.open("s" + s, new LogListener() {
                    @Override
                    public void readable(long offset) {
                        written.release();
                    }
                });
                logs[s].save(JournalStates.quiet("s" + s, RECORDS, WRITTEN_AT));
                assertThat(journal.session("s" + s)).as("that it is written").isPresent();
            }
            append(logs, written, word, 1, RECORDS / 2);
            try (Connection connection = connect(from)) {
                Dialect.execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
            }
            append(logs, written, word, RECORDS / 2 + 1, RECORDS);
            Snapshot.copy(from, to, () -> {}, new Random(0) {
                private static final long serialVersionUID = 1L;

                @Override
                public double nextDouble() {
                    return 1;
                }
            });
        }
    }

    private static void append(SessionLog[] logs, Semaphore written, String word, int from, int to) throws Exception {
        for (int i = from; i <= to; i++) {
            for (SessionLog log : logs) {
                log.append(null, WRITTEN_AT, text(word + " " + i + " " + "x".repeat(200)));
                assertThat(written.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Damage.class)
    void whatIsDamagedIsToldAndEverythingElseIsServed(Damage damage) throws Exception {
        Random random = new Random(SEED);
        Path ours = shared.resolve("ours");
        Path theirs = shared.resolve("theirs");
        for (int round = 0; round < ROUNDS; round++) {
            String what = damage + ", seed " + SEED + ", round " + round;
            Path state = dir.resolve("state" + round);
            copy(ours, state);
            damage(damage, state.resolve("journal/journal.db"), theirs.resolve("journal/journal.db"), random);

            int served = serveAndGoOn(state, what);
            assertThat(served).as(what).isGreaterThanOrEqualTo(damage.least);
            serveAndGoOn(state, what + ", again");
            if (damage == Damage.GARBAGE) {
                assertThat(names(state)).as(what).anyMatch(name -> name.startsWith("journal.db.damaged-"));
            }
            try (Engine engine = CrashLoad.engine(state, "written")) {
                engine.checkJournal();
                assertThat(engine.sessions()).as(what).allMatch(info -> info.asleep());
            }
        }
    }

    /** Reads everything, and appends to every session; returns how much could be read. */
    private static int serveAndGoOn(Path state, String what) {
        int served = 0;
        try (Journal journal = Journals.open(Journals.sqlite(state, Acknowledgement.WRITTEN))) {
            for (int s = 0; s < SESSIONS; s++) {
                SessionLog log = journal.open("s" + s);
                long next = log.oldest(); // not the first, when neither its row nor its first events can be read
                for (EventRecord record : journal.read("s" + s, 0, 10 * RECORDS)) {
                    assertThat(record.offset()).as(what).isEqualTo(next++);
                    if (record.event() instanceof AgentEvent.TextDelta delta) {
                        assertThat(delta.text()).as(what).matches("(text|foreign) " + record.offset() + " x*");
                        served++;
                    } else {
                        assertThat(record.event().type()).as(what).isEqualTo("raw");
                    }
                }
                assertThat(log.newest()).as(what).isEqualTo(next - 1);
                long offset = next;
                assertThat(log.append(null, Instant.now(), text("text " + offset + " x"))
                                .offset())
                        .as(what)
                        .isEqualTo(offset);
                await(what).atMost(Duration.ofSeconds(20)).until(() -> log.newest() == offset);
            }
        }
        return served;
    }

    private static void copy(Path from, Path to) throws IOException {
        Path target = Files.createDirectories(to.resolve("journal"));
        for (String name : new String[] {"journal.db", "journal.db-wal"}) {
            if (Files.exists(from.resolve("journal").resolve(name))) {
                Files.copy(from.resolve("journal").resolve(name), target.resolve(name));
            }
        }
    }

    private static void damage(Damage damage, Path file, Path foreign, Random random) throws IOException {
        Path log = file.resolveSibling("journal.db-wal");
        Path foreignLog = foreign.resolveSibling("journal.db-wal");
        switch (damage) {
            case FLIPPED_BITS -> flip(file, 4 * PAGE, Files.size(file), 5, random);
            case FLIPPED_FIRST_PAGES -> flip(file, 0, 4 * PAGE, 20, random);
            case TRUNCATED -> truncate(file, random);
            case GARBAGE -> {
                garbage(file, random);
                Files.delete(log); // which has those pages as well
            }
            case EMPTY -> Files.write(file, new byte[0]);
            case MISSING -> Files.delete(file);
            case DUPLICATED_PAGE -> page(file, file, random);
            case FOREIGN_PAGE -> page(foreign, file, random);
            case LOG_WITH_FLIPPED_BITS -> flip(log, 0, Files.size(log), 5, random);
            case LOG_TRUNCATED -> truncate(log, random);
            case LOG_GARBAGE -> garbage(log, random);
            case LOG_MISSING -> Files.delete(log);
            case LOG_FOREIGN -> Files.copy(foreignLog, log, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static void flip(Path file, long from, long to, int bits, Random random) throws IOException {
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            for (int i = 0; i < bits; i++) {
                long position = from + (long) (random.nextDouble() * (to - from));
                bytes.seek(position);
                int old = bytes.read();
                bytes.seek(position);
                bytes.write(old ^ (1 << random.nextInt(8)));
            }
        }
    }

    private static void truncate(Path file, Random random) throws IOException {
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.setLength((long) (random.nextDouble() * bytes.length()));
        }
    }

    private static void garbage(Path file, Random random) throws IOException {
        byte[] noise = new byte[2 * PAGE];
        random.nextBytes(noise);
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.write(noise);
        }
    }

    private static void page(Path from, Path to, Random random) throws IOException {
        byte[] page = new byte[PAGE];
        try (RandomAccessFile source = new RandomAccessFile(from.toFile(), "r");
                RandomAccessFile target = new RandomAccessFile(to.toFile(), "rw")) {
            int pages = (int) (Math.min(source.length(), target.length()) / PAGE);
            source.seek((long) PAGE * (8 + random.nextInt(pages - 8)));
            source.readFully(page);
            target.seek((long) PAGE * (8 + random.nextInt(pages - 8)));
            target.write(page);
        }
    }

    // ---- indexes

    /** Tables that are damaged in other tests: what is in them is lost with their first page. */
    private static final Set<String> LOST = Set.of("hotplex_session", "hotplex_event", "hotplex_turn");

    /** A page that is sound, in a place where it makes no sense: a look at each page for itself finds nothing. */
    @Test
    void anIndexThatBeginsWithAnotherPageIsMadeAnewAndNothingIsLost() throws Exception {
        Path sound = withOpenTurns();
        Map<String, Integer> roots = roots(sound);
        assertThat(roots).containsKeys("hotplex_open", "sqlite_autoindex_hotplex_event_1", "hotplex_damaged");
        for (String damaged : roots.keySet()) {
            if (!LOST.contains(damaged)) {
                anotherPage(sound, roots, "hotplex_turn", damaged);
            }
        }
        anotherPage(sound, roots, "sqlite_autoindex_hotplex_session_2", "hotplex_open"); // which finds too few
    }

    /**
     * SQLite's own check finds nothing then: no row is missing in the index, and what is too much in it is not looked
     * at.
     */
    @ParameterizedTest
    @ValueSource(strings = {"hotplex_meta", "sqlite_autoindex_hotplex_session_2"})
    void theIndexOfOpenTurnsMayBeginWithAnotherPageWhenNoneIsOpen(String other) throws Exception {
        copy(shared.resolve("ours"), dir);
        Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN)).close();
        copyRoot(dir, roots(dir), other, "hotplex_open");

        assertThat(serveAndGoOn(dir, other)).isEqualTo(SESSIONS * RECORDS);
        try (Journal journal = Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN))) {
            assertThat(journal.sessions()).hasSize(SESSIONS).allMatch(session -> session.openTurns() == 0);
            assertThat(journal.turns("s3")).isEmpty();
            accept(journal, "s3", "t1", other);
        }
    }

    private void anotherPage(Path sound, Map<String, Integer> roots, String other, String damaged) throws Exception {
        String what = damaged + " begins as " + other;
        Path state = dir.resolve(what);
        copy(sound, state);
        copyRoot(state, roots, other, damaged);

        assertThat(serveAndGoOn(state, what)).as(what).isEqualTo(SESSIONS * RECORDS);
        try (Journal journal = Journals.open(Journals.sqlite(state, Acknowledgement.WRITTEN))) {
            assertThat(journal.sessions()).as(what).hasSize(SESSIONS);
            for (int s = 0; s < SESSIONS; s++) {
                assertThat(journal.turns("s" + s)).as(what).hasSize(2).allMatch(StoredTurn::waits);
                accept(journal, "s" + s, "t3", what);
            }
        }
    }

    @Test
    void aTableThatIsMissingTakesNoOtherWithIt() throws Exception {
        Path state = withOpenTurns();
        try (Connection connection = connect(state)) {
            Dialect.execute(connection, "DROP TABLE hotplex_turn");
        }
        assertThat(serveAndGoOn(state, "no turns")).isEqualTo(SESSIONS * RECORDS);
        try (Journal journal = Journals.open(Journals.sqlite(state, Acknowledgement.WRITTEN))) {
            assertThat(journal.sessions()).hasSize(SESSIONS);
            accept(journal, "s0", "t1", "no turns");
        }
    }

    /** The first page, and some in the middle, however far the numbers of rows are apart: all others are read. */
    @ParameterizedTest
    @CsvSource({
        "20, rowid",
        "2, rowid",
        "20, rowid + 1000000",
        "2, rowid * 100000",
        "20, rowid + 1000000 * (rowid > 600) + 100000 * MAX(0; MIN(rowid; 1000) - 600)"
    })
    void pagesOfEventsThatCannotBeReadTakeNoOthersWithThem(int each, String row) throws Exception {
        Path state = withOpenTurns();
        try (Connection connection = connect(state)) {
            Dialect.execute(connection, "UPDATE hotplex_event SET rowid = " + row.replace(';', ','));
        }
        int lost = damageLeaves(state, roots(state), "hotplex_event", each);
        int left = SESSIONS * RECORDS - lost;
        assertThat(lost).isBetween(SESSIONS * RECORDS / each / 2, SESSIONS * RECORDS / each * 2);
        assertThat(serveAndGoOn(state, row)).isEqualTo(left);
        assertThat(serveAndGoOn(state, "again")).isEqualTo(left + SESSIONS);
    }

    private Path withOpenTurns() throws Exception {
        Path state = dir.resolve("turns");
        copy(shared.resolve("ours"), state);
        try (Journal journal = Journals.open(Journals.sqlite(state, Acknowledgement.WRITTEN))) {
            for (int s = 0; s < SESSIONS; s++) {
                accept(journal, "s" + s, "t1", "turns");
                accept(journal, "s" + s, "t2", "turns");
            }
        }
        return state;
    }

    private static void accept(Journal journal, String session, String turn, String what) {
        CompletableFuture<Boolean> safe = new CompletableFuture<>();
        SessionLog log = journal.open(session);
        log.accept(StoredTurn.accepted(turn, Prompt.of("of " + session), WRITTEN_AT), () -> safe.complete(true));
        await(what).atMost(Duration.ofSeconds(20)).until(safe::isDone);
        log.close();
    }

    /** Where tables and indexes begin. */
    private static Map<String, Integer> roots(Path state) throws SQLException {
        Map<String, Integer> roots = new LinkedHashMap<>();
        try (Connection connection = connect(state);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT name, rootpage FROM sqlite_master")) {
            while (rows.next()) {
                roots.put(rows.getString(1), rows.getInt(2));
            }
        }
        return roots;
    }

    /** Damages some of the leaves of a table or an index, not the last one, and counts what is on them; again mends. */
    private static int damageLeaves(Path state, Map<String, Integer> roots, String of, int each) throws IOException {
        try (RandomAccessFile file =
                new RandomAccessFile(state.resolve("journal/journal.db").toFile(), "rw")) {
            long root = (long) PAGE * (Objects.requireNonNull(roots.get(of)) - 1);
            file.seek(root + 3);
            int leaves = file.readUnsignedShort();
            assertThat(leaves).isGreaterThan(2);
            int entries = 0;
            for (int i = 0; i < leaves; i += each) {
                file.seek(root + 12 + 2L * i);
                file.seek(root + file.readUnsignedShort());
                long leaf = (long) PAGE * (file.readInt() - 1);
                file.seek(leaf);
                int kind = file.read();
                file.seek(leaf);
                file.write(kind ^ 0x70); // no kind of page
                file.seek(leaf + 3);
                entries += file.readUnsignedShort();
            }
            return entries;
        }
    }

    private static void copyRoot(Path state, Map<String, Integer> roots, String from, String to) throws IOException {
        try (RandomAccessFile file =
                new RandomAccessFile(state.resolve("journal/journal.db").toFile(), "rw")) {
            byte[] page = new byte[PAGE];
            file.seek((long) PAGE * (Objects.requireNonNull(roots.get(from)) - 1));
            file.readFully(page);
            file.seek((long) PAGE * (Objects.requireNonNull(roots.get(to)) - 1));
            file.write(page);
        }
    }

    // ---- rows

    /** What is done to the row of the session s3, whose file is sound otherwise. */
    private enum RowDamage {
        NAME("id = 's33'", true, true),
        OTHERS_NAME("id = 'S3'", true, true),
        NO_NAME("id = CAST(X'00' AS TEXT)", true, true),
        OLDEST("oldest = 100", true, true),
        NEWEST("newest = newest + 7", true, true),
        NEGATIVE_NEWEST("newest = -1", true, true),
        BYTES("bytes = 1", true, true),
        CLOSED("closed = 1", true, true),
        STATE("state = CAST(replace(CAST(state AS TEXT), '/work', '/wxrk') AS BLOB)", false, true),
        STATE_IS_NOTHING("state = X'00'", false, true),
        ROW_AND_STATE("id = 's33', state = X'7B7D'", false, false);

        final String change;
        /** Whether it is known as before. */
        final boolean whole;
        /** Whether its events are served under its name. */
        final boolean served;

        RowDamage(String change, boolean whole, boolean served) {
            this.change = change;
            this.whole = whole;
            this.served = served;
        }
    }

    private static Connection connect(Path state) throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:" + state.resolve("journal/journal.db"));
    }

    @ParameterizedTest
    @EnumSource(RowDamage.class)
    void aRowThatIsDamagedIsMendedOrPutAsideAndEveryOtherSessionIsServed(RowDamage damage) throws Exception {
        copy(shared.resolve("ours"), dir);
        Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN)).close();
        StoredSession before;
        try (Journal journal = Journals.open(Journals.readOnly(dir))) {
            before = journal.session("s3").orElseThrow();
        }
        try (Connection connection = connect(dir)) {
            Dialect.execute(
                    connection,
                    "INSERT INTO hotplex_turn(sess, turn, accepted, started) SELECT sess, 'open', 1, 1"
                            + " FROM hotplex_session WHERE id = 's3'");
            Dialect.execute(connection, "UPDATE hotplex_session SET " + damage.change + " WHERE id = 's3'");
        }
        try (Journal journal = Journals.open(Journals.readOnly(dir))) {
            assertThat(journal.sessions()).as("only read").hasSize(damage.whole ? SESSIONS : SESSIONS - 1);
        }
        for (int time = 0; time < 2; time++) {
            try (Journal journal = Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN))) {
                assertThat(journal.sessions()).hasSize(damage.whole ? SESSIONS : SESSIONS - 1);
                for (int s = 0; s < SESSIONS; s++) {
                    assertThat(journal.read("s" + s, 0, RECORDS)).hasSize(s == 3 && !damage.served ? time : RECORDS);
                }
                assertThat(journal.read("s33", 0, 1)).isEmpty();
                assertThat(journal.session("s3")).isEqualTo(damage.whole ? withOneTurn(before) : Optional.empty());
                assertThat(journal.turns("s3").stream().filter(turn -> turn.result() == null))
                        .as("a turn that nobody can run or end has ended")
                        .hasSize(damage.whole ? 1 : 0);
                long next = journal.open("s3")
                        .append(null, Instant.now(), text("text"))
                        .offset();
                assertThat(next)
                        .isEqualTo(damage.whole ? RECORDS + 1 + time : damage.served ? RECORDS + 2 + time : 1 + time);
            }
            before = new StoredSession(before.state(), 1, before.newest() + 1, before.openTurns());
        }
        try (Connection connection = connect(dir)) {
            assertThat(Dialect.one(connection, "SELECT COUNT(*) FROM hotplex_damaged"))
                    .as("put aside once")
                    .isEqualTo(damage.whole ? 0 : 1);
        }
    }

    private static Optional<StoredSession> withOneTurn(StoredSession before) {
        return Optional.of(new StoredSession(before.state(), before.oldest(), before.newest(), 1));
    }

    @Test
    void aPromptThatIsDamagedIsNotRun() throws Exception {
        try (Journal journal = Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN))) {
            SessionLog log = journal.open("s");
            log.save(JournalStates.quiet("s", 0));
            log.accept(StoredTurn.accepted("t1", Prompt.of("delete ./build"), Instant.now()), () -> {});
            log.accept(StoredTurn.accepted("t2", Prompt.of("and then test"), Instant.now()), () -> {});
        }
        try (Connection connection = connect(dir)) {
            Dialect.execute(
                    connection,
                    "UPDATE hotplex_turn SET prompt = CAST(replace(CAST(prompt AS TEXT), './', ' /') AS BLOB)");
        }
        try (Journal journal = Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN))) {
            assertThat(journal.turns("s")).extracting(StoredTurn::turnId).containsExactly("t1", "t2");
            assertThat(journal.turns("s")).extracting(StoredTurn::waits).containsExactly(false, true);
        }
    }

    /** Of the newest session, which had no events: one of the two tables alone says that its key was given. */
    @ParameterizedTest
    @ValueSource(strings = {"hotplex_turn", "hotplex_damaged"})
    void theKeyOfASessionThatWasPutAsideIsNotGivenAgain(String left) throws Exception {
        try (Journal journal = Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN))) {
            SessionLog log = journal.open("s");
            log.save(JournalStates.quiet("s", 0));
            log.accept(StoredTurn.accepted("t1", Prompt.of("of somebody else"), Instant.now()), () -> {});
        }
        try (Connection connection = connect(dir)) {
            Dialect.execute(connection, "UPDATE hotplex_session SET id = 'x', state = X'00'");
            Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN)).close();
            String other = left.equals("hotplex_turn") ? "hotplex_damaged" : "hotplex_turn";
            Dialect.execute(connection, "DELETE FROM " + other);
        }
        try (Journal journal = Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN))) {
            journal.open("next").save(JournalStates.quiet("next", 0));
        }
        try (Journal journal = Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN))) {
            assertThat(journal.sessions()).hasSize(1);
            assertThat(journal.turns("next")).as("what waited in the other one").isEmpty();
            assertThat(journal.delete("next")).isTrue();
        }
        try (Connection connection = connect(dir)) {
            assertThat(Dialect.one(connection, "SELECT COUNT(*) FROM " + left)).isEqualTo(1);
        }
    }

    @Test
    void whatWasPutAsideGoesWithTheSessionOrWhenItIsTooOld() throws Exception {
        copy(shared.resolve("ours"), dir);
        Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN)).close();
        try (Connection connection = connect(dir)) {
            Dialect.execute(connection, "UPDATE hotplex_session SET state = X'00' WHERE id IN ('s1', 's2')");
            Dialect.execute(connection, "UPDATE hotplex_session SET state = X'00', id = 'x' WHERE id = 's3'");
        }
        try (Journal journal = Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN))) {
            assertThat(journal.delete("s1")).isTrue();
        }
        try (Connection connection = connect(dir)) {
            assertThat(Dialect.one(connection, "SELECT COUNT(*) FROM hotplex_damaged"))
                    .isEqualTo(2);
            assertThat(Dialect.one(connection, "SELECT COUNT(*) FROM hotplex_event"))
                    .isEqualTo(7 * RECORDS);
            Dialect.execute(connection, "UPDATE hotplex_damaged SET found = 1");
            try (Journal journal = Journals.open(Journals.keeping(dir, MONTH))) {
                assertThat(journal.sessions()).hasSize(SESSIONS - 3);
                await().atMost(Duration.ofSeconds(20))
                        .until(() ->
                                Objects.equals(Dialect.one(connection, "SELECT COUNT(*) FROM hotplex_damaged"), 0L));
            }
            assertThat(Dialect.one(connection, "SELECT COUNT(*) FROM hotplex_event"))
                    .isEqualTo(6 * RECORDS);
        }
    }

    /** Of a file that is too large to be looked through before it is used: what a start needs is looked at anyway. */
    @ParameterizedTest
    @ValueSource(strings = {"hotplex_session", "hotplex_open", "sqlite_autoindex_hotplex_event_1"})
    void aLargeFileWhoseSessionsCannotBeFoundIsPutAside(String damaged) throws Exception {
        Path state = withOpenTurns();
        Map<String, Integer> roots = roots(state);
        makeLarge(state);
        copyRoot(state, roots, "hotplex_turn", damaged);
        boolean sessions = damaged.equals("hotplex_session");
        assertThat(serveAndGoOn(state, damaged)).isEqualTo(sessions ? 0 : SESSIONS * RECORDS);
        try (Journal journal = Journals.open(Journals.sqlite(state, Acknowledgement.WRITTEN))) {
            assertThat(journal.sessions()).hasSize(sessions ? 0 : SESSIONS);
            assertThat(journal.turns("s3")).hasSize(sessions ? 0 : 2);
        }
        assertThat(names(state)).anyMatch(name -> name.startsWith("journal.db.damaged-"));
    }

    private static void makeLarge(Path state) throws SQLException {
        try (Connection connection = connect(state)) {
            Dialect.execute(
                    connection, "INSERT INTO hotplex_damaged(found, sess, state) VALUES (1, 0, zeroblob(70000000))");
        }
    }

    // ---- later

    @Test
    void whatAReaderFindsDamagedIsRepairedByTheNextStartAndNothingIsLost() throws Exception {
        Path state = withOpenTurns();
        Map<String, Integer> roots = roots(state);
        makeLarge(state);
        damageLeaves(state, roots, "sqlite_autoindex_hotplex_event_1", 1);
        for (int time = 0; time < 2; time++) { // to look into it repairs nothing
            try (Journal journal = Journals.open(Journals.readOnly(state))) {
                assertThatThrownBy(() -> journal.read("s0", 0, 10)).isInstanceOf(HotPlexException.class);
            }
        }
        try (Journal journal = Journals.open(Journals.sqlite(state, Acknowledgement.WRITTEN))) {
            assertThat(journal.sessions()).hasSize(SESSIONS);
            assertThatThrownBy(() -> journal.read("s0", 0, 10))
                    .isInstanceOfSatisfying(
                            HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.JOURNAL_UNAVAILABLE));
        }
        assertThat(serveAndGoOn(state, "large")).isEqualTo(SESSIONS * RECORDS);
        assertThat(names(state)).anyMatch(name -> name.startsWith("journal.db.damaged-"));
        assertThat(names(state)).doesNotContain("journal.suspect");
    }

    @Test
    void theNextStartLooksThroughAFileThatAWriteFoundDamaged() throws Exception {
        Path state = withOpenTurns();
        Map<String, Integer> roots = roots(state);
        makeLarge(state);
        damageLeaves(state, roots, "sqlite_autoindex_hotplex_event_1", 1);
        try (Journal journal = Journals.open(Journals.sqlite(state, Acknowledgement.WRITTEN))) {
            SessionLog log = journal.open("s0");
            log.append(null, WRITTEN_AT, text("text 201 x"));
            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThatThrownBy(journal::checkWritable)
                            .hasMessageContaining("restart the engine, which repairs it"));
            assertThat(names(state)).contains("journal.suspect");
            damageLeaves(state, roots, "sqlite_autoindex_hotplex_event_1", 1); // the disk comes to its senses
            await().atMost(Duration.ofSeconds(20)).until(() -> log.newest() == RECORDS + 1);
        }
        assertThat(names(state)).contains("journal.suspect");
        assertThat(serveAndGoOn(state, "sound")).isEqualTo(SESSIONS * RECORDS + 1);
        assertThat(names(state)).noneMatch(name -> name.contains("suspect") || name.contains("damaged"));
    }

    @Test
    void aRepairForWhichThereIsNoRoomIsDoneByALaterStart() throws Exception {
        Path state = withOpenTurns();
        copyRoot(state, roots(state), "hotplex_turn", "hotplex_open");
        try (FaultyDriver disk = FaultyDriver.install()) {
            AtomicInteger rows = new AtomicInteger();
            disk.set(point ->
                    point == FaultyDriver.Point.STATEMENT && rows.incrementAndGet() > 500 ? FaultyDriver.FULL : 0);
            refused(state);
        }
        assertThat(names(state)).noneMatch(name -> name.startsWith("journal.db."));
        assertThat(serveAndGoOn(state, "room")).isEqualTo(SESSIONS * RECORDS);
    }

    /** By another process, or since there is no memory: nothing is lost of what is read by the next start. */
    @ParameterizedTest
    @ValueSource(ints = {5, 7})
    void aRepairThatCannotReadForNoFaultOfTheFileIsDoneByALaterStart(int code) throws Exception {
        Path state = withOpenTurns();
        copyRoot(state, roots(state), "hotplex_turn", "hotplex_open");
        try (FaultyDriver disk = FaultyDriver.install()) {
            disk.ask(sql -> {
                if (sql.startsWith("SELECT rowid, * FROM hotplex_event")) {
                    throw new SQLException("planted", "", code);
                }
                return sql;
            });
            refused(state);
        }
        assertThat(names(state)).noneMatch(name -> name.startsWith("journal.db."));
        assertThat(serveAndGoOn(state, "read")).isEqualTo(SESSIONS * RECORDS);
        assertThat(names(state)).anyMatch(name -> name.startsWith("journal.db.damaged-"));
    }

    @ParameterizedTest
    @CsvSource({
        "Tree 7 page 7: unable to get the page. error code=266, false",
        "Freelist: failed to get page 9, false",
        "Tree 7 page 7: unable to get the page. error code=779, true",
        "Tree 7 page 7: btreeInitPage() returns error code 11, true"
    })
    void aPageThatTheDiskDoesNotGiveDoesNotPutTheFileAside(String found, boolean aside) throws Exception {
        Path state = withOpenTurns();
        try (FaultyDriver disk = FaultyDriver.install()) {
            disk.ask(sql -> sql.contains("_check(") ? "SELECT '" + found + "'" : sql);
            if (aside) {
                Journals.open(Journals.sqlite(state, Acknowledgement.WRITTEN)).close();
            } else {
                refused(state);
            }
        }
        assertThat(names(state).stream().anyMatch(name -> name.startsWith("journal.db.damaged-")))
                .isEqualTo(aside);
        assertThat(serveAndGoOn(state, found)).isEqualTo(SESSIONS * RECORDS);
    }

    private static void refused(Path state) {
        assertThatThrownBy(() -> Journals.open(Journals.sqlite(state, Acknowledgement.WRITTEN)))
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.JOURNAL_UNAVAILABLE));
    }

    /** Before the first file was put aside, after it, and where its name was given before. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void aRepairThatWasEndedBeforeItsFileHadItsPlaceIsCompleted(int when) throws Exception {
        Path state = withOpenTurns();
        Path file = state.resolve("journal/journal.db");
        Path ready = file.resolveSibling("journal.db.ready");
        Files.move(file, ready);
        Files.setLastModifiedTime(ready, FileTime.from(WRITTEN_AT));
        Path aside = file.resolveSibling("journal.db.damaged-" + WRITTEN_AT.toEpochMilli());
        Files.write(when == 1 ? aside : file, new byte[3 * PAGE]);
        if (when == 2) {
            Files.write(aside, new byte[1]);
            aside = file.resolveSibling("journal.db.damaged-" + (WRITTEN_AT.toEpochMilli() + 1));
        }
        Files.write(file.resolveSibling("journal.db-wal"), new byte[PAGE]);
        assertThat(serveAndGoOn(state, "completed")).isEqualTo(SESSIONS * RECORDS);
        assertThat(aside).hasSize(3 * PAGE);
        assertThat(aside.resolveSibling(aside.getFileName() + "-wal")).hasSize(PAGE);
        assertThat(names(state).stream().filter(name -> name.contains("damaged")))
                .hasSize(when == 2 ? 3 : 2);
    }

    /** A reader keeps pages in the log, so that the file is shorter than it will be. */
    @Test
    void aFileWhoseLogIsInUseIsNotTakenForOneThatIsTooShort() throws Exception {
        copy(shared.resolve("ours"), dir);
        try (FaultyDriver disk = FaultyDriver.install()) {
            disk.ask(sql -> sql.contains("wal_checkpoint") ? "SELECT 1, 0, 0" : sql);
            assertThat(serveAndGoOn(dir, "in use")).isEqualTo(SESSIONS * RECORDS);
        }
        assertThat(names(dir)).noneMatch(name -> name.contains("damaged"));
    }

    private static List<String> names(Path state) throws IOException {
        try (Stream<Path> files = Files.list(state.resolve("journal"))) {
            return files.map(path -> path.getFileName().toString()).toList();
        }
    }

    // ---- versions

    /** A journal of the first version, whose rows had no checksums. */
    @Test
    void anOlderJournalIsBroughtUpToDateAndNothingIsLost() throws Exception {
        copy(shared.resolve("ours"), dir);
        Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN)).close();
        try (Connection connection = connect(dir)) {
            Dialect.execute(connection, "DROP TABLE hotplex_damaged");
            Dialect.execute(connection, "DROP INDEX hotplex_open");
            for (String column : new String[] {"session DROP COLUMN crc", "session DROP COLUMN state_crc"}) {
                Dialect.execute(connection, "ALTER TABLE hotplex_" + column);
            }
            Dialect.execute(connection, "ALTER TABLE hotplex_turn DROP COLUMN crc");
            connection.setAutoCommit(true);
            Schema.set(connection, "schema", 1);
        }
        assertThatThrownBy(() -> Journals.open(Journals.readOnly(dir)))
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.JOURNAL_INCOMPATIBLE));
        try (Journal journal = Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN))) {
            assertThat(journal.sessions()).hasSize(SESSIONS);
        }
        assertThat(serveAndGoOn(dir, "older")).isEqualTo(SESSIONS * RECORDS);
    }
}
