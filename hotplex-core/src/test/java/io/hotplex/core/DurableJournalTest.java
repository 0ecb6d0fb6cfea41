package io.hotplex.core;

import static io.hotplex.core.EngineFixture.result;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionInfo;
import io.hotplex.api.Subscriber;
import io.hotplex.api.Subscription;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnResult;
import io.hotplex.api.spi.EngineListener;
import io.hotplex.api.spi.JournalConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an engine does with a journal that outlives it. */
class DurableJournalTest {
    @TempDir
    Path dir;

    private final KeptJournal journal = new KeptJournal();

    private EngineFixture fixture(String... settings) {
        return new EngineFixture(dir, HotPlex.builder().journal(journal), settings);
    }

    @Test
    void theSettingsReachTheJournal() {
        KeptJournalProvider.OPENED.clear();
        new EngineFixture(
                        dir,
                        "journal",
                        "kept",
                        "journal-url",
                        "jdbc:some:where?user=me",
                        "journal-acknowledgement",
                        "synced",
                        "journal-backlog-bytes",
                        "1MiB",
                        "journal-max-bytes",
                        "32MiB",
                        "journal-keep",
                        "48h",
                        "journal-keep-bytes",
                        "2GiB",
                        "journal-keep-bytes-per-session",
                        "3MiB",
                        "journal-keep-records-per-session",
                        "44")
                .close();

        assertThat(KeptJournalProvider.OPENED)
                .containsExactly(new JournalConfig(
                        "kept",
                        dir.resolve("state"),
                        "jdbc:some:where?user=me",
                        false,
                        JournalConfig.Acknowledgement.SYNCED,
                        1 << 20,
                        32 << 20,
                        new JournalConfig.Retention(Duration.ofDays(2), 2L << 30, 3 << 20, 44)));
    }

