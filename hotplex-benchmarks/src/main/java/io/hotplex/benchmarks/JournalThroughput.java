package io.hotplex.benchmarks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.EventSchema;
import io.hotplex.api.Prompt;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.SessionStats;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalConfig;
import io.hotplex.api.spi.JournalConfig.Acknowledgement;
import io.hotplex.api.spi.JournalConfig.Retention;
import io.hotplex.api.spi.LogListener;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.api.spi.SessionState;
import io.hotplex.api.spi.StoredTurn;
import io.hotplex.core.MemoryJournal;
import io.hotplex.journal.jdbc.JdbcJournalProvider;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * What does a durable journal cost, compared with a plain append of the same bytes to a file, and with the journal in
 * memory?
 *
 * <p>One thread appends text deltas of 200 characters to one session or to 64 in turn, as fast as it can until too much
 * waits to be written, with each promise. A run is over when readers see the last record. The plain append writes the
 * same JSON in pieces of 1,024 records, and with {@code synced} syncs each. Then the same at 10,000 a second, to see
 * how long a record takes until it is as safe as promised; then how fast a session is read from the file, how many
 * bytes a record takes, and how long opening takes with 10,000 sessions and 10 million events, after an orderly end and
 * after a kill. {@code -Dhotplex.benchmark.events} says how many events those have together; with {@code --postgresql}
 * the appends go there as well.
 */
final class JournalThroughput implements Benchmark {
    private static final Retention ALL =
            new Retention(Duration.ofDays(36_500), 1L << 50, 1L << 50, Long.MAX_VALUE >> 1);
    private static final long BACKLOG = 64 << 20;
    private static final double GOAL_PER_SECOND = 50_000;
    private static final double GOAL_OPEN_SECONDS = 2;
    /** The slowest counts. */
    private static final int OPENINGS = 3;

    private static final int RECORDS_IN_TURN = 100;
    private static final String TEXT = "x".repeat(200);
    private static final Acknowledgement[] SAFE = {Acknowledgement.WRITTEN, Acknowledgement.SYNCED};

    /** A record as a line of JSON. */
    private static final byte[] PLAIN = plain();

    private static byte[] plain() {
        try {
            return new ObjectMapper()
                    .writeValueAsBytes(EventSchema.toMap(new EventRecord(
                            "s0", 1_000, 1_000, "01a2b3c4-0000-7000-8000-000000000000", Instant.now(), event())));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an event has a JSON form", e);
        }
    }

    @Override
    public String name() {
        return "journal";
    }

    @Override
    public String question() {
        return "What does a durable journal cost, against the one in memory?";
    }

    @Override
    public List<Result> run(Options options) throws Exception {
        int records = options.quick() ? 5_000 : 300_000;
        int rounds = options.quick() ? 1 : 3;
        List<Result> results = new ArrayList<>();
        for (int sessions : new int[] {1, 64}) {
            for (Acknowledgement level : Acknowledgement.values()) {
                results.add(throughput(sessions, level, records, rounds));
            }
            for (Acknowledgement level : SAFE) {
                results.add(latency(sessions, level, options.quick() ? 512 : 102_400));
            }
        }
        if (options.postgresql() != null) {
            for (int sessions : new int[] {1, 64}) {
                for (Acknowledgement level : SAFE) {
                    results.add(postgresql(options.postgresql(), sessions, level, records));
                }
            }
        }
        results.add(replay(records));
        int many = options.quick() ? 200 : 10_000;
        int events = options.quick() ? 1_000 : Integer.getInteger("hotplex.benchmark.events", 10_000_000);
        results.add(reopen(many, events / many));
        return results;
    }

