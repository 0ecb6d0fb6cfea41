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
import io.hotplex.api.Session;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnResult;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalConfig.Acknowledgement;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.api.spi.StoredTurn;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Disks that are full or fail: what was acknowledged is there, what is not is refused, and all goes on afterwards. */
class WriteFailureTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path dir;

    private static AgentEvent text(String text) {
        return new AgentEvent.TextDelta("m1", 0, text, null);
    }

    private static boolean writable(Engine engine) {
        try {
            engine.checkJournal();
            return true;
        } catch (HotPlexException e) {
            assertThat(e.code()).isEqualTo(ErrorCode.JOURNAL_UNAVAILABLE);
            return false;
        }
    }

    @ParameterizedTest
    @EnumSource(FaultyDriver.Point.class)
    void whateverFailsIsWrittenOnceAndAcknowledgedWhenItIs(FaultyDriver.Point broken) throws Exception {
        try (FaultyDriver disk = FaultyDriver.install();
                Journal journal = Journals.open(Journals.sqlite(dir, Acknowledgement.SYNCED))) {
            Set<String> safe = ConcurrentHashMap.newKeySet();
            SessionLog log = journal.open("s");
            log.append(null, Instant.now(), text("text 1"));
            await().until(() -> log.newest() == 1);

            disk.set(point -> point == broken ? FaultyDriver.FULL : 0);
            log.accept(StoredTurn.accepted("t1", Prompt.of("p"), Instant.now()), () -> safe.add("t1"));
            log.append("t1", Instant.now(), new AgentEvent.TurnStarted(AgentEvent.Origin.PROMPT, null, "p"));
            for (int i = 3; i <= 200; i++) {
                log.append("t1", Instant.now(), text("text " + i));
            }
            await().until(() -> disk.failures() >= 2);
            assertThat(log.newest()).isEqualTo(1);
            assertThat(safe).isEmpty();
            assertThatThrownBy(() ->
                            log.accept(StoredTurn.accepted("t2", Prompt.of("p"), Instant.now()), () -> safe.add("t2")))
                    .isInstanceOfSatisfying(
                            HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.JOURNAL_UNAVAILABLE));
            disk.set(FaultyDriver.Fault.NONE);

            await().atMost(PATIENCE).until(() -> log.newest() == 200);
            assertThat(safe).containsExactly("t1");
        }
        try (Journal journal = Journals.open(Journals.sqlite(dir, Acknowledgement.SYNCED))) {
            List<EventRecord> all = journal.read("s", 0, 1000);
            assertThat(all).hasSize(200).extracting(EventRecord::offset).isSorted();
            assertThat(((AgentEvent.TextDelta) all.get(199).event()).text()).isEqualTo("text 200");
            assertThat(journal.turns("s")).extracting(StoredTurn::turnId).containsExactly("t1");
        }
    }

    @Test
    void whatComesAfterItBeganToFailWithNothingToDoIsSeenToWait() throws Exception {
        try (FaultyDriver disk = FaultyDriver.install();
                Journal journal = Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN))) {
            SessionLog log = journal.open("s");
            disk.set(point -> point == FaultyDriver.Point.QUERY ? FaultyDriver.IO_ERROR : 0);
            await().until(() -> disk.failures() > 0); // it looked whether the journal is still its own

            log.append(null, Instant.now(), text("text 1"));
            await().until(() -> journal.stats().lag().compareTo(Duration.ofMillis(10)) > 0);
            assertThat(journal.stats().backlogBytes()).isPositive();
            assertThat(log.newest()).isZero();
            disk.set(FaultyDriver.Fault.NONE);

            await().atMost(PATIENCE).until(() -> log.newest() == 1);
            await().until(() -> journal.stats().lag().isZero());
        }
    }

    /** What is kept of a turn that began and ended within a batch whose answer was lost. */
    @Test
    void aTurnIsNotForgottenWhenItsBatchIsWrittenAgain() throws Exception {
        try (FaultyDriver disk = FaultyDriver.install();
                Journal journal = Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN))) {
            disk.set(point -> point == FaultyDriver.Point.AFTER_COMMIT ? FaultyDriver.IO_ERROR : 0);
            SessionLog log = journal.open("s");
            Prompt prompt = Prompt.builder("p").clientId("c").build();
            log.accept(StoredTurn.accepted("t1", prompt, Instant.now()), () -> {});
            log.append("t1", Instant.now(), new AgentEvent.TurnStarted(AgentEvent.Origin.PROMPT, "c", "p"));
            log.append(
                    "t1",
                    Instant.now(),
                    new AgentEvent.TurnCancelled("", io.hotplex.api.TokenUsage.ZERO, null, Duration.ZERO));
            await().until(() -> disk.failures() >= 2);
            disk.set(FaultyDriver.Fault.NONE);
            await().atMost(PATIENCE).until(() -> log.newest() == 2);

            assertThat(journal.turns("s")).singleElement().satisfies(turn -> {
                assertThat(turn.clientId()).isEqualTo("c");
                assertThat(turn.result()).isNotNull();
            });
        }
    }

    /** Faults come and go at random while sessions write. */
    @Test
    void nothingIsLostAndNothingIsThereTwiceWhenFaultsComeAndGo() throws Exception {
        long seed = Long.getLong("hotplex.seed", 20260101L);
        Random random = new Random(seed);
        int records = 1_500;
        try (FaultyDriver disk = FaultyDriver.install();
                Journal journal = Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN))) {
            SessionLog[] logs = {journal.open("a"), journal.open("b"), journal.open("c")};
            Random faults = new Random(seed + 1); // the writer's thread alone asks it
            disk.set(point -> disk.failures() == 0 || faults.nextInt(30) == 0 ? FaultyDriver.IO_ERROR : 0);
            for (int i = 1; i <= records; i++) {
                for (SessionLog log : logs) {
                    log.append(null, Instant.now(), text("text " + i));
                }
                if (random.nextInt(50) == 0) { // so that there are many transactions
                    long offset = i;
                    await().atMost(PATIENCE).until(() -> logs[0].newest() == offset);
                }
            }
            disk.set(FaultyDriver.Fault.NONE);
            for (SessionLog log : logs) {
                await("seed " + seed).atMost(PATIENCE).until(() -> log.newest() == records);
            }
            assertThat(disk.failures()).isPositive();
        }
        try (Journal journal = Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN))) {
            for (String id : List.of("a", "b", "c")) {
                List<EventRecord> all = journal.read(id, 0, 2 * records);
                assertThat(all).as("seed " + seed).hasSize(records);
                for (int i = 0; i < records; i++) {
                    assertThat(all.get(i).offset()).isEqualTo(i + 1);
                    assertThat(all.get(i).event()).isEqualTo(text("text " + (i + 1)));
                }
            }
        }
    }

    @Test
    void readinessDoesNotWaitForTheNextPromptToKnowThatNothingCanBeWritten() throws Exception {
        try (FaultyDriver disk = FaultyDriver.install();
                Engine engine = CrashLoad.engine(dir, "written")) {
            engine.checkJournal();
            disk.set(point -> point == FaultyDriver.Point.STATEMENT ? FaultyDriver.IO_ERROR : 0);

            assertThat(writable(engine)).isFalse();
            Session session = engine.open(CrashLoad.spec(dir, 0));
            assertThatThrownBy(() -> session.submit(Prompt.of("refused")))
                    .isInstanceOfSatisfying(
                            HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.JOURNAL_UNAVAILABLE));
            disk.set(FaultyDriver.Fault.NONE);

            await().atMost(PATIENCE).until(() -> writable(engine));
            assertThat(result(session.submit(Prompt.of("taken"))).completed()).isTrue();
        }
    }

    private static TurnResult result(Turn turn) throws Exception {
        return turn.result().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    @Test
    void aFullDiskRefusesPromptsKeepsWhatItAcknowledgedAndGoesOnWhenThereIsRoom() throws Exception {
        List<TurnResult> results = new CopyOnWriteArrayList<>();
        List<Turn> turns = new ArrayList<>();
        try (SmallDisk disk = SmallDisk.mount(dir.resolve("disk"), 16)) {
            try (Engine engine = CrashLoad.engine(disk.root(), "synced")) {
                Session session = engine.open(CrashLoad.spec(dir, 0));
                results.add(result(session.submit(Prompt.of("first"))));
                disk.fillBut(2 << 20);
                assertThat(writable(engine)).isTrue();
                ErrorCode refused = null;
                while (refused == null && turns.size() < 5_000) {
                    try {
                        Turn turn = session.submit(Prompt.of("x".repeat(20_000)));
                        turns.add(turn);
                        turn.result().thenAccept(results::add);
                        await().atMost(PATIENCE)
                                .until(() -> turn.result().toCompletableFuture().isDone() || !writable(engine));
                    } catch (HotPlexException e) {
                        refused = e.code();
                    }
                }
                assertThat(refused).isEqualTo(ErrorCode.JOURNAL_UNAVAILABLE);
                assertThat(writable(engine)).isFalse();
                disk.makeRoom();

                await().atMost(PATIENCE).until(() -> writable(engine));
                for (Turn turn : turns) {
                    assertThat(result(turn).completed()).isTrue();
                }
                results.add(result(session.submit(Prompt.of("last"))));
                assertThat(results).hasSize(turns.size() + 2);
            }
            try (Journal journal = Journals.open(Journals.sqlite(disk.root(), Acknowledgement.WRITTEN))) {
                long last = 0;
                for (List<EventRecord> batch = journal.read("s0", 0, 256);
                        !batch.isEmpty();
                        batch = journal.read("s0", last, 256)) {
                    for (EventRecord record : batch) {
                        assertThat(record.offset()).isEqualTo(++last);
                        assertThat(record.event()).isNotInstanceOf(AgentEvent.Raw.class);
                        results.removeIf(result -> result.offset() == record.offset()
                                && result.turnId().equals(record.turnId())
                                && record.event() instanceof AgentEvent.TurnCompleted);
                    }
                }
                assertThat(results)
                        .extracting(TurnResult::turnId)
                        .as("told, and not there")
                        .isEmpty();
            }
        }
    }
}
