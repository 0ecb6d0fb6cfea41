package io.hotplex.core;

import static io.hotplex.core.EngineFixture.only;
import static io.hotplex.core.EngineFixture.read;
import static io.hotplex.core.EngineFixture.result;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent.PermissionRequested;
import io.hotplex.api.AgentEvent.PermissionResolved;
import io.hotplex.api.AgentEvent.QuestionAnswered;
import io.hotplex.api.AgentEvent.Resolution;
import io.hotplex.api.AgentEvent.ToolDenied;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.GuardFinding;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.PermissionAnswer.Scope;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.Turn;
import io.hotplex.api.spi.ToolGuard.Action;
import io.hotplex.api.spi.ToolGuard.Verdict;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Permission requests outlast the engine whose agent asked: an answer counts when the agent asks again. */
class LeftRequestsTest {
    @TempDir
    Path dir;

    private final KeptJournal journal = new KeptJournal();

    private EngineFixture fixture(String... settings) {
        return new EngineFixture(dir, HotPlex.builder().journal(journal), settings);
    }

    /** An engine ends in order while its agent waits for answers. */
    private void leave(String... asked) {
        try (EngineFixture first = fixture()) {
            Session session = first.hot("s1");
            session.submit(Prompt.of("a"));
            first.agents.process(1).expect("prompt a").say(asked);
            await().until(() -> session.pendingRequests().size() == asked.length);
        }
    }

    /** As {@link #leave}, and the agent takes back what it asked when it is interrupted. */
    private void leaveByAnAgentThatTakesItBack() {
        EngineFixture first = fixture("interrupt-grace", "10s");
        Session session = first.hot("s1");
        session.submit(Prompt.of("a"));
        first.agents.process(1).expect("prompt a").say("ask p1 make");
        await().until(() -> session.pendingRequests().size() == 1);
        Thread closing = new Thread(first::close);
        closing.start();
        first.agents.process(1).expect("interrupt").say("withdraw p1", "aborted");
        await().until(() -> !closing.isAlive());
    }

    private static Session left(EngineFixture f) {
        Session session = f.engine.session("s1").orElseThrow();
        assertThat(session.pendingRequests()).hasSize(1);
        return session;
    }

    private static FakeAgents.FakeProcess asksAgain(EngineFixture f, Session session, String... said) {
        session.submit(Prompt.of("go on"));
        return f.agents
                .process(1)
                .expect("hello")
                .say("ready")
                .expect("prompt go on")
                .say(said);
    }

    @Test
    void whatIsAllowedAfterARestartCountsOnceWhenTheAgentAsksAgain() {
        leave("ask p1 make");
        try (EngineFixture second = fixture()) {
            Session session = left(second);
            List<EventRecord> events = read(session);
            session.answer("p1", PermissionAnswer.allow(), "alice");

            assertThat(session.pendingRequests()).isEmpty();
            asksAgain(second, session, "ask p2 make").expect("answer p2 Allow").say("ask p3 make");
            await().until(() -> session.pendingRequests().size() == 1);
            assertThat(only(events, PermissionResolved.class))
                    .extracting(PermissionResolved::by)
                    .containsExactly("alice", "alice");
            assertThat(only(events, PermissionResolved.class).get(0).message()).contains("asks for the same again");
            assertThatExceptionOfType(HotPlexException.class)
                    .isThrownBy(() -> session.answer("p1", PermissionAnswer.deny("no"), "bob"))
                    .withMessageContaining("allowed by alice")
                    .extracting(HotPlexException::code)
                    .isEqualTo(ErrorCode.REQUEST_ALREADY_ANSWERED);
        }
    }

    @Test
    void whatIsDeniedAfterARestartIsDeniedOnceWhenTheAgentAsksAgain() {
        leaveByAnAgentThatTakesItBack();
        try (EngineFixture second = fixture()) {
            Session session = left(second);
            List<EventRecord> events = read(session);
            session.answer("p1", PermissionAnswer.deny("not on a Friday"), "alice");

            asksAgain(second, session, "ask p2 make").expect("answer p2 Deny").say("ask p3 make");
            await().until(() -> session.pendingRequests().size() == 1);
            assertThat(only(events, ToolDenied.class))
                    .singleElement()
                    .satisfies(denied -> assertThat(denied.finding().message()).isEqualTo("not on a Friday"));
            assertThat(only(events, PermissionResolved.class))
                    .extracting(PermissionResolved::resolution)
                    .containsExactly(Resolution.DENIED);
        }
    }

