package io.hotplex.core;

import static io.hotplex.core.EngineFixture.only;
import static io.hotplex.core.EngineFixture.read;
import static io.hotplex.core.EngineFixture.result;
import static io.hotplex.core.EngineFixture.types;
import static io.hotplex.core.SessionTurnsTest.assertCode;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.ProcessState;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.Turn;
import io.hotplex.api.spi.ProcessListener.Cleanup;
import io.hotplex.core.FakeAgents.FakeProcess;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SessionProcessTest {
    private static final String S1 = "e7012601-53ee-5449-a486-1fd014b129a1";

    @TempDir
    Path dir;

    @Test
    void theConversationsIdIsTheDocumentedUuid() {
        try (EngineFixture f = new EngineFixture(dir)) {
            f.open("s1").submit(Prompt.of("a"));

            FakeProcess process = f.agents.process(1);
            assertThat(process.start()).startsWith("NEW " + S1);
            assertThat(process.spec.environment()).containsEntry("ADDED", "1");
            assertThat(process.spec.inherit()).containsExactly("FAKE_*");
        }
    }

    @Test
    void theNamespaceIsPartOfTheId() {
        try (EngineFixture f = new EngineFixture(dir, "namespace", "other")) {
            f.open("s1").submit(Prompt.of("a"));

            assertThat(f.agents.process(1).start()).doesNotContain(S1);
        }
    }

    @Test
    void aCrashInATurnIsATypedFailureAndTheNextPromptResumes() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            List<EventRecord> events = read(session);
            Turn a = session.submit(Prompt.of("a"));
            f.agents.process(1).cleanup = new Cleanup(3, 1, Duration.ofMillis(17));
            f.agents.process(1).expect("prompt a").say("delta x").exit(null, 9, "segfault");

            assertThat(result(a).end()).isInstanceOfSatisfying(AgentEvent.TurnFailed.class, e -> {
                assertThat(e.code()).isEqualTo(ErrorCode.AGENT_CRASHED);
                assertThat(e.message()).contains("signal 9").contains("segfault");
                assertThat(e.retryable()).isTrue();
            });
            Turn b = session.submit(Prompt.of("b"));
            assertThat(f.agents.process(2).start()).startsWith("RESUME " + S1);
            f.agents.process(2).say("ready").expect("prompt b").say("done B");
            assertThat(result(b).completed()).isTrue();
            await().until(() -> types(events).contains("session_resumed"));
            assertThat(only(events, AgentEvent.ProcessExited.class))
                    .singleElement()
                    .satisfies(e -> {
                        assertThat(e.expected()).isFalse();
                        assertThat(e.signal()).isEqualTo(9);
                        assertThat(e.survivorsFound()).isEqualTo(3);
                        assertThat(e.survivorsLeft()).isEqualTo(1);
                        assertThat(e.cleanup()).isEqualTo(Duration.ofMillis(17));
                    });
        }
    }

    @Test
    void aPromptWaitingBehindACrashRunsInTheNextProcess() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            Turn a = session.submit(Prompt.of("a"));
            Turn b = session.submit(Prompt.of("b"));
            f.agents.process(1).expect("prompt a").exit(1, null);

            f.agents.process(2).say("ready").expect("prompt b").say("done B");

            assertThat(result(a).code()).isEqualTo(ErrorCode.AGENT_CRASHED);
            assertThat(result(b).text()).isEqualTo("B");
        }
    }

    @Test
    void aRetiredProcessIsNoCrashAndTheNextOneGetsWhatItNeverSaw() {
        try (EngineFixture f = new EngineFixture(dir, "crash-loop-limit", "1")) {
            Session session = f.hot("s1");
            List<EventRecord> events = read(session);
            Turn turn = session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a").exit(0, null, "retired");

            f.agents.process(2).say("ready").expect("prompt a").say("done A");

            assertThat(result(turn).text()).isEqualTo("A");
            assertThat(only(events, AgentEvent.ProcessExited.class))
                    .singleElement()
                    .satisfies(exited -> {
                        assertThat(exited.expected()).isTrue();
                        assertThat(exited.reason()).isEqualTo("retired");
                    });
        }
    }

    @Test
    void aLaunchMayBringItsOwnWayToStart() {
        try (EngineFixture f = new EngineFixture(dir)) {
            List<String> started = new CopyOnWriteArrayList<>();
            f.agents.starter = (launcher, spec, listener) -> {
                started.add(spec.label());
                return launcher.launch(spec, listener);
            };

            f.hot("s1");

            assertThat(started).containsExactly("s1-1");
        }
    }

    @Test
    void anIdThatIsTakenIsResumed() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Turn turn = f.open("s1").submit(Prompt.of("a"));
            f.agents.process(1).exit(1, null, "taken");

            assertThat(f.agents.process(2).start()).startsWith("RESUME " + S1);
            f.agents.process(2).say("ready").expect("prompt a").say("done A");
            assertThat(result(turn).text()).isEqualTo("A");
        }
    }

    @Test
    void aResumeThatFindsNothingBeginsAnewAndSaysSo() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            List<EventRecord> events = read(session);
            f.agents.process(1).exit(1, null);
            Turn turn = session.submit(Prompt.of("a"));
            f.agents.process(2).say("ready").expect("prompt a").exit(1, null, "not found");

            String start = f.agents.process(3).start();
            assertThat(start).startsWith("NEW ").doesNotContain(S1);
            f.agents.process(3).say("ready").expect("prompt a").say("done A");
            assertThat(result(turn).text()).isEqualTo("A");
            await().until(() -> types(events).contains("agent_session_changed"));
            assertThat(only(events, AgentEvent.AgentSessionChanged.class))
                    .singleElement()
                    .satisfies(e -> {
                        assertThat(e.previous()).isEqualTo(S1);
                        assertThat(start).contains(e.agentSessionId());
                        assertThat(e.reason()).isEqualTo("resume_failed");
                    });
            assertThat(only(events, AgentEvent.TurnStarted.class)).hasSize(2);
            assertThat(session.info().agentSessionId()).isNotEqualTo(S1);
        }
    }

    @Test
    void aTurnThatIsCancelledWhileItsResumeFailsEnds() {
        try (EngineFixture f = new EngineFixture(dir, "interrupt-grace", "10s")) {
            Session session = f.hot("s1");
            f.agents.process(1).exit(1, null);
            Turn turn = session.submit(Prompt.of("a"));
            f.agents.process(2).say("ready").expect("prompt a");
            turn.cancel();
            f.agents.process(2).expect("interrupt").exit(1, null, "not found");

            assertThat(result(turn).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
            Turn next = session.submit(Prompt.of("b"));
            f.agents.process(3).say("ready").expect("prompt b").say("done B");
            assertThat(result(next).completed()).isTrue();
        }
    }

    @Test
    void aProcessWithoutOutputGetsNoMorePrompts() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            f.agents.process(1).immortal = true;
            f.agents.process(1).endOutput();
            Turn turn = session.submit(Prompt.of("a"));
            assertThat(f.agents.process(1).written).doesNotContain("prompt a");
            f.agents.process(1).exit(0, null);

            f.agents.process(2).say("ready").expect("prompt a").say("done A");

            assertThat(result(turn).completed()).isTrue();
        }
    }

    @Test
    void theConversationsNewIdIsLeasedToo() {
        try (EngineFixture one = new EngineFixture(dir);
                EngineFixture two = new EngineFixture(dir)) {
            one.hot("s1");
            one.agents.process(1).say("renamed new-id");

            await().until(() -> {
                Session other = two.engine.open(
                        two.spec("o").resumeAgentSession("new-id").build());
                Turn turn = other.submit(Prompt.of("a"));
                if (!two.agents.processes.isEmpty()) {
                    two.agents.processes.get(two.agents.processes.size() - 1).exit(1, null);
                }
                return result(turn).code() == ErrorCode.SESSION_IN_USE;
            });
        }
    }

    @Test
    void anAgentThatKeepsSayingTakenAndNotFoundEndsTheTurnAtSomePoint() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Turn turn = f.open("s1").submit(Prompt.of("a"));
            for (int i = 1; i <= 4; i++) {
                f.agents.process(i).exit(1, null, i % 2 == 1 ? "taken" : "not found");
            }

            assertThat(result(turn).code()).isEqualTo(ErrorCode.AGENT_START_FAILED);
        }
    }

    @Test
    void aSessionCanContinueOrBranchAConversationThatExists() {
        try (EngineFixture f = new EngineFixture(dir)) {
            f.engine.open(f.spec("r").resumeAgentSession("old-1").build()).submit(Prompt.of("a"));
            assertThat(f.agents.process(1).start()).startsWith("RESUME old-1");

            f.engine.open(f.spec("k").forkAgentSession("old-2").build()).submit(Prompt.of("a"));
            assertThat(f.agents.process(2).start()).startsWith("FORK ").contains("old-2");
        }
    }

    @Test
    void theConversationsNewIdIsUsedFromThenOn() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            f.agents.process(1).say("renamed new-id");
            f.agents.process(1).exit(1, null);
            session.submit(Prompt.of("a"));

            assertThat(f.agents.process(2).start()).startsWith("RESUME new-id");
        }
    }

    @Test
    void aRefusedStartFailsAllThatWaitWithTheAgentsReason() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.open("s1");
            Turn a = session.submit(Prompt.of("a"));
            Turn b = session.submit(Prompt.of("b"));
            f.agents.process(1).exit(1, null, "refused");

            assertThat(result(a).code()).isEqualTo(ErrorCode.AUTHENTICATION_FAILED);
            assertThat(result(b).code()).isEqualTo(ErrorCode.AUTHENTICATION_FAILED);
        }
    }

    @Test
    void aLaunchThatFailsFailsTheTurnWithItsCode() {
        try (EngineFixture f = new EngineFixture(dir)) {
            f.agents.launchFailures.add(new HotPlexException(ErrorCode.PROVIDER_UNAVAILABLE, "not installed"));
            Turn turn = f.open("s1").submit(Prompt.of("a"));

            assertThat(result(turn).code()).isEqualTo(ErrorCode.PROVIDER_UNAVAILABLE);
            assertThat(f.engine.pool().processes()).isZero();
        }
    }

    @Test
    void aPromptIsWrittenOnlyWhenTheAgentSaysThatItIsReady() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.open("s1");
            Turn turn = session.submit(Prompt.of("a"));
            FakeProcess process = f.agents.process(1).expect("hello");

            process.say("delta early");
            Turn next = session.submit(Prompt.of("b"));

            assertThat(session.info().state()).isEqualTo(ProcessState.STARTING);
            assertThat(process.written).doesNotContain("prompt a", "prompt b");
            process.say("ready").expect("prompt a");
            assertThat(session.info().state()).isEqualTo(ProcessState.BUSY);
            process.say("done A").expect("prompt b").say("done B");
            assertThat(result(turn).completed()).isTrue();
            assertThat(result(next).completed()).isTrue();
            assertThat(session.info().state()).isEqualTo(ProcessState.READY);
        }
    }

    @Test
    void anAgentThatIsNotReadyInTimeIsKilled() {
        try (EngineFixture f = new EngineFixture(dir, "start-timeout", "30ms")) {
            Turn turn = f.open("s1").submit(Prompt.of("a"));

            assertThat(result(turn).code()).isEqualTo(ErrorCode.AGENT_START_TIMEOUT);
            assertThat(f.agents.process(1).isGone()).isTrue();
        }
    }

    @Test
    void theBreakerStopsACrashLoopAndLetsGoAfterItsPause() {
        try (EngineFixture f = new EngineFixture(
                dir, "crash-loop-limit", "2", "crash-loop-pause", "200ms", "queue-max-turns", "9999")) {
            Session session = f.open("s1");
            for (int i = 1; i <= 2; i++) {
                Turn turn = session.submit(Prompt.of("a"));
                f.agents.process(i).exit(1, null);
                assertThat(result(turn).code()).isEqualTo(ErrorCode.AGENT_START_FAILED);
            }

            Turn refused = session.submit(Prompt.of("a"));
            assertThat(result(refused).code()).isEqualTo(ErrorCode.AGENT_CRASH_LOOP);
            assertThat(f.agents.processes).hasSize(2);
            await().until(() -> {
                session.submit(Prompt.of("a"));
                return f.agents.processes.size() == 3;
            });
        }
    }

    @Test
    void crashesFarApartAreNoLoop() {
        try (EngineFixture f = new EngineFixture(dir, "crash-loop-limit", "2", "crash-loop-window", "1ms")) {
            Session session = f.open("s1");
            for (int i = 1; i <= 4; i++) {
                Turn turn = session.submit(Prompt.of("a"));
                f.agents.process(i).say("ready").expect("prompt a");
                long before = System.nanoTime();
                await().until(() -> System.nanoTime() - before > TimeUnit.MILLISECONDS.toNanos(2));
                f.agents.process(i).exit(1, null);
                assertThat(result(turn).code()).isEqualTo(ErrorCode.AGENT_CRASHED);
            }
        }
    }

    @Test
    void aProviderThatThrowsEndsItsProcessAndFailsTheTurn() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            Turn turn = session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a").say("throw");

            assertThat(result(turn).code()).isEqualTo(ErrorCode.AGENT_PROTOCOL);
            assertThat(f.agents.process(1).isGone()).isTrue();
        }
    }

    @Test
    void whatIsLoggedOfATurnHasItsTrace() {
        PrintStream before = System.err;
        ByteArrayOutputStream logged = new ByteArrayOutputStream();
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            System.setErr(new PrintStream(logged, true, StandardCharsets.UTF_8));
            Turn turn = session.submit(Prompt.builder("a")
                    .traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
                    .build());
            f.agents.process(1).expect("prompt a").say("throw");
            assertThat(result(turn).code()).isEqualTo(ErrorCode.AGENT_PROTOCOL);
        } finally {
            System.setErr(before);
        }

        assertThat(logged.toString(StandardCharsets.UTF_8))
                .contains("trace_id=0af7651916cd43dd8448eb211c80319c the provider of session 's1' failed");
    }

    @Test
    void anAgentThatDoesNotReadItsInputFailsTheTurn() {
        try (EngineFixture f = new EngineFixture(dir, "drain-timeout", "1ms")) {
            Session session = f.hot("s1");
            FakeProcess process = f.agents.process(1);
            process.full = true;
            process.immortal = true;

            Turn turn = session.submit(Prompt.of("a"));
            await().until(() -> process.signals.contains("terminate 1 2000"));
            long terminated = System.nanoTime();
            await().until(() -> System.nanoTime() - terminated > TimeUnit.MILLISECONDS.toNanos(1));
            process.exit(null, 15);

            assertThat(result(turn).end()).isInstanceOfSatisfying(AgentEvent.TurnFailed.class, e -> {
                assertThat(e.code()).isEqualTo(ErrorCode.AGENT_PROTOCOL);
                assertThat(e.message()).contains("stdin-queue-bytes");
            });
        }
    }

    @Test
    void aLineThatADeadAgentCannotTakeIsExplainedByItsDeath() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            FakeProcess process = f.agents.process(1);
            process.full = true;
            process.immortal = true;

            Turn turn = session.submit(Prompt.of("a"));
            await().until(() -> process.signals.contains("terminate 1000 2000"));
            process.exit(null, 9, "out of memory");

            assertThat(result(turn).end()).isInstanceOfSatisfying(AgentEvent.TurnFailed.class, e -> {
                assertThat(e.code()).isEqualTo(ErrorCode.AGENT_CRASHED);
                assertThat(e.message()).contains("out of memory");
            });
        }
    }

    @Test
    void anIdleProcessIsClosedTheSessionStaysAndTheNextPromptResumes() {
        try (EngineFixture f = new EngineFixture(dir, "idle-timeout", "60ms")) {
            Session session = f.hot("s1");
            List<EventRecord> events = read(session);

            await().until(() -> f.agents.process(1).isGone());
            await().until(() -> session.info().state() == ProcessState.NONE);
            assertThat(f.engine.pool().processes()).isZero();
            await().until(() -> types(events).contains("process_exited"));
            assertThat(only(events, AgentEvent.ProcessExited.class))
                    .singleElement()
                    .satisfies(e -> {
                        assertThat(e.expected()).isTrue();
                        assertThat(e.reason()).isEqualTo("idle");
                    });

            Turn turn = session.submit(Prompt.of("a"));
            f.agents.process(2).say("ready").expect("prompt a").say("done A");
            assertThat(result(turn).completed()).isTrue();
        }
    }

    @Test
    void aLongTurnIsNotIdleHoweverQuietItIs() {
        try (EngineFixture f = new EngineFixture(dir, "idle-timeout", "40ms")) {
            Session quiet = f.open("quiet");
            Turn turn = quiet.submit(Prompt.of("a"));
            f.agents.process(1).say("ready").expect("prompt a");
            f.hot("other");

            await().until(() -> f.agents.process(2).isGone()); // the sweeper went by, more than one idle time passed

            assertThat(f.agents.process(1).isGone()).isFalse();
            f.agents.process(1).say("done A");
            assertThat(result(turn).completed()).isTrue();
        }
    }

    @Test
    void atTheProcessLimitTheLongestIdleProcessIsEvicted() {
        try (EngineFixture f = new EngineFixture(dir, "max-processes", "2")) {
            f.hot("s1");
            f.hot("s2");

            Turn turn = f.open("s3").submit(Prompt.of("a"));
            f.agents.process(3).say("ready").expect("prompt a").say("done A");

            assertThat(result(turn).completed()).isTrue();
            assertThat(f.agents.process(1).isGone()).isTrue();
            assertThat(f.agents.process(2).isGone()).isFalse();
            assertThat(f.engine.pool().processes()).isEqualTo(2);
        }
    }

    @Test
    void whenAllProcessesWorkAdmissionEndsWithARefusalThatCarriesThePool() {
        try (EngineFixture f = new EngineFixture(dir, "max-processes", "1", "admission-timeout", "500ms")) {
            Session busy = f.hot("s1");
            Turn running = busy.submit(Prompt.of("works"));

            Turn turn = f.open("s2").submit(Prompt.of("a"));

            assertThat(result(turn).end()).isInstanceOfSatisfying(AgentEvent.TurnFailed.class, e -> {
                assertThat(e.code()).isEqualTo(ErrorCode.POOL_EXHAUSTED);
                assertThat(e.message())
                        .contains("processes=1")
                        .contains("maxProcesses=1")
                        .contains("busy=1");
            });
            f.agents.process(1).say("done works");
            assertThat(result(running).completed()).isTrue();
        }
    }

    @Test
    void aTurnThatIsCancelledWaitsForNoSlotAnyMore() {
        try (EngineFixture f = new EngineFixture(dir, "max-processes", "1")) {
            Session busy = f.hot("s1");
            busy.submit(Prompt.of("works"));
            Turn turn = f.open("s2").submit(Prompt.of("a"));
            await().until(() -> f.engine.pool().waiting() == 1);

            turn.cancel();

            await().until(() -> f.engine.pool().waiting() == 0);
            assertThat(f.open("s2").info().state()).isEqualTo(ProcessState.NONE);
        }
    }

    @Test
    void whoWaitsGetsTheSlotWhenTheBusyOneIsDone() {
        try (EngineFixture f = new EngineFixture(dir, "max-processes", "1")) {
            Session busy = f.hot("s1");
            Turn running = busy.submit(Prompt.of("works"));
            Turn waiting = f.open("s2").submit(Prompt.of("a"));
            await().until(() -> f.engine.pool().waiting() == 1);

            f.agents.process(1).expect("prompt works").say("done works");
            f.agents.process(2).say("ready").expect("prompt a").say("done A");

            assertThat(result(running).completed()).isTrue();
            assertThat(result(waiting).completed()).isTrue();
        }
    }

    @Test
    void onlySoManyProcessesStartAtATime() {
        try (EngineFixture f = new EngineFixture(dir, "max-starting-processes", "1")) {
            f.open("s1").submit(Prompt.of("a"));
            f.open("s2").submit(Prompt.of("a"));
            f.agents.process(1);
            await().until(() -> f.engine.pool().waiting() == 1);
            assertThat(f.engine.pool().starting()).isEqualTo(1);

            f.agents.process(1).say("ready");

            f.agents.process(2).expect("hello");
        }
    }

    @Test
    void closingASessionEndsItsTurnsAndItsProcess() {
        try (EngineFixture f = new EngineFixture(dir, "interrupt-grace", "20ms")) {
            Session session = f.hot("s1");
            List<EventRecord> events = read(session);
            Turn running = session.submit(Prompt.of("a"));
            Turn waiting = session.submit(Prompt.of("b"));
            f.agents.process(1).expect("prompt a");

            session.close().toCompletableFuture().join();

            assertThat(result(running).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
            assertThat(result(waiting).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
            assertThat(f.agents.process(1).isGone()).isTrue();
            assertThat(f.engine.session("s1")).isEmpty();
            assertThat(session.info().closed()).isTrue();
            assertCode(() -> session.submit(Prompt.of("c")), ErrorCode.SESSION_CLOSED);
            await().until(() -> types(events).contains("session_closed"));
            session.close().toCompletableFuture().join();
        }
    }

    @Test
    void anAgentThatWorksIsInterruptedBeforeItIsEndedSoThatItEndsItsOwnTools() {
        try (EngineFixture f = new EngineFixture(dir, "interrupt-grace", "10s")) {
            Session session = f.hot("s1");
            Turn running = session.submit(Prompt.of("a"));
            FakeProcess process = f.agents.process(1).expect("prompt a");

            var closed = session.close().toCompletableFuture();

            process.expect("interrupt");
            assertThat(process.signals).isEmpty();
            process.say("aborted");
            closed.join();
            assertThat(result(running).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
        }
    }

    @Test
    void closingTheEngineEndsEverythingWithinItsLimit() {
        EngineFixture f = new EngineFixture(dir, "shutdown-timeout", "50ms", "interrupt-grace", "10s");
        Session session = f.hot("s1");
        Turn running = session.submit(Prompt.of("a"));
        Turn never = f.open("s2").submit(Prompt.of("b"));
        f.agents.process(1).expect("prompt a").immortal = true;

        f.close();
        f.close();

        assertThat(result(running).completed()).isFalse();
        assertThat(result(never).completed()).isFalse();
        assertThat(f.agents.closed).isTrue();
        assertCode(() -> session.submit(Prompt.of("c")), ErrorCode.SESSION_CLOSED);
        assertCode(() -> f.open("s3"), ErrorCode.ENGINE_CLOSED);
    }

    @Test
    void twoEnginesCannotRunOneSession() {
        try (EngineFixture one = new EngineFixture(dir);
                EngineFixture two = new EngineFixture(dir)) {
            Session first = one.hot("s1");

            Turn refused = two.open("s1").submit(Prompt.of("a"));

            assertThat(result(refused).code()).isEqualTo(ErrorCode.SESSION_IN_USE);
            first.close().toCompletableFuture().join();
            Turn accepted = two.open("s1").submit(Prompt.of("a"));
            two.agents.process(1).say("ready").expect("prompt a").say("done A");
            assertThat(result(accepted).completed()).isTrue();
        }
    }
}
