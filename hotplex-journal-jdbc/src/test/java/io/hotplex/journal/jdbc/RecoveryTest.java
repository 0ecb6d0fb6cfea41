package io.hotplex.journal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.ProcessState;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionInfo;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnResult;
import io.hotplex.api.spi.EngineListener;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalConfig.Acknowledgement;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.api.spi.StoredTurn;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sessions that outlive their engine. */
class RecoveryTest {
    @TempDir
    Path dir;

    private final EchoProvider echo = new EchoProvider();

    private Engine engine(String... settings) {
        Map<String, String> map = new HashMap<>();
        map.put("state-directory", dir.toString());
        map.put("journal", "sqlite");
        map.put("interrupt-grace", "100ms");
        for (int i = 0; i < settings.length; i += 2) {
            map.put(settings[i], settings[i + 1]);
        }
        return HotPlex.builder()
                .config(EngineConfig.fromProperties(map))
                .provider(echo)
                .build();
    }

    private Session open(Engine engine) {
        return engine.open(CrashLoad.spec(dir, 0));
    }

    private static TurnResult result(Turn turn) throws Exception {
        return turn.result().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    private static List<EventRecord> read(Session session) {
        List<EventRecord> records = new CopyOnWriteArrayList<>();
        long newest = session.info().newestOffset();
        session.subscribe(0, records::add);
        await().until(() -> newest == 0
                || !records.isEmpty() && records.get(records.size() - 1).offset() >= newest);
        return records;
    }

    @Test
    void aSessionSleepsUntilItIsAskedForAndItsConversationIsResumed() throws Exception {
        String agentSession;
        long newest;
        try (Engine first = engine()) {
            Session session = open(first);
            assertThat(result(session.submit(Prompt.of("one"))).completed()).isTrue();
            agentSession = session.info().agentSessionId();
            newest = session.info().newestOffset();
        }
        try (Engine second = engine()) {
            assertThat(second.sessions()).hasSize(1);
            SessionInfo asleep = second.sessions().get(0);
            assertThat(asleep.state()).isEqualTo(ProcessState.NONE);
            assertThat(asleep.agentSessionId()).isEqualTo(agentSession);
            assertThat(asleep.newestOffset()).isGreaterThanOrEqualTo(newest);
            assertThat(asleep.closed()).isFalse();

            Session session = second.session("s0").orElseThrow();
            assertThat(session.stats().turns()).isEqualTo(1);
            assertThat(result(session.submit(Prompt.of("two"))).completed()).isTrue();

            LaunchRequest again = echo.launches.get(1);
            assertThat(again.start().mode()).isEqualTo(LaunchRequest.Mode.RESUME);
            assertThat(again.start().agentSessionId()).isEqualTo(agentSession);
            assertThat(again.spec().workDir()).isEqualTo(dir.toRealPath());
            assertThat(session.stats().turns()).isEqualTo(2);
            assertThat(session.info().generation()).isEqualTo(2);
            List<EventRecord> all = read(session);
            for (int i = 0; i < all.size(); i++) {
                assertThat(all.get(i).offset()).isEqualTo(i + 1);
            }
            assertThat(all).extracting(r -> r.event().type()).doesNotContain("session_closed");
        }
    }

    @Test
    void aRepeatedClientIdGetsTheResultOfTheLastLife() throws Exception {
        TurnResult before;
        try (Engine first = engine()) {
            before = result(
                    open(first).submit(Prompt.builder("one").clientId("c1").build()));
        }
        try (Engine second = engine()) {
            Session session = open(second);
            TurnResult after =
                    result(session.submit(Prompt.builder("one").clientId("c1").build()));

            assertThat(after.turnId()).isEqualTo(before.turnId());
            assertThat(after.offset()).isEqualTo(before.offset());
            assertThat(after.text()).isEqualTo(before.text());
            assertThat(echo.launches).hasSize(1);
        }
    }

    @Test
    void promptsThatWaitWhenTheEngineIsClosedRunInTheNext() throws Exception {
        Turn waiting;
        Turn running;
        try (Engine first = engine()) {
            Session session = open(first);
            running = session.submit(Prompt.of("silent"));
            waiting = session.submit(Prompt.of("later"));
            await().until(() -> session.info().runningTurn() != null);
            waiting.accepted().toCompletableFuture().get(10, TimeUnit.SECONDS);
        }
        assertThat(result(running).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
        assertThatThrownBy(() -> result(waiting))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.ENGINE_CLOSED));
        try (Engine second = engine()) {
            Session session = second.session("s0").orElseThrow();
            await().until(() -> read(session).stream()
                    .anyMatch(r -> waiting.id().equals(r.turnId()) && r.event() instanceof AgentEvent.TurnCompleted));
        }
    }