    private static Result throughput(int sessions, Acknowledgement level, int records, int rounds) throws Exception {
        double best = 0;
        double plain = 0;
        double memory = 0;
        double bytes = 0;
        for (int round = 0; round < rounds; round++) {
            try (Journal journal = new MemoryJournal(256 << 20, 16 << 20)) {
                memory = Math.max(memory, append(journal, sessions, records));
            }
            try (Scratch scratch = new Scratch()) {
                plain = Math.max(plain, plain(scratch.root(), level, records));
            }
            try (Scratch scratch = new Scratch()) {
                try (Journal journal = sqlite(scratch.root(), level)) {
                    best = Math.max(best, append(journal, sessions, records));
                }
                bytes = size(scratch.root()) / (double) records;
            }
        }
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("inMemory", memory);
        details.put("bytesPerEvent", bytes);
        details.put("plainBytesPerEvent", PLAIN.length);
        return new Result(
                "events/s, " + sessions + " sessions, " + level,
                "1/s",
                best,
                plain,
                level == Acknowledgement.WRITTEN && sessions == 64
                        ? new Result.Goal("at least 50,000/s", best >= GOAL_PER_SECOND)
                        : null,
                details);
    }

    /** The bytes of as many records, appended to a file in pieces; returns records per second. */
    private static double plain(Path directory, Acknowledgement level, int records) throws IOException {
        int inPiece = 1024;
        ByteBuffer piece = ByteBuffer.allocateDirect(inPiece * PLAIN.length);
        for (int i = 0; i < inPiece; i++) {
            piece.put(PLAIN);
        }
        long start = System.nanoTime();
        try (FileChannel file =
                FileChannel.open(directory.resolve("plain"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (int i = 0; i < records; i += inPiece) {
                piece.rewind().limit(Math.min(inPiece, records - i) * PLAIN.length);
                while (piece.hasRemaining()) {
                    file.write(piece);
                }
                if (level == Acknowledgement.SYNCED) {
                    file.force(false);
                }
            }
        }
        return records / ((System.nanoTime() - start) / 1e9);
    }

    /** In a database server, against the journal in memory. */
    private static Result postgresql(String url, int sessions, Acknowledgement level, int records) throws Exception {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement()) {
            for (String table : List.of("meta", "session", "event", "turn", "damaged")) {
                statement.execute("DROP TABLE IF EXISTS hotplex_" + table);
            }
        }
        double memory;
        try (Journal journal = new MemoryJournal(256 << 20, 16 << 20)) {
            memory = append(journal, sessions, records);
        }
        JournalConfig config =
                new JournalConfig("postgresql", Path.of("unused"), url, false, level, BACKLOG, BACKLOG, ALL);
        try (Journal journal = new JdbcJournalProvider().open(config)) {
            return new Result(
                    "events/s, PostgreSQL, " + sessions + " sessions, " + level,
                    "1/s",
                    append(journal, sessions, records),
                    memory,
                    null,
                    Map.of());
        }
    }

    private static Journal sqlite(Path directory, Acknowledgement level) {
        return new JdbcJournalProvider()
                .open(new JournalConfig("sqlite", directory, null, false, level, BACKLOG, BACKLOG, ALL));
    }

    private static AgentEvent event() {
        return new AgentEvent.TextDelta("msg_01AbCdEfGh", 0, TEXT, null);
    }

    /** Appends; returns records per second. */
    private static double append(Journal journal, int sessions, int records) throws InterruptedException {
        SessionLog[] logs = new SessionLog[sessions];
        CountDownLatch done = new CountDownLatch(sessions);
        long each = records / sessions;
        Object relief = new Object();
        for (int i = 0; i < sessions; i++) {
            logs[i] = journal.open("s" + i, new LogListener() {
                @Override
                public void readable(long newest) {
                    if (newest == each) {
                        done.countDown();
                    }
                }

                @Override
                public void relieved() {
                    synchronized (relief) {
                        relief.notifyAll();
                    }
                }
            });
        }
        long start = System.nanoTime();
        for (long i = 0; i < each; i++) {
            for (SessionLog log : logs) {
                log.append("01a2b3c4-0000-7000-8000-000000000000", Instant.now(), event());
            }
            if (logs[0].backlogged()) {
                synchronized (relief) {
                    relief.wait(100);
                }
            }
        }
        if (!done.await(5, TimeUnit.MINUTES)) {
            throw new IllegalStateException("the journal did not write everything");
        }
        return each * sessions / ((System.nanoTime() - start) / 1e9);
    }

    /** How long a record takes until readers see it, at a steady rate. */
    private static Result latency(int sessions, Acknowledgement level, int records) throws Exception {
        Samples samples = new Samples();
        try (Scratch scratch = new Scratch();
                Journal journal = sqlite(scratch.root(), level)) {
            CountDownLatch done = new CountDownLatch(sessions);
            List<ConcurrentLinkedQueue<Long>> due = new ArrayList<>();
            SessionLog[] logs = new SessionLog[sessions];
            for (int i = 0; i < sessions; i++) {
                ConcurrentLinkedQueue<Long> mine = new ConcurrentLinkedQueue<>();
                due.add(mine);
                long[] seen = new long[1];
                logs[i] = journal.open(
                        "s" + i,
                        newest -> { // the writer's thread alone
                            for (; seen[0] < newest; seen[0]++) {
                                samples.add(System.nanoTime() - mine.remove());
                            }
                            if (newest == records / sessions) {
                                done.countDown();
                            }
                        });
            }
            long period = TimeUnit.SECONDS.toNanos(1) / 10_000;
            long start = System.nanoTime();
            for (int i = 0; i < records; i++) {
                long planned = start + i * period;
                while (System.nanoTime() < planned) {
                    Thread.onSpinWait();
                }
                due.get(i % sessions).add(planned);
                logs[i % sessions].append(null, Instant.now(), event());
            }
            if (!done.await(1, TimeUnit.MINUTES)) {
                throw new IllegalStateException("the journal did not write everything");
            }
        }
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("p50Micros", samples.p50());
        details.put("p99Micros", samples.p99());
        return new Result(
                "acknowledgement at 10,000/s, p99 and p50, " + sessions + " sessions, " + level,
                "µs",
                samples.p99(),
                samples.p50(),
                null,
                details);
    }

    /** How fast a session is read, from the file and from memory, in megabytes of text a second. */
    private static Result replay(int records) throws Exception {
        double file;
        try (Scratch scratch = new Scratch()) {
            try (Journal journal = sqlite(scratch.root(), Acknowledgement.WRITTEN)) {
                append(journal, 1, records);
            }
            try (Journal journal = sqlite(scratch.root(), Acknowledgement.WRITTEN)) {
                file = read(journal.open("s0"), records);
            }
        }
        try (Journal journal = new MemoryJournal(1L << 30, 1L << 30)) {
            append(journal, 1, records);
            return new Result("replay of one session", "MB/s", file, read(journal.open("s0"), records), null, Map.of());
        }
    }

    private static double read(SessionLog log, int records) {
        long start = System.nanoTime();
        long last = 0;
        while (last < records) {
            last += log.read(last, 256).size();
        }
        return (double) records * TEXT.length() / 1e6 / ((System.nanoTime() - start) / 1e9);
    }

    /** How long opening takes with many sessions, compared with an empty journal. */
    private static Result reopen(int sessions, int recordsEach) throws Exception {
        double empty;
        try (Scratch scratch = new Scratch()) {
            sqlite(scratch.root(), Acknowledgement.WRITTEN).close();
            empty = openSeconds(scratch.root());
        }
        try (Scratch scratch = new Scratch()) {
            long start = System.nanoTime();
            try (Journal journal = sqlite(scratch.root(), Acknowledgement.WRITTEN)) {
                for (int i = 0; i < sessions; i++) {
                    fill(journal, "s" + i, recordsEach);
                }
            }
            Map<String, Object> details = new LinkedHashMap<>();
            details.put("events", (long) sessions * recordsEach);
            details.put("fillSeconds", (System.nanoTime() - start) / 1e9);
            details.put("bytes", size(scratch.root()));
            double seconds = 0;
            double killed = 0;
            for (int round = 0; round < OPENINGS; round++) {
                seconds = Math.max(seconds, openSeconds(scratch.root()));
                asAfterAKill(scratch.root());
                killed = Math.max(killed, openSeconds(scratch.root()));
            }
            details.put("afterAKillSeconds", killed);
            return new Result(
                    "opening with " + sessions + " sessions, against none",
                    "s",
                    seconds,
                    empty,
                    new Result.Goal("at most 2 s", seconds <= GOAL_OPEN_SECONDS && killed <= GOAL_OPEN_SECONDS),
                    details);
        }
    }

    /**
     * One session after the other, as prompts and their answers: in the order of the file, which is many times as fast
     * as all sessions in turn, and makes no difference to who opens it.
     */
    private static void fill(Journal journal, String id, int records) throws InterruptedException {
        CountDownLatch written = new CountDownLatch(1);
        AgentEvent delta = event();
        AgentEvent started = new AgentEvent.TurnStarted(AgentEvent.Origin.PROMPT, null, TEXT);
        AgentEvent completed =
                new AgentEvent.TurnCompleted(TEXT, TokenUsage.ZERO, 0.01, Duration.ofSeconds(1), "end_turn", null);
        try (SessionLog log = journal.open(id, newest -> {
            if (newest == records) {
                written.countDown();
            }
        })) {
            log.save(state(id, 0));
            for (int i = 0; i < records; i++) {
                int inTurn = i % RECORDS_IN_TURN;
                String turn = "01a2b3c4-0000-7000-8000-" + (1_000_000 + i - inTurn);
                if (inTurn == 0) {
                    log.accept(StoredTurn.accepted(turn, Prompt.of(TEXT), Instant.now()), () -> {});
                }
                boolean last = inTurn == RECORDS_IN_TURN - 1 || i == records - 1;
                log.append(turn, Instant.now(), inTurn == 0 ? started : last ? completed : delta);
            }
            log.save(state(id, records));
            if (!log.backlogged()) {
                return; // it is written while the next one is made
            }
            if (!written.await(1, TimeUnit.MINUTES)) {
                throw new IllegalStateException("the journal did not write everything");
            }
        }
    }

    private static void asAfterAKill(Path directory) throws SQLException {
        try (Connection connection =
                        DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("journal/journal.db"));
                Statement statement = connection.createStatement()) {
            statement.execute("UPDATE hotplex_meta SET value = 0 WHERE name = 'clean'");
        }
    }

    /** Opens the journal and learns of all sessions, as an engine does when it starts. */
    private static double openSeconds(Path directory) {
        long start = System.nanoTime();
        try (Journal journal = sqlite(directory, Acknowledgement.WRITTEN)) {
            journal.sessions();
            return (System.nanoTime() - start) / 1e9;
        }
    }

    private static SessionState state(String id, long offset) {
        SessionSpec spec =
                SessionSpec.builder(id, Path.of("/work")).provider("claude").build();
        return new SessionState(
                spec,
                spec,
                id,
                true,
                1,
                null,
                List.of(),
                new SessionStats(
                        id,
                        1,
                        0,
                        Duration.ZERO,
                        Duration.ZERO,
                        Duration.ZERO,
                        Duration.ZERO,
                        TokenUsage.ZERO,
                        0,
                        0,
                        List.of(),
                        List.of(),
                        null),
                offset,
                Instant.EPOCH,
                false,
                null);
    }

    private static long size(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            long sum = 0;
            for (Path file : files.filter(f -> f.getFileName().toString().startsWith("journal.db"))
                    .toList()) {
                sum += Files.size(file);
            }
            return sum;
        }
    }
}