    @Test
    void whatIsAllowedForTheSessionAfterARestartHoldsAsUsual() {
        leave("ask p1 make");
        try (EngineFixture second = fixture()) {
            Session session = left(second);
            session.answer("p1", new PermissionAnswer.Allow(Scope.SESSION, null), "alice");

            asksAgain(second, session, "ask p2 make", "ask p3 make")
                    .expect("answer p2 Allow")
                    .expect("answer p3 Allow");
        }
    }

    @Test
    void anAgentThatAsksAgainFirstTakesTheRequestsPlace() {
        leave("ask p1 make");
        try (EngineFixture second = fixture()) {
            Session session = left(second);
            List<EventRecord> events = read(session);

            asksAgain(second, session, "ask p2 make");
            await().until(() -> !only(events, PermissionResolved.class).isEmpty());

            assertThat(only(events, PermissionResolved.class).get(0))
                    .isEqualTo(new PermissionResolved(
                            "p1", Resolution.WITHDRAWN, "engine", "the agent asks for it again, as p2"));
            await().until(() -> session.pendingRequests().size() == 1);
            session.answer("p2", PermissionAnswer.allow(), "alice");
            second.agents.process(1).expect("answer p2 Allow");
        }
    }

    @Test
    void itIsOfferedAfterEveryRestartUntilItsTimeIsOver() {
        leave("ask p1 make");
        fixture().close();
        String until;
        try (EngineFixture third = fixture()) {
            until = ((PermissionRequested) left(third).pendingRequests().get(0)).expiresAt();
        }
        Instant before = Instant.parse(String.valueOf(until)).minusMillis(20);
        Clock nearly = Clock.fixed(before, ZoneOffset.UTC); // it has not expired for those who look at the clock
        try (EngineFixture fourth =
                new EngineFixture(dir, HotPlex.builder().journal(journal).clock(nearly))) {
            Session session = fourth.engine.session("s1").orElseThrow();
            await().until(() -> session.pendingRequests().isEmpty());
            List<EventRecord> events = read(session);
            await().until(() -> !only(events, PermissionResolved.class).isEmpty());
            assertThat(only(events, PermissionRequested.class)).hasSize(1);
            assertThat(only(events, PermissionResolved.class))
                    .singleElement()
                    .satisfies(ended -> assertThat(ended.resolution()).isEqualTo(Resolution.EXPIRED));
        }
    }

    @Test
    void whatExpiredWhileNoEngineRanIsNotOffered() {
        leave("ask p1 make");
        Clock late = Clock.offset(Clock.systemUTC(), Duration.ofDays(2));
        try (EngineFixture second =
                new EngineFixture(dir, HotPlex.builder().journal(journal).clock(late))) {
            Session session = second.engine.session("s1").orElseThrow();

            assertThat(session.pendingRequests()).isEmpty();
            List<EventRecord> events = read(session);
            await().until(() -> !only(events, PermissionResolved.class).isEmpty());
            assertThat(only(events, PermissionResolved.class).get(0).resolution())
                    .isEqualTo(Resolution.EXPIRED);
        }
    }

    @Test
    void whatCannotBeToldAgainEndsWithItsEngine() {
        leave("ask p1 login ghp_" + "a1B2".repeat(9), "question q1");
        try (EngineFixture second = fixture()) {
            Session session = second.engine.session("s1").orElseThrow();

            assertThat(session.pendingRequests()).isEmpty();
            List<EventRecord> events = read(session);
            await().until(() -> !only(events, PermissionResolved.class).isEmpty());
            assertThat(only(events, PermissionResolved.class).get(0).resolution())
                    .isEqualTo(Resolution.WITHDRAWN);
            assertThat(only(events, QuestionAnswered.class)).hasSize(1);
        }
    }

    @Test
    void itKeepsNoProcessAndNoTurnWaitingAndOutlivesThoseThatCome() {
        leave("ask p1 make");
        try (EngineFixture second = fixture("idle-timeout", "40ms", "turn-timeout", "300ms")) {
            Session session = left(second);
            Turn turn = session.submit(Prompt.of("b"));
            second.agents
                    .process(1)
                    .expect("hello")
                    .say("ready")
                    .expect("prompt b")
                    .expect("interrupt")
                    .say("aborted");
            assertThat(result(turn).code()).isEqualTo(ErrorCode.TURN_TIMEOUT);
            await().until(() -> second.agents.process(1).isGone());

            assertThat(session.pendingRequests()).hasSize(1);
        }
    }