    /** What a killed engine leaves: an agent that works on one prompt while another waits and a question is open. */
    private void leaveUnfinished() {
        try (Engine first = engine()) {
            open(first);
        }
        try (Journal journal = Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN))) {
            SessionLog log = journal.open("s0");
            Instant now = Instant.now();
            log.accept(StoredTurn.accepted("01-ran", Prompt.of("ran"), now), () -> {});
            log.accept(StoredTurn.accepted("02-waits", Prompt.of("waits"), now), () -> {});
            log.append(null, now, new AgentEvent.SessionStarted("echo", "conversation", 7, 4711, "/", "x", "none"));
            log.append("01-ran", now, new AgentEvent.TurnStarted(AgentEvent.Origin.PROMPT, null, "do it"));
            log.append("01-ran", now, new AgentEvent.AgentSessionChanged(null, "other", "cleared"));
            log.append("01-ran", now, new AgentEvent.PermissionRequested("r1", null, "Bash", Map.of(), "", List.of()));
        }
    }

    @Test
    void whatAKilledEngineLeftOpenIsEndedAndWhatWaitedRuns() {
        leaveUnfinished();
        try (Engine second = engine()) {
            Session session = second.session("s0").orElseThrow();
            await().until(() -> read(session).stream()
                    .anyMatch(r -> "02-waits".equals(r.turnId()) && r.event() instanceof AgentEvent.TurnCompleted));
            List<EventRecord> all = read(session);

            assertThat(all)
                    .extracting(r -> r.event().type())
                    .startsWith(
                            "session_started",
                            "turn_started",
                            "agent_session_changed",
                            "permission_requested",
                            "permission_resolved",
                            "process_exited",
                            "turn_failed");
            assertThat(all.get(6).turnId()).isEqualTo("01-ran");
            assertThat(((AgentEvent.TurnFailed) all.get(6).event()).code()).isEqualTo(ErrorCode.ENGINE_RESTARTED);
            assertThat(session.pendingRequests()).isEmpty();
            assertThat(session.info().generation()).isEqualTo(8);
            assertThat(echo.launches.get(0).start().agentSessionId()).isEqualTo("other");
            assertThat(session.stats().failedTurns()).isEqualTo(1);
        }
    }

    @Test
    void aPermissionRequestWaitsOverAKillAndIsAnsweredOnce() {
        try (Engine first = engine()) {
            open(first);
        }
        Instant now = Instant.now();
        AgentEvent.PermissionRequested asked = new AgentEvent.PermissionRequested(
                "r1",
                null,
                "Bash",
                Map.of("command", "make", "lines", 7),
                "",
                List.of(),
                AgentEvent.ToolKind.EXECUTE,
                now.plus(Duration.ofHours(1)).toString(),
                null);
        try (Journal journal = Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN))) {
            SessionLog log = journal.open("s0");
            log.accept(StoredTurn.accepted("01-ran", Prompt.of("ran"), now), () -> {});
            log.append("01-ran", now, new AgentEvent.TurnStarted(AgentEvent.Origin.PROMPT, null, "do it"));
            log.append("01-ran", now, asked);
        }
        engine().close(); // it waits on, over an engine in which nobody answers
        try (Engine third = engine()) {
            Session session = third.session("s0").orElseThrow();
            assertThat(session.pendingRequests()).containsExactly(asked);
            assertThat(read(session)).extracting(r -> r.event().type()).endsWith("permission_requested", "turn_failed");

            session.answer("r1", PermissionAnswer.allow(), "alice");

            assertThatThrownBy(() -> session.answer("r1", PermissionAnswer.deny("no"), "bob"))
                    .isInstanceOfSatisfying(
                            HotPlexException.class,
                            e -> assertThat(e.code()).isEqualTo(ErrorCode.REQUEST_ALREADY_ANSWERED));
        }
        try (Engine fourth = engine()) {
            Session session = fourth.session("s0").orElseThrow();
            assertThat(session.pendingRequests()).isEmpty();
            assertThat(read(session)).extracting(r -> r.event().type()).containsOnlyOnce("permission_resolved");
        }
    }

    @Test
    void promptsThatWaitedAreCancelledWhenThatIsConfigured() {
        leaveUnfinished();
        try (Engine second = engine("queued-turns-after-restart", "cancel")) {
            Session session = second.session("s0").orElseThrow();

            assertThat(read(session))
                    .filteredOn(r -> "02-waits".equals(r.turnId()))
                    .singleElement()
                    .satisfies(r -> assertThat(r.event()).isInstanceOf(AgentEvent.TurnCancelled.class));
            assertThat(echo.launches).isEmpty();
        }
    }

    @Test
    void aSessionWhoseProviderIsGoneStillGetsItsEnds() {
        leaveUnfinished();
        try (Journal journal = Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN))) {
            assertThat(journal.session("s0").orElseThrow().openTurns()).isEqualTo(2);
        }
        Map<String, String> map = Map.of("state-directory", dir.toString(), "journal", "sqlite");
        try (Engine second = HotPlex.builder()
                .config(EngineConfig.fromProperties(map))
                .provider(new RenamedProvider(echo))
                .build()) {
            assertThat(second.sessions())
                    .singleElement()
                    .satisfies(info -> assertThat(info.queuedTurns()).isZero());
            assertThatThrownBy(() -> second.session("s0"))
                    .isInstanceOfSatisfying(
                            HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.PROVIDER_UNKNOWN));
        }
        try (Journal journal = Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN))) {
            assertThat(journal.session("s0").orElseThrow().openTurns()).isZero();
            assertThat(journal.read("s0", 0, 100))
                    .filteredOn(r -> "02-waits".equals(r.turnId()))
                    .singleElement()
                    .satisfies(r -> assertThat(((AgentEvent.TurnFailed) r.event()).code())
                            .isEqualTo(ErrorCode.PROVIDER_UNKNOWN));
        }
    }

    @Test
    void changedSettingsHoldInTheNextLife() throws Exception {
        try (Engine first = engine()) {
            open(first);
        }
        try (Engine second = engine()) {
            assertThat(open(second).spec().model()).isNull();
        }
        assertThatThrownBy(() -> {
                    try (Engine third = engine()) {
                        third.open(CrashLoad.spec(dir, 0).toBuilder().model("x").build());
                    }
                })
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SESSION_CONFLICT));
    }

    @Test
    void aClosedSessionIsNotListedAndGoesOnCountingWhenItIsOpenedAgain() throws Exception {
        try (Engine first = engine()) {
            Session session = open(first);
            result(session.submit(Prompt.of("one")));
            session.close().toCompletableFuture().get(10, TimeUnit.SECONDS);
        }
        try (Engine second = engine()) {
            assertThat(second.sessions()).isEmpty();
            assertThat(second.session("s0")).isEmpty();
            Session session = open(second);
            assertThat(read(session))
                    .last()
                    .satisfies(r -> assertThat(r.event().type()).isEqualTo("session_closed"));
            assertThat(result(session.submit(Prompt.of("two"))).completed()).isTrue();
            assertThat(echo.launches.get(1).start().mode()).isEqualTo(LaunchRequest.Mode.RESUME);
        }
    }

    @Test
    void aDeletedSessionIsGone() throws Exception {
        try (Engine engine = engine()) {
            Session session = open(engine);
            result(session.submit(Prompt.of("a secret")));
            engine.delete("s0").toCompletableFuture().get(20, TimeUnit.SECONDS);

            assertThat(engine.sessions()).isEmpty();
            assertThat(engine.session("s0")).isEmpty();
            assertThat(open(engine).info().newestOffset()).isZero();
            assertThatThrownBy(
                            () -> engine.delete("nobody").toCompletableFuture().get(20, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOfSatisfying(
                            HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SESSION_NOT_FOUND));
        }
    }

    @Test
    void sessionsThatSleepCostNoThreadNoProcessAndLittleMemory() {
        int sessions = 1_500;
        try (Journal journal = Journals.open(Journals.sqlite(dir, Acknowledgement.WRITTEN))) {
            for (int i = 0; i < sessions; i++) {
                SessionLog log = journal.open("session-" + i);
                log.append(null, Instant.now(), new AgentEvent.Raw("a", "b".repeat(500), false));
                log.save(JournalStates.quiet("session-" + i, 1));
            }
        }
        engine().close(); // with all its classes
        long without = heap();
        try (Engine engine = engine()) {
            assertThat(engine.sessions()).hasSize(sessions);
            long each = (heap() - without) / sessions;

            assertThat(each).as("bytes for each").isLessThan(1_200);
            assertThat(Thread.getAllStackTraces().keySet())
                    .extracting(Thread::getName)
                    .filteredOn(name -> name.startsWith("hotplex-"))
                    .hasSizeLessThan(12);
            assertThat(engine.pool().processes()).isZero();
            assertThat(engine.pool().sessions()).isZero();
        }
    }

    /** Bytes that are in use when everything else was collected; the least of some looks. */
    private static long heap() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            least = Math.min(
                    least,
                    Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        }
        return least;
    }

    /** Prompts come at random while their session falls asleep whenever it can. */
    @Test
    void promptsThatRaceWithSleepAreNeitherRefusedNorLost() throws Exception {
        long seed = Long.getLong("hotplex.seed", 20260101L);
        Random random = new Random(seed);
        AtomicInteger woken = new AtomicInteger();
        Engine engine = HotPlex.builder()
                .config(EngineConfig.fromProperties(
                        Map.of("state-directory", dir.toString(), "journal", "sqlite", "idle-timeout", "1ms")))
                .provider(echo)
                .listener(new EngineListener() {
                    @Override
                    public void onSessionOpened(String sessionId, String provider) {
                        woken.incrementAndGet();
                    }
                })
                .build();
        try (engine) {
            Session held = open(engine);
            for (int i = 1; i <= 15; i++) {
                List<Turn> turns = new ArrayList<>();
                for (int t = random.nextInt(3); t >= 0; t--) {
                    turns.add(held.submit(Prompt.of("prompt " + i)));
                }
                for (Turn turn : turns) {
                    assertThat(result(turn).completed()).as("seed " + seed).isTrue();
                }
                int pause = random.nextInt(30); // a sweep is every 10 ms: it may be in the middle of anything
                await().pollDelay(Duration.ofMillis(pause)).until(() -> true);
            }
            await().until(() -> engine.pool().sessions() == 0);
            assertThat(woken).hasValueGreaterThan(1);
            List<EventRecord> all = read(held);
            assertThat(all)
                    .filteredOn(r -> r.event() instanceof AgentEvent.Terminal)
                    .hasSize((int) held.stats().turns());
            long last = 0;
            for (EventRecord record : all) {
                assertThat(record.firstOffset()).as("seed " + seed).isEqualTo(last + 1);
                last = record.offset();
            }
        }
    }

    @Test
    void oneEngineAtATimeHasTheJournal() {
        try (Engine first = engine()) {
            assertThat(first.sessions()).isEmpty();
            assertThatThrownBy(this::engine)
                    .isInstanceOfSatisfying(
                            HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.STATE_IN_USE));
        }
        engine().close();
    }
}
