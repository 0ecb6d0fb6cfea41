package io.hotplex.core;

import static io.hotplex.core.EngineFixture.only;
import static io.hotplex.core.EngineFixture.read;
import static io.hotplex.core.EngineFixture.result;
import static io.hotplex.core.EngineFixture.types;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.AgentEvent.Origin;
import io.hotplex.api.Attachment;
import io.hotplex.api.Delivery;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.ProcessState;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSnapshot;
import io.hotplex.api.Subscriber;
import io.hotplex.api.Subscription;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnInfo;
import io.hotplex.api.TurnInfo.State;
import io.hotplex.api.spi.AgentProvider.Capability;
import io.hotplex.api.spi.EngineListener;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.PromptGuard;
import io.hotplex.core.FakeAgents.FakeProcess;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SessionTurnsTest {
    @TempDir
    Path dir;

    @Test
    void aPromptGoesFromColdStartToItsOneTerminalEvent() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.open("s1");
            List<EventRecord> events = read(session);

            Turn turn = session.submit(Prompt.builder("hi").clientId("c1").build());
            f.agents.process(1).expect("hello").say("ready").expect("prompt hi").say("delta o", "delta k", "done ok");

            assertThat(result(turn).text()).isEqualTo("ok");
            await().until(() -> events.size() == 5);
            assertThat(types(events))
                    .containsExactly("session_started", "turn_started", "text_delta", "text_delta", "turn_completed");
            assertThat(events).extracting(EventRecord::offset).containsExactly(1L, 2L, 3L, 4L, 5L);
            assertThat(events.get(1).event())
                    .isEqualTo(new AgentEvent.TurnStarted(AgentEvent.Origin.PROMPT, "c1", "hi"));
            assertThat(events.subList(1, 5)).allMatch(r -> turn.id().equals(r.turnId()));
            assertThat(result(turn).offset()).isEqualTo(5);
            assertThat(session.info().state()).isEqualTo(ProcessState.READY);
            assertThat(session.stats().turns()).isEqualTo(1);
            assertThat(session.stats().costUsd()).isEqualTo(0.5);
        }
    }

    @Test
    void theNextPromptIsWrittenOnlyAfterTheEndOfTheLast() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            FakeProcess process = f.agents.process(1);

            Turn a = session.submit(Prompt.of("a"));
            Turn b = session.submit(Prompt.of("b"));
            process.expect("prompt a");

            assertThat(process.written).doesNotContain("prompt b");
            assertThat(session.info().queuedTurns()).isEqualTo(1);
            process.say("done A").expect("prompt b").say("done B");
            assertThat(result(a).text()).isEqualTo("A");
            assertThat(result(b).text()).isEqualTo("B");
            assertThat(f.agents.processes).hasSize(1);
        }
    }

    @Test
    void theSameClientIdIsTheSameTurn() {
        try (EngineFixture f = new EngineFixture(dir, "idempotency-max-ids", "1")) {
            Session session = f.hot("s1");

            Turn a = session.submit(Prompt.builder("a").clientId("x").build());
            Turn again =
                    session.submit(Prompt.builder("other text").clientId("x").build());
            f.agents.process(1).expect("prompt a").say("done A");

            assertThat(again).isSameAs(a);
            assertThat(result(a).text()).isEqualTo("A");
            assertThat(session.submit(Prompt.builder("a").clientId("x").build()))
                    .isSameAs(a);
            session.submit(Prompt.builder("b").clientId("y").build());
            assertThat(session.submit(Prompt.builder("c").clientId("x").build()))
                    .as("only idempotency-max-ids ids are remembered")
                    .isNotSameAs(a);
        }
    }

    @Test
    void turnsAreFoundByIdUntilTheyAreForgotten() {
        try (EngineFixture f = new EngineFixture(dir, "turn-history-max", "2")) {
            Session session = f.hot("s1");
            Turn first = session.turns().get(0);
            Turn a = session.submit(Prompt.builder("a").clientId("x").build());
            Turn b = session.submit(Prompt.of("b"));
            f.agents.process(1).expect("prompt a");

            assertThat(session.turns()).containsExactly(first, a, b);
            assertThat(session.turn(a.id())).containsSame(a);
            assertThat(a.info()).isEqualTo(new TurnInfo(a.id(), Origin.PROMPT, "x", State.RUNNING, null, null));
            assertThat(b.info().state()).isEqualTo(State.QUEUED);

            f.agents.process(1).say("done A").expect("prompt b").say("done B");
            result(b);

            assertThat(session.turns()).as("turn-history-max").containsExactly(a, b);
            assertThat(session.turn(first.id())).isEmpty();
            assertThat(a.info().state()).isEqualTo(State.ENDED);
            assertThat(a.info().result()).isEqualTo(result(a));
        }
    }

    @Test
    void aPromptThatWaitsCanBeSeenAsTheJournalWillHaveIt() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            session.submit(Prompt.of("a"));
            Turn b = session.submit(Prompt.of("b with the key ghp_abcdefghijklmnopqrstuvwxyz0123456789"));
            f.agents.process(1).expect("prompt a");
            await().until(() -> b.info().prompt() != null);

            assertThat(b.info().prompt()).startsWith("b with the key ").doesNotContain("ghp_abc");
            f.agents.process(1).say("done A");
            await().until(() -> b.info().state() == State.RUNNING);
            assertThat(b.info().prompt()).isNull();
        }
    }

    @Test
    void aSessionIsCalledByItsFirstPromptUntilItGetsAName() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.open("s1");
            assertThat(session.info().title()).isNull();
            session.submit(Prompt.of("\n  first line  \nsecond"));
            f.agents.process(1).expect("hello").say("ready").expect("prompt").say("done A");
            await().until(() -> "first line".equals(session.info().title()));
            session.submit(Prompt.of("another"));

            session.rename("a name", "ann").toCompletableFuture().join();

            assertThat(session.info().title()).isEqualTo("a name");
            assertThat(session.stats().title()).isEqualTo("a name");
            assertThat(session.info().workDir()).isEqualTo(session.spec().workDir());
            for (String wrong : List.of(" ", "x".repeat(501))) {
                assertThatThrownBy(() -> session.rename(wrong, "ann"))
                        .isInstanceOfSatisfying(
                                HotPlexException.class,
                                e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
            }
            session.close().toCompletableFuture().join();
            assertThatThrownBy(() -> session.rename("late", "ann")).isInstanceOf(HotPlexException.class);
        }
    }

    @Test
    void aSubscriberGetsItsSubscriptionBeforeTheFirstRecord() {
        try (EngineFixture f = new EngineFixture(dir)) {
            List<Subscription> begun = new CopyOnWriteArrayList<>();
            List<EventRecord> events = new CopyOnWriteArrayList<>();

            Subscription subscription = f.hot("s1").subscribe(0, new Subscriber() {
                @Override
                public void onSubscribe(Subscription s) {
                    begun.add(s);
                    s.pause();
                }

                @Override
                public void onEvent(EventRecord record) {
                    events.add(record);
                }
            });

            assertThat(begun).containsExactly(subscription);
            assertThat(events).isEmpty();
            subscription.resume();
            await().until(() -> events.size() == 3);
        }
    }

    @Test
    void aTurnOfTheAgentIsFoundByIdAsWell() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");

            f.agents.process(1).say("own");

            assertThat(session.turns()).hasSize(2);
            assertThat(session.turns().get(1).info().origin()).isEqualTo(Origin.AGENT);
            assertThat(session.turns().get(1).info().state()).isEqualTo(State.RUNNING);
        }
    }

    @Test
    void endedTurnsAreForgottenByTheBytesOfTheirResultsToo() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            Turn large = session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a").say("done " + "x".repeat(1 << 20));
            result(large);
            assertThat(session.turns()).as("the last one stays, however large").containsExactly(large);

            Turn next = session.submit(Prompt.of("b"));
            f.agents.process(1).expect("prompt b").say("done B");
            result(next);

            assertThat(session.turns()).containsExactly(next);
        }
    }

    @Test
    void aSnapshotTellsWhatTheJournalTellsUpToItsOffset() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            session.setModel("m2");
            Turn a = session.submit(Prompt.of("a"));
            Turn b = session.submit(Prompt.of("b"));
            f.agents.process(1).expect("prompt a").expect("model").say("ask r1", "delta x");

            SessionSnapshot snapshot = session.snapshot().toCompletableFuture().join();

            assertThat(snapshot.info())
                    .usingRecursiveComparison()
                    .ignoringFields("lastActivity")
                    .isEqualTo(session.info());
            assertThat(snapshot.info().oldestOffset()).isEqualTo(1);
            assertThat(snapshot.turns()).containsExactly(a.info(), b.info());
            assertThat(snapshot.pendingRequests())
                    .isEqualTo(session.pendingRequests())
                    .hasSize(1);
            List<EventRecord> events = read(session);
            await().until(() -> events.size() == snapshot.info().newestOffset());
            assertThat(types(events)).endsWith("permission_requested", "text_delta");
        }
    }

    @Test
    void aSnapshotHasTheSettingsThatTheNextProcessStartsWith() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.open("s1");
            session.setModel("m2").toCompletableFuture().join();

            SessionSnapshot snapshot = session.snapshot().toCompletableFuture().join();

            assertThat(snapshot.spec().model()).isEqualTo("m2");
            assertThat(session.spec().model()).isNull();
        }
    }

    @Test
    void aFullQueueRefusesAtOnce() {
        try (EngineFixture f = new EngineFixture(dir, "queue-max-turns", "2")) {
            Session session = f.hot("s1");
            session.submit(Prompt.of("runs"));
            session.submit(Prompt.of("waits 1"));
            session.submit(Prompt.of("waits 2"));

            assertThatThrownBy(() -> session.submit(Prompt.of("too many")))
                    .isInstanceOfSatisfying(HotPlexException.class, e -> {
                        assertThat(e.code()).isEqualTo(ErrorCode.QUEUE_FULL);
                        assertThat(e.retryable()).isTrue();
                        assertThat(e).hasMessageContaining("queue-max-turns");
                    });
            Turn newest = session.submit(
                    Prompt.builder("instead").delivery(Delivery.INTERRUPT).build());
            f.agents
                    .process(1)
                    .expect("interrupt")
                    .say("aborted")
                    .expect("prompt instead")
                    .say("done I");
            assertThat(result(newest).completed())
                    .as("what empties the queue is not refused by it")
                    .isTrue();
        }
    }

    @Test
    void badPromptsAreRefusedWithACode() {
        try (EngineFixture f = new EngineFixture(dir, "prompt-max-bytes", "10")) {
            Session session = f.open("s1");
            Attachment image = new Attachment("a.png", "image/png", new byte[11]);

            assertCode(() -> session.submit(Prompt.of("  ")), ErrorCode.PROMPT_EMPTY);
            assertCode(() -> session.submit(Prompt.of("12345678901")), ErrorCode.PROMPT_TOO_LARGE);
            assertCode(() -> session.submit(Prompt.of("ääääää")), ErrorCode.PROMPT_TOO_LARGE);
            assertCode(() -> session.submit(Prompt.builder("").attach(image).build()), ErrorCode.PROMPT_TOO_LARGE);
            assertCode(
                    () -> session.submit(
                            Prompt.builder("1234").instructions("1234567").build()),
                    ErrorCode.PROMPT_TOO_LARGE);
            f.agents.capabilities.remove(Capability.IMAGES);
            assertCode(() -> session.submit(Prompt.builder("").attach(image).build()), ErrorCode.NOT_SUPPORTED);
        }
    }

    @Test
    void theGuardBlocksBeforeTheAgentSeesAnything() {
        PromptGuard guard = (spec, prompt) -> {
            if (prompt.text().equals("broken")) {
                throw new StackOverflowError("planted");
            }
            if (prompt.text().equals("undecided")) {
                return nothing();
            }
            return prompt.text().equals("bad")
                    ? new PromptGuard.Decision.Block("r1", "injection", "high", "no", List.of("rephrase"))
                    : PromptGuard.Decision.ALLOW;
        };
        try (EngineFixture f = new EngineFixture(dir, HotPlex.builder().guard(guard))) {
            Session session = f.open("s1");

            Turn bad = session.submit(Prompt.of("bad"));
            Turn broken = session.submit(Prompt.of("broken"));
            Turn undecided = session.submit(Prompt.of("undecided"));

            assertThat(result(bad).end())
                    .isEqualTo(new AgentEvent.TurnBlocked("r1", "injection", "high", "no", List.of("rephrase")));
            assertThat(result(bad).code()).isEqualTo(ErrorCode.PROMPT_BLOCKED);
            assertThat(result(broken).end()).isInstanceOf(AgentEvent.TurnBlocked.class);
            assertThat(result(undecided).end()).isInstanceOf(AgentEvent.TurnBlocked.class);
            assertThat(f.agents.processes).isEmpty();
        }
    }

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // what a careless guard does
    private static <T> T nothing() {
        return null;
    }

    @Test
    void aPermissionCanBeAnsweredAsSoonAsItIsRead() {
        try (EngineFixture f = new EngineFixture(dir, HotPlex.builder().executor(Runnable::run))) {
            Session session = f.hot("s1");
            session.subscribe(0, record -> {
                if (record.event() instanceof AgentEvent.PermissionRequested p) {
                    session.answer(p.requestId(), PermissionAnswer.allow(), "policy");
                }
            });
            session.submit(Prompt.of("a"));

            f.agents.process(1).expect("prompt a").say("ask p1").expect("answer p1 Allow");
        }
    }

    @Test
    void aTurnThatIsCancelledByWhoRepeatsItsClientIdEndsOnce() {
        List<Session> sessions = new CopyOnWriteArrayList<>();
        EngineListener listener = new EngineListener() {
            @Override
            public void onTurnAccepted(String sessionId, String provider, String turnId) {
                if (!sessions.isEmpty()) { // between the acceptance and the owner's first look
                    Session session = sessions.remove(0);
                    session.submit(Prompt.builder("again").clientId("x").build())
                            .cancel();
                }
            }
        };
        try (EngineFixture f = new EngineFixture(dir, HotPlex.builder().listener(listener))) {
            Session session = f.hot("s1");
            List<EventRecord> events = read(session);
            sessions.add(session);

            Turn turn = session.submit(Prompt.builder("a").clientId("x").build());

            assertThat(result(turn).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
            Turn next = session.submit(Prompt.of("b"));
            f.agents.process(1).expect("prompt b").say("done B");
            assertThat(result(next).completed()).isTrue();
            assertThat(events).filteredOn(r -> turn.id().equals(r.turnId())).hasSizeLessThanOrEqualTo(1);
        }
    }

    @Test
    void aSteeredPromptThatIsCancelledAndNeverRunsStillTimesOut() {
        try (EngineFixture f = new EngineFixture(dir, "turn-timeout", "300ms")) {
            Session session = f.hot("s1");
            Turn a = session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a");
            Turn b = session.submit(Prompt.builder("b").delivery(Delivery.STEER).build());
            f.agents.process(1).expect("steer");
            b.cancel();
            f.agents.process(1).say("done A");
            assertThat(result(a).completed()).isTrue();

            assertThat(result(b).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
            Turn c = session.submit(Prompt.of("c"));
            f.agents.process(2).say("ready").expect("prompt c").say("done C");
            assertThat(result(c).completed()).isTrue();
        }
    }

    @Test
    void anExecutorThatIsOutOfThreadsLosesNothing() {
        AtomicBoolean broken = new AtomicBoolean();
        HotPlex builder = HotPlex.builder().executor(task -> {
            if (broken.get()) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            new Thread(task, "mine").start();
        });
        try (EngineFixture f = new EngineFixture(dir, builder)) {
            Session session = f.hot("s1");
            broken.set(true);
            Turn turn = session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a").say("done A");
            assertThat(result(turn).text()).isEqualTo("A");
            f.agents.process(1).exit(1, null);

            Turn refused = session.submit(Prompt.of("b"));

            assertThat(result(refused).code()).isEqualTo(ErrorCode.AGENT_START_FAILED);
            assertThat(f.engine.pool().processes()).isZero();
        }
    }

    @Test
    void aDefectFailsTheTurnAndTheSessionStaysUsable() {
        AtomicBoolean broken = new AtomicBoolean();
        Journal journal = new WatchedJournal(
                () -> {
                    if (broken.getAndSet(false)) { // once, and not in the writing of a terminal event
                        throw new IllegalStateException("planted");
                    }
                },
                max -> {});
        try (EngineFixture f = new EngineFixture(dir, HotPlex.builder().journal(journal))) {
            Session session = f.hot("s1");
            broken.set(true);

            Turn turn = session.submit(Prompt.of("a"));

            assertThat(result(turn).code()).isEqualTo(ErrorCode.INTERNAL);
            assertThat(f.agents.process(1).isGone()).isTrue();
            Turn next = session.submit(Prompt.of("b"));
            f.agents.process(2).say("ready").expect("prompt b").say("done B");
            assertThat(result(next).completed()).isTrue();
        }
    }

    @Test
    void aJournalThatFailsKeepsNobodyWaiting() {
        AtomicBoolean broken = new AtomicBoolean();
        Journal journal = new WatchedJournal(
                () -> {
                    if (broken.get()) {
                        throw new IllegalStateException("planted");
                    }
                },
                max -> {});
        try (EngineFixture f = new EngineFixture(dir, HotPlex.builder().journal(journal))) {
            Session session = f.hot("s1");
            Turn turn = session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a");
            broken.set(true);
            f.agents.process(1).say("done A");

            assertThat(result(turn).completed()).isTrue();
            broken.set(false);
            Turn next = session.submit(Prompt.of("b"));
            f.agents.process(1).expect("prompt b").say("done B");
            assertThat(result(next).completed()).isTrue();
        }
    }

    @Test
    void aChangeThatAnEndingProcessDidNotConfirmHoldsForTheNext() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            var done = session.setModel("later").toCompletableFuture();
            f.agents.process(1).expect("model");
            assertThat(done).isNotDone();
            ((io.hotplex.core.internal.session.SessionHandle) session)
                    .current()
                    .hibernate("test", java.time.Duration.ZERO);

            done.join();

            session.submit(Prompt.of("b"));
            assertThat(f.agents.process(2).start()).contains("model=later");
        }
    }

    @Test
    void cancellingAWaitingTurnEndsItAtOnceAndTheOthersStay() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            Turn a = session.submit(Prompt.of("a"));
            Turn b = session.submit(Prompt.of("b"));

            b.cancel();
            b.cancel();

            assertThat(result(b).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
            f.agents.process(1).expect("prompt a").say("done A");
            assertThat(result(a).completed()).isTrue();
            assertThat(f.agents.process(1).written).doesNotContain("interrupt", "prompt b");
        }
    }

    @Test
    void cancellingARunningTurnInterruptsTheAgentAndKeepsItsProcess() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            Turn a = session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a").say("delta x");

            session.interrupt();
            f.agents.process(1).expect("interrupt").say("aborted");

            assertThat(result(a).end())
                    .isInstanceOfSatisfying(
                            AgentEvent.TurnCancelled.class,
                            c -> assertThat(c.reason()).isEqualTo("interrupted"));
            Turn b = session.submit(Prompt.of("b"));
            f.agents.process(1).expect("prompt b").say("done B");
            assertThat(result(b).completed()).isTrue();
        }
    }

    @Test
    void anAgentThatIgnoresTheInterruptIsKilledAndResumed() {
        try (EngineFixture f = new EngineFixture(dir, "interrupt-grace", "20ms")) {
            Session session = f.hot("s1");
            Turn a = session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a");

            a.cancel();

            assertThat(result(a).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
            assertThat(f.agents.process(1).isGone()).isTrue();
            Turn b = session.submit(Prompt.of("b"));
            assertThat(f.agents.process(2).start()).startsWith("RESUME");
            f.agents.process(2).say("ready").expect("prompt b").say("done B");
            assertThat(result(b).completed()).isTrue();
        }
    }

    @Test
    void anAgentThatCannotBeInterruptedIsKilled() {
        try (EngineFixture f = new EngineFixture(dir)) {
            f.agents.capabilities.remove(Capability.INTERRUPT);
            Session session = f.hot("s1");
            Turn a = session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a");

            a.cancel();

            assertThat(result(a).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
            assertThat(f.agents.process(1).written).doesNotContain("interrupt");
        }
    }

    @Test
    void whatTheAgentCompletedIsCompletedEvenWhenItWasCancelledMeanwhile() {
        try (EngineFixture f = new EngineFixture(dir, "interrupt-grace", "10s")) {
            Session session = f.hot("s1");
            Turn a = session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a");

            a.cancel();
            f.agents.process(1).expect("interrupt").say("done in time");

            assertThat(result(a).text()).isEqualTo("in time");
        }
    }

    @Test
    void interruptDeliveryReplacesWhatRunsAndWaits() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            Turn a = session.submit(Prompt.of("a"));
            Turn b = session.submit(Prompt.of("b"));
            f.agents.process(1).expect("prompt a");

            Turn c = session.submit(
                    Prompt.builder("c").delivery(Delivery.INTERRUPT).build());
            f.agents
                    .process(1)
                    .expect("interrupt")
                    .say("aborted")
                    .expect("prompt c")
                    .say("done C");

            assertThat(result(a).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
            assertThat(result(b).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
            assertThat(result(c).text()).isEqualTo("C");
        }
    }

    @Test
    void aSteeredPromptIsTakenIntoTheRunningTurn() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            Turn a = session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a");

            Turn b = session.submit(Prompt.builder("b").delivery(Delivery.STEER).build());
            f.agents.process(1).expect("steer").say("merged " + b.id(), "done A");

            assertThat(result(a).text()).isEqualTo("A");
            assertThat(result(b).end())
                    .isInstanceOfSatisfying(
                            AgentEvent.TurnCompleted.class,
                            c -> assertThat(c.mergedInto()).isEqualTo(a.id()));
        }
    }

    @Test
    void aSteeredPromptThatComesTooLateIsTheNextTurn() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            Turn a = session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a");
            Turn b = session.submit(Prompt.builder("b").delivery(Delivery.STEER).build());
            Turn c = session.submit(Prompt.of("c"));

            f.agents.process(1).expect("steer").say("done A", "steer-runs " + b.id(), "delta for b", "done B");
            f.agents.process(1).expect("prompt c").say("done C");

            assertThat(Stream.of(a, b, c).map(t -> result(t).text())).containsExactly("A", "B", "C");
            List<EventRecord> events = read(session);
            await().until(() -> types(events).contains("text_delta"));
            assertThat(events)
                    .filteredOn(r -> r.event() instanceof AgentEvent.TextDelta)
                    .allMatch(r -> b.id().equals(r.turnId()));
        }
    }

    @Test
    void aPromptThatCannotBeSteeredWaits() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a");

            Turn b = session.submit(
                    Prompt.builder("unsteerable").delivery(Delivery.STEER).build());
            f.agents.process(1).say("done A").expect("prompt unsteerable").say("done B");

            assertThat(result(b).text()).isEqualTo("B");
        }
    }

    @Test
    void aTurnOfTheAgentsOwnHasItsOwnIdAndEnd() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            List<EventRecord> events = read(session);
            f.agents.process(1).say("own", "delta by itself");

            Turn a = session.submit(Prompt.of("a"));
            assertThat(f.agents.process(1).written).doesNotContain("prompt a");
            f.agents.process(1).say("owndone fine").expect("prompt a").say("owndone crossed", "done A");

            assertThat(result(a).text()).isEqualTo("A");
            await().until(() -> only(events, AgentEvent.TurnCompleted.class).size() == 4);
            assertThat(only(events, AgentEvent.TurnStarted.class))
                    .extracting(AgentEvent.TurnStarted::origin)
                    .containsExactly(
                            AgentEvent.Origin.PROMPT,
                            AgentEvent.Origin.AGENT,
                            AgentEvent.Origin.PROMPT,
                            AgentEvent.Origin.AGENT);
            assertThat(only(events, AgentEvent.TurnStarted.class))
                    .extracting(AgentEvent.TurnStarted::prompt)
                    .containsExactly("first", null, "a", null);
        }
    }

    @Test
    void anAgentMayBeginATurnOfItsOwnBeforeItIsReady() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.open("s1");
            Turn a = session.submit(Prompt.of("a"));
            f.agents.process(1).expect("hello").say("own", "delta x", "ready");
            assertThat(session.info().state()).isEqualTo(ProcessState.BUSY);

            f.agents.process(1).say("owndone fine").expect("prompt a").say("done A");

            assertThat(result(a).text()).isEqualTo("A");
        }
    }

    @Test
    void aTurnThatTakesTooLongTimesOutAndTheAgentIsInterrupted() {
        try (EngineFixture f = new EngineFixture(dir, "turn-timeout", "50ms")) {
            Session session = f.open("s1");
            Turn turn = session.submit(Prompt.of("a"));
            f.agents
                    .process(1)
                    .say("ready")
                    .expect("prompt a")
                    .say("delta x")
                    .expect("interrupt")
                    .say("aborted");

            assertThat(result(turn).end()).isInstanceOfSatisfying(AgentEvent.TurnTimedOut.class, t -> {
                assertThat(t.code()).isEqualTo(ErrorCode.TURN_TIMEOUT);
                assertThat(t.limit().toMillis()).isEqualTo(50);
            });
        }
    }

    @Test
    void aPromptsOwnTimeoutWins() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            Turn turn = session.submit(
                    Prompt.builder("a").timeout(java.time.Duration.ofMillis(30)).build());
            f.agents.process(1).expect("interrupt").say("aborted");

            assertThat(result(turn).code()).isEqualTo(ErrorCode.TURN_TIMEOUT);
        }
    }

    @Test
    void anAgentThatSaysNothingTimesOutAndNewsAboutItselfIsNoAnswer() {
        try (EngineFixture f = new EngineFixture(dir, "first-output-timeout", "50ms")) {
            Session session = f.open("s1");
            Turn turn = session.submit(Prompt.of("a"));
            f.agents
                    .process(1)
                    .say("ready")
                    .expect("prompt a")
                    .say("noise")
                    .expect("interrupt")
                    .say("aborted");

            assertThat(result(turn).code()).isEqualTo(ErrorCode.FIRST_OUTPUT_TIMEOUT);
        }
    }

    @Test
    void aPermissionIsAnsweredOnceAndOutlastsItsTurnAsLongAsTheAgentLives() {
        try (EngineFixture f = new EngineFixture(dir, "pending-requests-max", "2")) {
            Session session = f.hot("s1");
            List<EventRecord> events = read(session);
            Turn turn = session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a").say("ask p1", "ask p2", "ask p3");
            assertThat(session.pendingRequests()).hasSize(2);
            f.agents.process(1).expect("answer p3 Deny");

            session.answer("p1", PermissionAnswer.allow(), "ann");
            f.agents.process(1).expect("answer p1 Allow");

            assertCode(() -> session.answer("p1", PermissionAnswer.allow(), "bob"), ErrorCode.REQUEST_ALREADY_ANSWERED);
            assertCode(() -> session.answer("nope", PermissionAnswer.allow(), "bob"), ErrorCode.REQUEST_NOT_FOUND);
            assertCode(() -> session.answerQuestion("p2", Map.of(), "bob"), ErrorCode.REQUEST_NOT_FOUND);
            f.agents.process(1).say("done A");
            assertThat(result(turn).completed()).isTrue();
            assertThat(session.pendingRequests())
                    .as("asked from the background")
                    .hasSize(1);
            f.agents.process(1).exit(1, null);
            await().until(() -> session.pendingRequests().isEmpty());
            assertCode(() -> session.answer("p2", PermissionAnswer.allow(), "bob"), ErrorCode.REQUEST_ALREADY_ANSWERED);
            await().until(() -> types(events).contains("process_exited")
                    && only(events, AgentEvent.PermissionResolved.class).size() == 3);
            assertThat(only(events, AgentEvent.PermissionResolved.class))
                    .extracting(p -> p.requestId() + " " + p.resolution() + " " + p.by())
                    .containsExactly("p3 DENIED engine", "p1 ALLOWED ann", "p2 WITHDRAWN engine");
        }
    }

    @Test
    void theAgentsWithdrawalEndsARequest() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            List<EventRecord> events = read(session);
            session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a").say("ask p1", "withdraw p1", "withdraw p1");

            assertCode(() -> session.answer("p1", PermissionAnswer.allow(), "bob"), ErrorCode.REQUEST_ALREADY_ANSWERED);
            await().until(() -> types(events).contains("permission_resolved"));
            assertThat(only(events, AgentEvent.PermissionResolved.class)).hasSize(1);
        }
    }

    @Test
    void aQuestionIsAnswered() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a").say("question q1");

            session.answerQuestion("q1", Map.of("Which?", List.of("A")), "ann");

            f.agents.process(1).expect("reply q1 {Which?=[A]}");
            assertThat(session.pendingRequests()).isEmpty();
        }
    }

    @Test
    void theModelChangesInTheLivingProcessAndInLaterOnes() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.open("s1");
            session.setModel("cold").toCompletableFuture().join();
            Turn turn = session.submit(Prompt.of("a"));
            assertThat(f.agents.process(1).start()).contains("model=cold");
            var deferred = session.setPermissionMode("plan").toCompletableFuture();
            f.agents.process(1).say("ready").expect("mode").say("ok " + command(f.agents.process(1), "mode"));
            deferred.join();
            var refused = session.setModel("bad").toCompletableFuture();
            f.agents.process(1).expect("model").say("nok " + command(f.agents.process(1), "model"));
            assertThatThrownBy(refused::join)
                    .isInstanceOf(CompletionException.class)
                    .cause()
                    .isInstanceOfSatisfying(
                            HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.AGENT_ERROR));
            assertCode(() -> session.setModel("no-such-model"), ErrorCode.INVALID_ARGUMENT);

            f.agents.process(1).exit(1, null);
            result(turn);
            session.submit(Prompt.of("b"));

            assertThat(f.agents.process(2).start()).contains("model=cold mode=plan");
        }
    }

    private static String command(FakeProcess process, String verb) {
        return process.written.stream()
                .filter(line -> line.startsWith(verb))
                .reduce((a, b) -> b)
                .orElseThrow()
                .split(" ", -1)[1];
    }

    @Test
    void aChangeThatIsNotConfirmedFailsInTime() {
        try (EngineFixture f = new EngineFixture(dir, "setting-timeout", "30ms")) {
            Session session = f.hot("s1");

            assertThatThrownBy(() -> session.setModel("m").toCompletableFuture().join())
                    .cause()
                    .isInstanceOfSatisfying(
                            HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.AGENT_ERROR))
                    .hasMessageContaining("setting-timeout");
        }
    }

    @Test
    void aChangeThatTheProviderCannotDoFails() {
        try (EngineFixture f = new EngineFixture(dir)) {
            f.agents.capabilities.remove(Capability.SET_MODEL);
            Session session = f.open("s1");

            assertThatThrownBy(() -> session.setModel("m").toCompletableFuture().join())
                    .cause()
                    .isInstanceOfSatisfying(
                            HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_SUPPORTED));
        }
    }

    @Test
    void manyThreadsSubmitAndEveryPromptEndsExactlyOnce() {
        try (EngineFixture f = new EngineFixture(dir, "queue-max-turns", "500")) {
            Session session = f.hot("s1");
            List<EventRecord> events = read(session);
            FakeProcess process = f.agents.process(1);
            Thread agent = new Thread(() -> {
                for (int i = 0; i < 400; i++) {
                    int wanted = i + 2;
                    await().until(() -> process.written.stream()
                                    .filter(line -> line.startsWith("prompt"))
                                    .count()
                            >= wanted);
                    process.say("delta x", "done ok");
                }
            });
            agent.start();

            List<Turn> turns = IntStream.range(0, 400)
                    .parallel()
                    .mapToObj(i -> session.submit(Prompt.of("p" + i)))
                    .toList();

            assertThat(turns).allMatch(turn -> result(turn).completed());
            await().until(() -> only(events, AgentEvent.TurnCompleted.class).size() == 401);
            assertThat(events.get(events.size() - 1).offset()).isEqualTo(events.size());
            assertThat(events.stream()
                            .filter(r -> r.event() instanceof AgentEvent.Terminal)
                            .map(EventRecord::turnId)
                            .distinct())
                    .hasSize(401);
        }
    }

    static void assertCode(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, ErrorCode code) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(code));
    }
}
