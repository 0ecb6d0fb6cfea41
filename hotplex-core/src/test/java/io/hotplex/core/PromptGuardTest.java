package io.hotplex.core;

import static io.hotplex.core.EngineFixture.result;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Delivery;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.Turn;
import io.hotplex.api.spi.PromptGuard;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prompts that take guards long keep nobody waiting but what comes behind them. */
class PromptGuardTest {
    /** More than the owner looks at himself. */
    private static final String LARGE = " and so on".repeat(1_000);

    @TempDir
    Path dir;

    private final CompletableFuture<@org.jspecify.annotations.Nullable Void> go = new CompletableFuture<>();
    private final AtomicInteger large = new AtomicInteger();

    /** Takes until {@code go} for what is large, and blocks what is bad. */
    private PromptGuard.Decision look(Prompt prompt) {
        if (prompt.text().endsWith(LARGE)) {
            large.incrementAndGet();
            go.join();
        }
        return prompt.text().contains("bad")
                ? new PromptGuard.Decision.Block("r", "c", "high", "no", List.of())
                : PromptGuard.Decision.ALLOW;
    }

    private EngineFixture fixture(HotPlex builder) {
        return new EngineFixture(dir, builder.guard((spec, prompt) -> look(prompt)));
    }

    @Test
    void aLargePromptDelaysNoOtherSessionNoInterruptAndNoReplacement() {
        try (EngineFixture f = fixture(HotPlex.builder())) {
            Session session = f.hot("s1");
            Session other = f.hot("s2");
            Turn running = session.submit(Prompt.of("runs"));
            f.agents.process(1).expect("prompt runs");
            Turn slow = session.submit(Prompt.of("slow" + LARGE));
            await().until(() -> large.get() == 1);

            Turn quick = other.submit(Prompt.of("quick"));
            f.agents.process(2).expect("prompt quick").say("done it");
            assertThat(result(quick).completed()).isTrue();
            session.interrupt();
            f.agents.process(1).expect("interrupt").say("aborted");
            assertThat(result(running).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
            assertThat(slow.result().toCompletableFuture()).isNotDone();

            Turn instead = session.submit(
                    Prompt.builder("instead").delivery(Delivery.INTERRUPT).build());
            f.agents.process(1).expect("prompt instead").say("done it");
            assertThat(result(instead).completed()).isTrue();
            assertThat(result(slow).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
            go.complete(null);
        }
    }

    @Test
    void whatComesBehindItKeepsItsPlace() {
        try (EngineFixture f = fixture(HotPlex.builder())) {
            Session session = f.hot("s1");
            Turn first = session.submit(Prompt.of("first" + LARGE));
            Turn bad = session.submit(Prompt.of("bad" + LARGE));
            Turn third = session.submit(Prompt.of("third"));
            Turn gone = session.submit(Prompt.of("gone" + LARGE));
            gone.cancel();
            await().until(() -> large.get() == 1);
            assertThat(f.agents.process(1).written).doesNotContain("prompt third");
            go.complete(null);

            f.agents.process(1).expect("prompt first").say("done one");
            assertThat(result(first).completed()).isTrue();
            assertThat(result(bad).end()).isInstanceOf(AgentEvent.TurnBlocked.class);
            f.agents.process(1).expect("prompt third").say("done three");
            assertThat(result(third).completed()).isTrue();
            assertThat(result(gone).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
            assertThat(large.get())
                    .as("one that was cancelled is not looked at")
                    .isEqualTo(2);
        }
    }

    @Test
    void aLargeReplacementEndsWhatCameBeforeItAndNothingElse() {
        try (EngineFixture f = fixture(HotPlex.builder())) {
            Session session = f.hot("s1");
            Turn running = session.submit(Prompt.of("runs"));
            f.agents.process(1).expect("prompt runs");
            Turn before = session.submit(Prompt.of("before"));
            Turn instead = session.submit(replacement("instead"));
            Turn behind = session.submit(Prompt.of("behind"));
            go.complete(null);

            f.agents.process(1).expect("interrupt").say("aborted");
            f.agents.process(1).expect("prompt instead").say("done it");
            f.agents.process(1).expect("prompt behind").say("done it");
            assertThat(result(running).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
            assertThat(result(before).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
            assertThat(result(instead).completed()).isTrue();
            assertThat(result(behind).completed()).isTrue();
        }
    }

    @Test
    void ofTwoLargeReplacementsTheLastWordWins() {
        try (EngineFixture f = fixture(HotPlex.builder())) {
            Session session = f.hot("s1");
            Turn first = session.submit(replacement("first"));
            Turn last = session.submit(replacement("last"));
            go.complete(null);

            f.agents.process(1).expect("interrupt").say("aborted");
            f.agents.process(1).expect("prompt last").say("done it");
            assertThat(result(first).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
            assertThat(result(last).completed()).isTrue();
        }
    }

    private static Prompt replacement(String text) {
        return Prompt.builder(text + LARGE).delivery(Delivery.INTERRUPT).build();
    }

    @Test
    void nothingIsLookedAtForTurnsThatAnotherEngineTookOver() throws Exception {
        Queue<Thread> threads = new ConcurrentLinkedQueue<>();
        KeptJournal journal = new KeptJournal();
        HotPlex builder = HotPlex.builder().journal(journal).executor(task -> {
            Thread thread = new Thread(task);
            threads.add(thread);
            thread.start();
        });
        try (EngineFixture f = fixture(builder)) {
            Session session = f.hot("s1");
            Turn first = session.submit(Prompt.of("first" + LARGE));
            Turn second = session.submit(Prompt.of("second" + LARGE));
            await().until(() -> large.get() == 1);
            journal.lose();
            assertThat(first.result().toCompletableFuture()).failsWithin(Duration.ofSeconds(10));
            assertThat(second.result().toCompletableFuture()).failsWithin(Duration.ofSeconds(10));
            go.complete(null);
        }
        for (Thread thread = threads.poll(); thread != null; thread = threads.poll()) {
            thread.join();
        }
        assertThat(large.get()).isEqualTo(1);
    }

    @Test
    void noProcessIsStartedForAPromptThatIsBlocked() {
        go.complete(null);
        try (EngineFixture f = fixture(HotPlex.builder())) {
            Turn bad = f.open("s1").submit(Prompt.of("bad" + LARGE));

            assertThat(result(bad).end()).isInstanceOf(AgentEvent.TurnBlocked.class);
            assertThat(f.agents.processes).isEmpty();
        }
    }

    @Test
    void anExecutorThatTakesNoWorkBlocksIt() {
        AtomicReference<RuntimeException> full = new AtomicReference<>();
        HotPlex builder = HotPlex.builder().executor(task -> {
            RuntimeException refusal = full.get();
            if (refusal != null) {
                throw refusal;
            }
            new Thread(task).start();
        });
        try (EngineFixture f = fixture(builder)) {
            Session session = f.hot("s1");
            full.set(new IllegalStateException("planted"));
            Turn turn = session.submit(Prompt.of("fine" + LARGE));
            full.set(null);

            assertThat(result(turn).end())
                    .isInstanceOfSatisfying(
                            AgentEvent.TurnBlocked.class,
                            blocked -> assertThat(blocked.ruleId()).isEqualTo("guard-failed"));
        }
    }
}