    @Test
    void aKindOfJournalThatIsNotThereIsRefused() {
        assertThatThrownBy(() -> new EngineFixture(dir, "journal", "cuneiform"))
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFIG_INVALID))
                .hasMessageContaining("kept")
                .hasMessageContaining("memory");
    }

    @Test
    void aPasswordInTheUrlIsRefused() {
        assertThatThrownBy(() -> EngineConfig.builder().set("journal-url", "jdbc:postgresql://h/d?password=x"))
                .isInstanceOf(HotPlexException.class);
    }

    @Test
    void nobodySeesOrIsToldWhatIsNotSafeYet() {
        try (EngineFixture f = fixture()) {
            Session session = f.hot("s1");
            List<EventRecord> seen = new CopyOnWriteArrayList<>();
            session.subscribe(session.info().newestOffset(), seen::add);
            journal.hold();
            Turn turn = session.submit(Prompt.of("second"));
            f.agents.process(1).expect("prompt second").say("done two");
            await().until(() ->
                    session.info().runningTurn() == null && session.info().queuedTurns() == 0);

            assertThat(turn.info().result()).isNull();
            assertThat(turn.accepted().toCompletableFuture()).isNotDone();
            assertThat(turn.result().toCompletableFuture()).isNotDone();
            assertThat(seen).isEmpty();

            journal.release();
            assertThat(result(turn).completed()).isTrue();
            assertThat(turn.accepted().toCompletableFuture()).isDone();
            await().until(() ->
                    !seen.isEmpty() && seen.get(seen.size() - 1).event() instanceof AgentEvent.TurnCompleted);
        }
    }

    @Test
    void aSubscriptionEndsAfterTheLastRecordIsSafe() {
        try (EngineFixture f = fixture()) {
            Session session = f.hot("s1");
            List<String> seen = new CopyOnWriteArrayList<>();
            session.subscribe(0, new Subscriber() {
                @Override
                public void onEvent(EventRecord record) {
                    seen.add(record.event().type());
                }

                @Override
                public void onClosed() {
                    seen.add("end");
                }
            });
            journal.hold();
            session.close().toCompletableFuture().join();
            assertThat(seen).doesNotContain("session_closed", "end");

            journal.release();
            await().until(() -> seen.contains("end"));
            assertThat(seen.subList(seen.size() - 2, seen.size())).containsExactly("session_closed", "end");
        }
    }

    @Test
    void readingFromTheAgentPausesWhileTheJournalHasTooMuchToDo() {
        try (EngineFixture f = fixture()) {
            Session session = f.hot("s1");
            journal.backlogged(true);
            Turn turn = session.submit(Prompt.of("second"));
            f.agents.process(1).expect("prompt second").say("delta hello");
            await().until(() -> !f.agents.process(1).reading);

            journal.backlogged(false);
            await().until(() -> f.agents.process(1).reading);
            f.agents.process(1).say("done two");
            assertThat(result(turn).completed()).isTrue();
        }
    }

    private Turn leaveOneWaiting() {
        EngineFixture first = fixture();
        Session session = first.hot("s1");
        session.submit(Prompt.of("runs"));
        Turn waiting = session.submit(Prompt.of("waits"));
        first.agents.process(1).expect("prompt runs");
        first.close();
        assertThat(waiting.result().toCompletableFuture()).isCompletedExceptionally();
        return waiting;
    }

    @Test
    void whatWaitsRunsInTheNextEngine() {
        Turn waiting = leaveOneWaiting();
        try (EngineFixture second = fixture("queued-turns-after-restart", "run")) {
            second.agents
                    .process(1)
                    .expect("hello")
                    .say("ready")
                    .expect("prompt waits")
                    .say("done it");
            Session session = second.engine.session("s1").orElseThrow();
            await().until(() -> EngineFixture.read(session).stream()
                    .anyMatch(r -> waiting.id().equals(r.turnId()) && r.event() instanceof AgentEvent.TurnCompleted));
            assertThat(session.info().generation()).isEqualTo(2);
        }
    }

    @Test
    void whatWaitsIsCancelledWhenThatIsConfigured() {
        Turn waiting = leaveOneWaiting();
        try (EngineFixture second = fixture("queued-turns-after-restart", "cancel")) {
            Session session = second.engine.session("s1").orElseThrow();
            await().until(() -> EngineFixture.read(session).stream()
                    .anyMatch(r -> waiting.id().equals(r.turnId()) && r.event() instanceof AgentEvent.TurnCancelled));
            assertThat(second.agents.processes).isEmpty();
        }
    }

    @Test
    void noProcessIsStartedBeforeTheOneThatAnEarlierEngineLeftIsGone() {
        try (EngineFixture first = fixture("shutdown-timeout", "50ms")) {
            first.hot("s1");
            first.agents.process(1).immortal = true;
        }
        try (EngineFixture second = fixture()) {
            second.agents.leftBehindDies = false;
            Session session = second.open("s1");
            TurnResult refused = result(session.submit(Prompt.of("too early")));

            assertThat(refused.code()).isEqualTo(ErrorCode.SESSION_IN_USE);
            assertThat(second.agents.askedToEnd).containsExactly("fake 1000");
            assertThat(second.agents.processes).isEmpty();

            second.agents.leftBehindDies = true;
            Turn turn = session.submit(Prompt.of("now"));
            second.agents
                    .process(1)
                    .expect("hello")
                    .say("ready")
                    .expect("prompt now")
                    .say("done it");
            assertThat(result(turn).completed()).isTrue();
            assertThat(second.agents.process(1).start()).startsWith("RESUME");
        }
        try (EngineFixture third = fixture()) {
            Turn turn = third.open("s1").submit(Prompt.of("again"));
            third.agents
                    .process(1)
                    .expect("hello")
                    .say("ready")
                    .expect("prompt again")
                    .say("done it");
            assertThat(result(turn).completed()).isTrue();
            assertThat(third.agents.askedToEnd).as("its end was seen").isEmpty();
        }
    }

    @Test
    void aSessionThatNobodyUsesFallsAsleepAgainAndWakesForWhoeverHoldsIt() {
        List<String> heard = new CopyOnWriteArrayList<>();
        try (EngineFixture f = new EngineFixture(
                dir,
                HotPlex.builder().journal(journal).listener(new EngineListener() {
                    @Override
                    public void onSessionOpened(String sessionId, String provider) {
                        heard.add("opened");
                    }

                    @Override
                    public void onSessionClosed(String sessionId, String provider) {
                        heard.add("closed");
                    }
                }),
                "idle-timeout",
                "40ms")) {
            Session held = f.hot("s1");
            String turn = held.turns().get(0).id();
            await().until(() -> f.engine.pool().sessions() == 0);
            assertThat(f.agents.process(1).isGone()).isTrue();
            assertThat(journal.openLogs()).isEmpty();
            SessionInfo asleep = f.engine.info("s1").orElseThrow();
            assertThat(asleep.closed()).isFalse();
            assertThat(asleep.asleep()).isTrue();
            assertThat(asleep.generation()).isEqualTo(1);
            assertThat(held.info()).as("without waking it").isEqualTo(asleep);
            assertThat(f.engine.pool().sessions()).isZero();
            assertThat(heard).containsExactly("opened", "closed");

            Turn second = held.submit(Prompt.of("second"));
            f.agents
                    .process(2)
                    .expect("hello")
                    .say("ready")
                    .expect("prompt second")
                    .say("done two");

            assertThat(result(second).completed()).isTrue();
            assertThat(f.agents.process(2).start()).startsWith("RESUME " + asleep.agentSessionId());
            assertThat(held.info().newestOffset()).isGreaterThan(asleep.newestOffset());
            assertThat(held.turn(turn).orElseThrow().info().result()).isNotNull();
            assertThat(held.stats().turns()).isEqualTo(2);
            assertThat(f.engine.session("s1").orElseThrow().info().generation()).isEqualTo(2);
            assertThat(held.info().asleep()).isFalse();
            assertThat(f.engine.session("s1").orElseThrow()).isSameAs(held);
        }
    }

    @Test
    void aSessionThatSomebodyReadsOrThatWaitsForSomethingStaysAwake() {
        try (EngineFixture f = fixture("idle-timeout", "30ms", "max-processes", "1", "admission-timeout", "1h")) {
            Session read = f.hot("read");
            Subscription subscription = read.subscribe(0, record -> {});
            Session waits = f.open("waits");
            Session quiet = f.open("quiet");
            Turn turn = waits.submit(Prompt.of("waits"));
            f.agents.process(2).expect("hello");
            await().until(() ->
                    quiet.info().newestOffset() == 0 && f.engine.pool().sessions() == 2);

            subscription.close();
            await().until(() -> f.engine.pool().sessions() == 1);
            f.agents.process(2).say("ready").expect("prompt waits").say("done it");
            assertThat(result(turn).completed()).isTrue();
        }
    }

    @Test
    void aSessionThatWasClosedWhileSomebodyHeldItSaysSo() {
        try (EngineFixture f = fixture("idle-timeout", "30ms")) {
            Session held = f.hot("s1");
            await().until(() -> f.engine.pool().sessions() == 0);
            f.engine.session("s1").orElseThrow().close().toCompletableFuture().join();

            assertThatThrownBy(() -> held.submit(Prompt.of("late")))
                    .isInstanceOfSatisfying(
                            HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SESSION_CLOSED));
            assertThat(f.engine.sessions()).isEmpty();
            assertThat(held.info().closed()).isTrue();
        }
    }

    @Test
    void sessionsThatSleepDoNotCountUntilTheyAreWoken() {
        leaveOneWaiting();
        try (EngineFixture second = fixture("queued-turns-after-restart", "cancel", "max-sessions", "1")) {
            assertThat(second.engine.sessions()).hasSize(1);
            second.open("s2");
            assertThatThrownBy(() -> second.open("s1"))
                    .isInstanceOfSatisfying(
                            HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SESSION_LIMIT));
            assertThat(second.engine.sessions()).hasSize(2);
        }
    }

    @Test
    void promptsThatWaitAreRunWhateverTheLimitOfSessions() {
        Turn waiting = leaveOneWaiting();
        try (EngineFixture second = fixture("max-sessions", "1", "max-sessions-per-owner", "1")) {
            second.agents
                    .process(1)
                    .expect("hello")
                    .say("ready")
                    .expect("prompt waits")
                    .say("done it");
            Session session = second.engine.session("s1").orElseThrow();
            await().until(() -> EngineFixture.read(session).stream()
                    .anyMatch(r -> waiting.id().equals(r.turnId()) && r.event() instanceof AgentEvent.TurnCompleted));
        }
    }

    @Test
    void ofTooManySleepingSessionsThoseGoThatWereUnusedForLongest() {
        try (EngineFixture f = fixture("idle-timeout", "20ms", "journal-keep-sessions", "2")) {
            for (String id : List.of("s1", "s2", "s3", "s4")) {
                f.open(id);
                await().until(() -> f.engine.pool().sessions() == 0);
            }
            await().until(() -> journal.sessions().size() == 2);
            assertThat(f.engine.sessions()).extracting(SessionInfo::id).containsExactlyInAnyOrder("s3", "s4");
            assertThat(f.engine.session("s1")).isEmpty();
        }
    }

    @Test
    void aSessionThatNobodyUsedForTooLongGoes() {
        try (EngineFixture f = fixture("idle-timeout", "20ms", "journal-keep", "150ms")) {
            Session held = f.hot("s1");
            await().until(() -> journal.sessions().isEmpty());
            assertThat(held.info().closed()).isTrue();
            assertThatThrownBy(held::turns)
                    .isInstanceOfSatisfying(
                            HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SESSION_CLOSED));
            assertThat(f.engine.sessions()).isEmpty();
            await().ignoreException(HotPlexException.class) // refused as long as the old one is being deleted
                    .until(() -> f.open("s1").info().newestOffset() == 0);
        }
    }

    @Test
    void whoseASessionIsCanBeKnownWithoutWakingIt() {
        leaveOneWaiting();
        try (EngineFixture second = fixture("queued-turns-after-restart", "cancel")) {
            assertThat(second.engine.info("s1").orElseThrow().id()).isEqualTo("s1");
            assertThat(second.engine.info("s1").orElseThrow().owner())
                    .isEqualTo(second.engine.sessions().get(0).owner());
            assertThat(second.engine.info("none")).isEmpty();
            assertThat(second.engine.pool().sessions()).as("awake").isZero();

            Session awake = second.engine.session("s1").orElseThrow();

            assertThat(second.engine.pool().sessions()).isEqualTo(1);
            assertThat(second.engine.info("s1").orElseThrow().newestOffset())
                    .isEqualTo(awake.info().newestOffset());
        }
    }

    @Test
    void anEngineWhoseJournalWasTakenOverKillsItsAgentsAndTellsWhoWaits() {
        try (EngineFixture f = fixture("term-grace", "1h")) {
            Session session = f.hot("s1");
            Session quiet = f.hot("s2");
            long seen = session.info().newestOffset();
            List<String> told = new CopyOnWriteArrayList<>();
            session.subscribe(seen, new Subscriber() {
                @Override
                public void onEvent(EventRecord record) {
                    told.add(record.event().type());
                }

                @Override
                public void onFailed(Throwable cause) {
                    told.add(((HotPlexException) cause).code().name());
                }
            });
            journal.hold();
            Turn ended = session.submit(Prompt.of("ended"));
            f.agents.process(1).expect("prompt ended").say("done it");
            Turn runs = session.submit(Prompt.of("runs"));
            Turn waits = session.submit(Prompt.of("waits"));
            f.agents.process(1).expect("prompt runs").say("delta half");

            journal.lose();

            for (Turn turn : List.of(ended, runs, waits)) {
                assertThatThrownBy(() -> turn.result().toCompletableFuture().get(10, TimeUnit.SECONDS))
                        .cause()
                        .isInstanceOfSatisfying(
                                HotPlexException.class,
                                e -> assertThat(e.code()).isEqualTo(ErrorCode.STATE_IN_USE));
                assertThat(turn.accepted().toCompletableFuture()).isCompletedExceptionally();
            }
            assertThat(f.agents.processes).allSatisfy(process -> {
                assertThat(process.signals).as("killed at once").contains("terminate 0 0");
                assertThat(process.isGone()).isTrue();
            });
            await().until(() -> !told.isEmpty());
            assertThat(told).as("nothing that the other engine does not know").containsExactly("STATE_IN_USE");
            assertThat(session.info().newestOffset()).isEqualTo(seen);
            for (Session refusing : List.of(session, quiet)) {
                assertThatThrownBy(() -> refusing.submit(Prompt.of("late")))
                        .isInstanceOfSatisfying(
                                HotPlexException.class,
                                e -> assertThat(e.code()).isEqualTo(ErrorCode.STATE_IN_USE));
            }
            assertThatThrownBy(() -> f.open("s3"))
                    .isInstanceOfSatisfying(
                            HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.STATE_IN_USE));
            assertThatThrownBy(f.engine::checkJournal)
                    .isInstanceOfSatisfying(
                            HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.STATE_IN_USE));
            assertThat(f.engine.pool().processes()).isZero();
        }
    }

    @Test
    void anAgentThatIsBeingStartedWhenTheJournalIsTakenOverIsKilledWhenItIsThere() throws Exception {
        CountDownLatch starting = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        try (EngineFixture f = fixture()) {
            f.agents.starter = (launcher, spec, listener) -> {
                starting.countDown();
                await().until(() -> go.getCount() == 0);
                return launcher.launch(spec, listener);
            };
            Turn turn = f.open("s1").submit(Prompt.of("early"));
            assertThat(starting.await(10, TimeUnit.SECONDS)).isTrue();

            journal.lose();
            go.countDown();

            assertThatThrownBy(() -> turn.result().toCompletableFuture().get(10, TimeUnit.SECONDS))
                    .hasMessageContaining("took the journal over");
            await().until(() -> f.agents.process(1).isGone());
            assertThat(f.agents.process(1).signals).startsWith("terminate 0 0");
            await().until(() -> f.engine.pool().processes() == 0);
        }
    }

    /** Whoever has enough in the moment in which it begins must not keep the session awake for ever. */
    @Test
    void aSubscriptionThatEndsAsItBeginsIsForgotten() {
        try (EngineFixture f = fixture("idle-timeout", "30ms")) {
            Session session = f.hot("s1");
            session.subscribe(0, new Subscriber() {
                @Override
                public void onSubscribe(Subscription subscription) {
                    subscription.close();
                }

                @Override
                public void onEvent(EventRecord record) {}
            });

            await().until(() -> f.engine.pool().sessions() == 0);
            assertThat(session.info().asleep()).isTrue();
        }
    }

    /** While sessions wake and fall asleep each is listed, and once. */
    @Test
    void aSessionIsListedOnceWhileItWakesAndFallsAsleep() {
        try (EngineFixture f = fixture("idle-timeout", "1ms")) {
            f.open("s1");
            AtomicBoolean done = new AtomicBoolean();
            CompletableFuture<Void> waker = CompletableFuture.runAsync(() -> {
                for (int i = 0; i < 20; i++) {
                    await().pollDelay(Duration.ZERO)
                            .pollInterval(Duration.ofMillis(1))
                            .until(() -> f.engine.pool().sessions() == 0);
                    assertThat(f.engine.session("s1")).isPresent();
                }
                done.set(true);
            });
            while (!done.get() && !waker.isDone()) {
                assertThat(f.engine.sessions()).hasSize(1);
            }
            waker.orTimeout(10, TimeUnit.SECONDS).join();
        }
    }
}