    @Test
    void anotherInputCannotBeAllowedAnyMore() {
        leave("ask p1 make");
        try (EngineFixture second = fixture()) {
            Session session = left(second);

            assertThatExceptionOfType(HotPlexException.class)
                    .isThrownBy(() -> session.answer(
                            "p1", new PermissionAnswer.Allow(Scope.ONCE, Map.of("command", "make x")), "alice"))
                    .extracting(HotPlexException::code)
                    .isEqualTo(ErrorCode.INVALID_ARGUMENT);
            assertThat(session.pendingRequests()).hasSize(1);
        }
    }

    @Test
    void anAnswerThatWaitsForTheAgentKeepsTheSessionAwakeUntilItIsUsed() {
        leave("ask p1 make");
        try (EngineFixture second = fixture("idle-timeout", "20ms")) {
            Session session = left(second);
            second.hot("other");
            session.answer("p1", PermissionAnswer.allow(), "alice");
            second.open("quiet");
            await().until(() -> second.engine.info("quiet").orElseThrow().asleep());
            second.open("quieter");
            await().until(() -> second.engine.info("quieter").orElseThrow().asleep());
            assertThat(session.info().asleep()).isFalse();
        }
    }

    @Test
    void whoIsAskedAfreshHasTheLastWordOverAnAnswerThatComesLate() {
        leave("ask p1 make");
        AsksWhileDeciding executor = new AsksWhileDeciding();
        try (EngineFixture second = asking(executor)) {
            Session session = left(second);
            executor.then = decide -> {
                decide.run();
                session.answer("p1", PermissionAnswer.allow(), "alice"); // before people see p2, heard of after that
            };
            asksAgain(second, session);
            executor.arm(() -> second.agents.process(1).say("ask p2 make"));
            assertThat(pending(session)).containsExactly("p2");
            session.answer("p2", PermissionAnswer.deny("no"), "bob");

            second.agents.process(1).expect("answer p2 Deny").say("ask p3 make");
            await().until(() -> pending(session).equals(List.of("p3")));
        }
    }

    @Test
    void anAnswerThatComesWhileTheGuardsLookDoesNotCountOncePeopleAreAsked() {
        leave("ask p1 make");
        AsksWhileDeciding executor = new AsksWhileDeciding();
        try (EngineFixture second = asking(executor)) {
            Session session = left(second);
            executor.then = decide -> {
                session.answer("p1", PermissionAnswer.allow(), "alice"); // heard of before people see p2
                decide.run();
            };
            asksAgain(second, session);
            executor.arm(() -> second.agents.process(1).say("ask p2 make"));
            assertThat(pending(session)).containsExactly("p2");

            second.agents.process(1).say("withdraw p2", "ask p3 make");
            await().until(() -> pending(session).equals(List.of("p3")));
        }
    }

    private EngineFixture asking(AsksWhileDeciding executor) {
        GuardFinding finding = new GuardFinding("r", "test", "high", "because");
        return new EngineFixture(
                dir,
                HotPlex.builder()
                        .journal(journal)
                        .executor(executor)
                        .toolGuard((spec, call) -> new Verdict(Action.ASK, finding, null)));
    }

    private static List<String> pending(Session session) {
        return session.pendingRequests().stream()
                .map(request -> ((PermissionRequested) request).requestId())
                .toList();
    }

    /** Gives the decision on a call that the test's own thread has brought to the test, as the session's owner. */
    private static final class AsksWhileDeciding implements Executor {
        private volatile Consumer<Runnable> then = Runnable::run;
        private volatile @Nullable Thread armed;

        void arm(Runnable ask) {
            armed = Thread.currentThread();
            ask.run();
            assertThat(armed).as("nothing was decided").isNull();
        }

        @Override
        public void execute(Runnable task) {
            if (Thread.currentThread() == armed) {
                armed = null;
                then.accept(task);
            } else {
                new Thread(task).start();
            }
        }
    }

    @Test
    void itEndsWithItsSession() {
        leave("ask p1 make");
        try (EngineFixture second = fixture()) {
            Session session = left(second);
            List<EventRecord> events = read(session);

            session.close().toCompletableFuture().join();

            await().until(() -> !only(events, PermissionResolved.class).isEmpty());
            assertThat(only(events, PermissionResolved.class).get(0).resolution())
                    .isEqualTo(Resolution.WITHDRAWN);
        }
    }
}
