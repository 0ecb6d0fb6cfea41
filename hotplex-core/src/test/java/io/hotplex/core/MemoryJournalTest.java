package io.hotplex.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.spi.SessionLog;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class MemoryJournalTest {
    private static final Instant NOW = Instant.EPOCH;

    private static AgentEvent text(int length) {
        return new AgentEvent.TextDelta("m", 0, "x".repeat(length), null);
    }

    private static List<EventRecord> readAll(SessionLog log) {
        List<EventRecord> all = new ArrayList<>();
        long position = log.oldest() - 1;
        for (List<EventRecord> next = log.read(position, 7); !next.isEmpty(); next = log.read(position, 7)) {
            all.addAll(next);
            position = all.get(all.size() - 1).offset();
        }
        return all;
    }

    @Test
    void numbersRecordsFromOneAndReadsThemInOrder() {
        try (MemoryJournal journal = new MemoryJournal(1 << 20, 1 << 20)) {
            SessionLog log = journal.open("s");
            assertThat(log.newest()).isZero();
            assertThat(log.oldest()).isEqualTo(1);
            assertThat(log.read(0, 10)).isEmpty();

            for (int i = 0; i < 1000; i++) {
                assertThat(log.append("t", NOW, text(1)).offset()).isEqualTo(i + 1);
            }

            assertThat(log.read(0, 5000)).hasSize(1000);
            assertThat(log.read(254, 4)).extracting(EventRecord::offset).containsExactly(255L, 256L, 257L, 258L);
            assertThat(log.read(1000, 4)).isEmpty();
            assertThat(log.read(0, 0)).isEmpty();
            assertThat(journal.bytes()).isEqualTo(98_000);
            assertThat(journal.open("s")).isSameAs(log);
        }
    }

    @Test
    void evictsTheOldestRecordsOfASessionThatHoldsTooMuch() {
        try (MemoryJournal journal = new MemoryJournal(1 << 20, 100_000)) {
            SessionLog log = journal.open("s");

            for (int i = 0; i < 10_000; i++) {
                log.append(null, NOW, text(4));
                assertThat(journal.bytes()).isLessThanOrEqualTo(100_000);
            }

            assertThat(log.newest()).isEqualTo(10_000);
            assertThat(log.oldest()).isBetween(9_000L, 9_100L);
            assertThat(log.read(0, 1).get(0).offset()).isEqualTo(log.oldest());
            assertThat(readAll(log)).hasSize((int) (10_001 - log.oldest()));
        }
    }

    @Test
    void keepsTheNewestRecordHoweverLarge() {
        try (MemoryJournal journal = new MemoryJournal(10_000, 10_000)) {
            SessionLog log = journal.open("s");
            log.append(null, NOW, text(1));

            log.append(null, NOW, text(50_000));

            assertThat(readAll(log)).extracting(EventRecord::offset).containsExactly(2L);
            log.append(null, NOW, text(1));
            assertThat(readAll(log)).extracting(EventRecord::offset).containsExactly(3L);
        }
    }

    @Test
    void evictsWhatIsOldestOfAllSessionsWhenTheyHoldTooMuchTogether() {
        try (MemoryJournal journal = new MemoryJournal(400_000, 200_000)) {
            SessionLog quiet = journal.open("quiet");
            for (int i = 0; i < 100; i++) {
                quiet.append(null, NOW, text(4));
            }
            SessionLog late = journal.open("late");

            for (int s = 0; s < 4; s++) {
                SessionLog log = journal.open("busy" + s);
                for (int i = 0; i < 3_000; i++) {
                    log.append(null, NOW, text(4));
                    assertThat(journal.bytes()).isLessThanOrEqualTo(400_000);
                }
            }
            late.append(null, NOW, text(4));

            assertThat(readAll(quiet)).extracting(EventRecord::offset).containsExactly(100L);
            assertThat(readAll(late)).hasSize(1);
            assertThat(journal.open("busy3").oldest()).isLessThan(1_150);
        }
    }

    @Test
    void aClosedLogStaysReadableButIsNotCountedAnyMore() {
        try (MemoryJournal journal = new MemoryJournal(1 << 20, 1 << 20)) {
            SessionLog log = journal.open("s");
            log.append(null, NOW, text(1));

            log.close();
            log.close();

            assertThat(journal.bytes()).isZero();
            assertThat(readAll(log)).hasSize(1);
            assertThatIllegalStateException().isThrownBy(() -> log.append(null, NOW, text(1)));
            assertThat(journal.open("s").newest()).isZero();
        }
    }

    @Test
    void refusesSenselessBoundsAndUseAfterClose() {
        assertThatIllegalArgumentException().isThrownBy(() -> new MemoryJournal(10, 20));
        MemoryJournal journal = MemoryJournal.of(EngineConfig.builder().build());
        journal.close();
        assertThatIllegalStateException().isThrownBy(() -> journal.open("s"));
    }

    @Test
    void anIdleSessionWithFewEventsCostsLittle() {
        var memory = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        AgentEvent event = text(1);
        int sessions = 1_000;
        String[] ids = new String[sessions];
        for (int i = 0; i < sessions; i++) {
            ids[i] = "session-" + i;
        }
        try (MemoryJournal journal = new MemoryJournal(1 << 20, 1 << 20)) {
            long before = memory.getCurrentThreadAllocatedBytes();

            for (String id : ids) {
                SessionLog log = journal.open(id);
                for (int i = 0; i < 5; i++) {
                    log.append(null, NOW, event);
                }
            }

            // all that was allocated, so at least what is kept: log, locks, segment, slots, and five records
            assertThat((memory.getCurrentThreadAllocatedBytes() - before) / sessions)
                    .isLessThan(1_500);
        }
    }

    @ParameterizedTest(name = "bounds for {0} records")
    @ValueSource(ints = {3, 40, 5_000})
    void concurrentReadersSeeNoHoleExceptAJumpToTheOldest(int records) throws Exception {
        int appends = 30_000;
        ExecutorService threads = Executors.newFixedThreadPool(6);
        try (MemoryJournal journal = new MemoryJournal(400L * records, 200L * records)) {
            SessionLog log = journal.open("s");
            SessionLog rival = journal.open("rival");
            List<Future<Long>> readers = new ArrayList<>();
            for (int r = 0; r < 3; r++) {
                int max = 1 + 100 * r;
                readers.add(threads.submit(() -> follow(log, max, appends)));
            }
            Future<?> rivalry = threads.submit(() -> write(rival, appends, 2));
            Future<?> writer = threads.submit(() -> write(log, appends, 1));

            writer.get(30, TimeUnit.SECONDS);
            rivalry.get(30, TimeUnit.SECONDS);
            for (Future<Long> reader : readers) {
                assertThat(reader.get(30, TimeUnit.SECONDS)).isEqualTo(appends);
            }
            assertThat(journal.bytes()).isEqualTo(weight(log) + weight(rival)).isLessThanOrEqualTo(400L * records);
        } finally {
            threads.shutdownNow();
        }
    }

    private static long weight(SessionLog log) {
        return readAll(log).stream().mapToLong(r -> r.event().weight()).sum();
    }

    private static void write(SessionLog log, int appends, long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < appends; i++) {
            log.append(null, NOW, text(random.nextInt(100)));
        }
    }

    /** Reads to the end, checking continuity; returns the last offset. */
    private static long follow(SessionLog log, int max, long last) {
        long position = 0;
        while (position < last) {
            List<EventRecord> batch = log.read(position, max);
            assertThat(batch).hasSizeLessThanOrEqualTo(max);
            for (int i = 0; i < batch.size(); i++) {
                long offset = batch.get(i).offset();
                if (i > 0) {
                    assertThat(offset).isEqualTo(position + 1);
                } else if (offset != position + 1) {
                    assertThat(offset).isGreaterThan(position).isLessThanOrEqualTo(log.oldest());
                }
                position = offset;
            }
            if (batch.isEmpty()) {
                Thread.onSpinWait();
            }
            assertThat(log.newest()).isGreaterThanOrEqualTo(position);
        }
        return position;
    }
}
