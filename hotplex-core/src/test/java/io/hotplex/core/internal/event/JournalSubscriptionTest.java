package io.hotplex.core.internal.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.Subscriber;
import io.hotplex.api.SubscriberStats;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.core.MemoryJournal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
class JournalSubscriptionTest {
    private final ExecutorService threads = Executors.newFixedThreadPool(4);
    private final MemoryJournal journal = new MemoryJournal(1L << 30, 1L << 30);
    private final SessionLog log = journal.open("s");
    private final AtomicInteger terminations = new AtomicInteger();
    /** Of the subscription that was made last. */
    private Followers followers = new Followers(Runnable::run, 1, 1);

    @AfterEach
    void stop() throws InterruptedException {
        threads.shutdownNow();
        assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
        journal.close();
    }

    @Test
    void replaysThenFollowsThenEndsOnce() {
        Recording subscriber = new Recording();
        append(log, "a", "b");
        JournalSubscription subscription = subscribe(log, 0, subscriber, threads, 512);
        subscription.wake();
        await().until(() -> subscriber.text().equals("ab"));

        append(log, "c");
        subscription.wake();
        append(log, "d");
        subscription.logClosed();
        subscription.logClosed();

        await().until(() -> subscriber.closed.get() == 1);
        assertThat(subscriber.text()).isEqualTo("abcd");
        assertThat(subscription.position()).isEqualTo(4);
        await().until(() -> terminations.get() == 1);
        subscription.close();
        subscription.wake();
        assertThat(subscriber.closed).hasValue(1);
        assertThat(terminations).hasValue(1);
    }

    @Test
    void startsAfterTheGivenOffset() {
        append(log, "a", "b", "c");
        Recording subscriber = new Recording();

        subscribe(log, 2, subscriber, Runnable::run, 512).wake();

        assertThat(subscriber.text()).isEqualTo("c");
        assertThat(subscriber.resets).isEmpty();
    }

    @Test
    void aBlockedSubscriberNeitherDelaysTheWriterNorLosesAnything() throws InterruptedException {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch open = new CountDownLatch(1);
        Recording subscriber = new Recording() {
            @Override
            public void onEvent(EventRecord record) {
                entered.countDown();
                waitFor(open);
                super.onEvent(record);
            }
        };
        JournalSubscription subscription = subscribe(log, 0, subscriber, threads, 512);
        StringBuilder written = new StringBuilder();

        for (int i = 0; i < 100_000; i++) {
            String text = Integer.toString(i % 10);
            written.append(text);
            append(log, text);
            subscription.wake();
        }
        assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(subscriber.records).isEmpty();
        open.countDown();
        subscription.logClosed();

        await().atMost(Duration.ofSeconds(30)).until(() -> subscriber.closed.get() == 1);
        assertThat(subscriber.text()).isEqualTo(written.toString());
        assertThat(subscriber.records.size()).isLessThan(5_000);
        assertContinuous(subscriber.records, 1, 100_000);
    }

    @Test
    void mergesOnlyAdjacentDeltasOfOneBlockAndTurn() {
        List<EventRecord> merged = DeltaMerger.merge(List.of(
                record(1, "t", delta("a", 0, null)),
                record(2, "t", delta("b", 0, null)),
                record(3, "t", delta("c", 1, null)),
                record(4, "t", delta("d", 1, "tool")),
                record(5, "t", new AgentEvent.ThinkingDelta("m", 1, "e", "tool")),
                record(6, "t", new AgentEvent.ThinkingDelta("m", 1, "f", "tool")),
                record(7, "u", new AgentEvent.ThinkingDelta("m", 1, "g", "tool")),
                record(8, "u", new AgentEvent.Text("m", 1, "h", null)),
                record(9, "u", new AgentEvent.Text("m", 1, "i", null))));

        assertThat(merged).extracting(EventRecord::firstOffset).containsExactly(1L, 3L, 4L, 5L, 7L, 8L, 9L);
        assertThat(merged).extracting(EventRecord::offset).containsExactly(2L, 3L, 4L, 6L, 7L, 8L, 9L);
        assertThat(merged.get(0).event()).isEqualTo(delta("ab", 0, null));
        assertThat(merged.get(0).time()).isEqualTo(Instant.ofEpochSecond(2));
        assertThat(merged.get(3).event()).isEqualTo(new AgentEvent.ThinkingDelta("m", 1, "ef", "tool"));
    }

    @Test
    void tellsAboutRecordsThatAreNotKeptAnyMore() {
        try (MemoryJournal small = new MemoryJournal(10_000, 10_000)) {
            SessionLog source = small.open("s");
            for (int i = 0; i < 1_000; i++) {
                append(source, "x");
            }
            Recording subscriber = new Recording();

            subscribe(source, 5, subscriber, Runnable::run, 5_000).wake();

            long oldest = source.oldest();
            assertThat(subscriber.resets).containsExactly(oldest + ".." + 1_000);
            assertContinuous(subscriber.records, oldest, 1_000);
        }
    }

    @Test
    void aThrowingSubscriberIsCancelled() {
        append(log, "a", "b");
        List<EventRecord> seen = new ArrayList<>();

        subscribe(
                        log,
                        0,
                        record -> {
                            seen.add(record);
                            throw new IllegalStateException("secret");
                        },
                        Runnable::run,
                        512)
                .wake();

        assertThat(seen).hasSize(1);
        assertThat(terminations).hasValue(1);
    }

    @Test
    void mayBeClosedFromWithinACallback() {
        append(log, "a", "b", "c");
        List<JournalSubscription> self = new ArrayList<>();
        Recording subscriber = new Recording() {
            @Override
            public void onEvent(EventRecord record) {
                super.onEvent(record);
                if (record.offset() == 2) {
                    self.get(0).close();
                }
            }
        };
        self.add(subscribe(log, 0, subscriber, Runnable::run, 512));

        self.get(0).wake();
        self.get(0).logClosed();

        assertThat(subscriber.text()).isEqualTo("ab");
        assertThat(subscriber.closed).hasValue(0);
        assertThat(terminations).hasValue(1);
    }

    @Test
    void aPausedSubscriptionHoldsNoThreadAndLosesNothing() {
        List<Runnable> tasks = new ArrayList<>();
        List<JournalSubscription> self = new ArrayList<>();
        Recording subscriber = new Recording() {
            @Override
            public void onEvent(EventRecord record) {
                super.onEvent(record);
                if (record.offset() == 2) {
                    self.get(0).pause();
                }
            }
        };
        append(log, "a", "b", "c");
        JournalSubscription subscription = subscribe(log, 0, subscriber, tasks::add, 512);
        self.add(subscription);
        subscription.wake();
        runAll(tasks);
        append(log, "d");
        subscription.wake();
        subscription.logClosed();

        assertThat(subscriber.text()).isEqualTo("ab");
        assertThat(subscription.position()).isEqualTo(2);
        assertThat(tasks).as("work for the executor while paused").isEmpty();

        subscription.resume();
        subscription.resume();
        runAll(tasks);

        assertThat(subscriber.text()).isEqualTo("abcd");
        assertThat(subscriber.closed).hasValue(1);
    }

    @Test
    void tellsTheEndOfEachBatchAlsoOfOneThatAPauseCutShort() {
        List<String> calls = new ArrayList<>();
        List<JournalSubscription> self = new ArrayList<>();
        Subscriber subscriber = new Subscriber() {
            @Override
            public void onEvent(EventRecord record) {
                calls.add(Long.toString(record.offset()));
                if (record.offset() == 2) {
                    self.get(0).pause();
                }
            }

            @Override
            public void onBatchEnd() {
                calls.add("end");
            }

            @Override
            public void onClosed() {
                calls.add("closed");
            }
        };
        append(log, "a", "b", "c");
        self.add(subscribe(log, 0, subscriber, Runnable::run, 512));

        self.get(0).wake();
        self.get(0).resume();
        self.get(0).logClosed();

        assertThat(calls).containsExactly("1", "2", "end", "3", "end", "closed");
    }

    @Test
    void aPauseWithinAResetComesBeforeTheFirstRecordAndDoesNotRepeatIt() {
        try (MemoryJournal small = new MemoryJournal(10_000, 10_000)) {
            SessionLog source = small.open("s");
            for (int i = 0; i < 1_000; i++) {
                append(source, "x");
            }
            List<JournalSubscription> self = new ArrayList<>();
            Recording subscriber = new Recording() {
                @Override
                public void onReset(long oldest, long newest) {
                    super.onReset(oldest, newest);
                    self.get(0).pause();
                }
            };
            self.add(subscribe(source, 5, subscriber, Runnable::run, 5_000));

            self.get(0).wake();
            assertThat(subscriber.records).isEmpty();
            self.get(0).resume();

            assertThat(subscriber.resets).hasSize(1);
            assertContinuous(subscriber.records, source.oldest(), 1_000);
        }
    }

    @Test
    void nothingIsLostWhenPausesAndResumesRaceWithTheWriter() {
        Random random = new Random(7);
        for (int round = 0; round < 100; round++) {
            SessionLog source = journal.open("pauses" + round);
            Recording subscriber = new Recording();
            JournalSubscription subscription = subscribe(source, 0, subscriber, threads, 16);
            for (int i = 0; i < 200; i++) {
                append(source, "x");
                subscription.wake();
                if (random.nextInt(4) == 0) {
                    threads.execute(subscription::pause);
                    threads.execute(subscription::resume);
                }
            }
            source.close();
            subscription.logClosed();

            await().pollInterval(Duration.ofMillis(2)).until(() -> {
                subscription.resume(); // the last pause may come after the last resume
                return subscriber.closed.get() == 1;
            });
            assertContinuous(subscriber.records, 1, 200);
            assertThat(subscriber.overlapped).isFalse();
        }
    }

    private static void runAll(List<Runnable> tasks) {
        while (!tasks.isEmpty()) {
            tasks.remove(0).run();
        }
    }

    @Test
    void tellsItsSubscriberOnceThatTheExecutorRefuses() {
        append(log, "a");
        Recording subscriber = new Recording();
        JournalSubscription subscription = subscribe(
                log,
                0,
                subscriber,
                task -> {
                    throw new RejectedExecutionException("full");
                },
                512);

        subscription.wake();
        subscription.wake();

        assertThat(subscriber.records).isEmpty();
        assertThat(subscriber.failures).singleElement().isInstanceOf(RejectedExecutionException.class);
        assertThat(subscriber.closed).hasValue(0);
        assertThat(terminations).hasValue(1);
    }

    @Test
    void tellsItsSubscriberWhatItThrewAndSurvivesWhatItThrowsThen() {
        append(log, "a", "b");
        Recording subscriber = new Recording() {
            @Override
            public void onEvent(EventRecord record) {
                throw new IllegalStateException("a defect");
            }

            @Override
            public void onFailed(Throwable cause) {
                super.onFailed(cause);
                throw new IllegalStateException("another");
            }
        };

        JournalSubscription subscription = subscribe(log, 0, subscriber, Runnable::run, 512);
        subscription.wake();
        subscription.logClosed();

        assertThat(subscriber.failures).singleElement().hasToString("java.lang.IllegalStateException: a defect");
        assertThat(subscriber.closed).hasValue(0);
        assertThat(terminations).hasValue(1);
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void aDrainThatCannotBePassedOnGoesOnWhereItIsAndLosesNothing(Throwable refusal) {
        List<Runnable> tasks = new ArrayList<>();
        Recording subscriber = new Recording();
        JournalSubscription subscription = subscribe(
                log,
                0,
                subscriber,
                task -> {
                    if (!tasks.isEmpty()) {
                        JournalSubscriptionTest.<RuntimeException>sneak(refusal);
                    }
                    tasks.add(task);
                },
                1_000_000);
        for (int i = 0; i < 10_000; i++) {
            append(log, "x");
            subscription.wake();
        }
        subscription.logClosed();

        tasks.get(0).run();

        assertContinuous(subscriber.records, 1, 10_000);
        assertThat(subscriber.closed).hasValue(1);
        assertThat(terminations).hasValue(1);
    }

    @Test
    void aSlowSubscriberGetsTheTailAlthoughTheExecutorWasClosedMeanwhile() throws InterruptedException {
        ExecutorService own = Executors.newCachedThreadPool();
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch open = new CountDownLatch(1);
        Recording subscriber = new Recording() {
            @Override
            public void onEvent(EventRecord record) {
                entered.countDown();
                waitFor(open);
                super.onEvent(record);
            }
        };
        for (int i = 0; i < 3_003; i++) {
            append(log, "x");
        }
        JournalSubscription subscription = subscribe(log, 0, subscriber, own, 1_000_000);
        subscription.wake();
        assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();

        log.close();
        subscription.logClosed();
        own.shutdown();
        open.countDown();

        assertThat(own.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
        assertContinuous(subscriber.records, 1, 3_003);
        assertThat(subscriber.closed).hasValue(1);
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void wakingNeverThrowsWhateverTheExecutorThrows(Throwable refusal) {
        append(log, "a");
        Recording subscriber = new Recording();

        subscribe(log, 0, subscriber, task -> JournalSubscriptionTest.<RuntimeException>sneak(refusal), 512)
                .wake();

        assertThat(subscriber.records).isEmpty();
        assertThat(terminations).hasValue(1);
    }

    @Test
    void anExecutorThatRunsTheTaskAndThrowsEvenSoMakesNoSecondDrain() {
        append(log, "a", "b");
        Recording subscriber = new Recording();
        JournalSubscription subscription = subscribe(
                log,
                0,
                subscriber,
                task -> {
                    task.run();
                    throw new IllegalStateException("after the fact");
                },
                512);

        subscription.wake();
        append(log, "c");
        subscription.wake();

        assertThat(subscriber.text()).isEqualTo("abc");
        assertThat(terminations).hasValue(0);
    }

    static List<Throwable> refusals() {
        return List.of(
                new RejectedExecutionException("closed"),
                new OutOfMemoryError("unable to create native thread"),
                new StackOverflowError());
    }

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> void sneak(Throwable e) throws E {
        throw (E) e;
    }

    @Test
    void leavesTheThreadToOthersAfterSomeBatches() {
        List<Runnable> tasks = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            append(log, "x");
        }
        Recording subscriber = new Recording();
        subscribe(log, 0, subscriber, tasks::add, 1_000_000).wake();

        tasks.remove(0).run();

        assertThat(subscriber.records).isNotEmpty().hasSizeLessThan(10_000);
        while (!tasks.isEmpty()) {
            assertThat(tasks).hasSize(1);
            tasks.remove(0).run();
        }
        assertContinuous(subscriber.records, 1, 10_000);
    }

    @Test
    void tellsHowFarBehindSubscribersAreAndWhatTheyWereToldInPieces() {
        List<Runnable> tasks = new ArrayList<>();
        append(log, "a", "b", "c", "d");
        JournalSubscription subscription = subscribe(log, 1, new Recording(), tasks::add, 2);
        subscription.wake();

        assertThat(followers.stats()).isEqualTo(new SubscriberStats(1, 3, 3, 0, 0));
        tasks.remove(0).run();
        assertThat(followers.stats()).as("b, c and d are one record").isEqualTo(new SubscriberStats(1, 0, 0, 2, 0));
        subscription.close();
        assertThat(followers.stats()).isEqualTo(new SubscriberStats(0, 0, 0, 2, 0));
    }

    @Test
    void oneThatEndsBeforeItBeginsIsNoFollower() {
        JournalSubscription subscription =
                new JournalSubscription(log, 0, new Recording(), followers, ended -> terminations.incrementAndGet());
        subscription.close();

        subscription.begin();

        assertThat(followers.stats().subscriptions()).isZero();
    }

    @Test
    void survivesRandomClosesAndWakesUnderLoad() throws Exception {
        Random random = new Random(42);
        for (int round = 0; round < 200; round++) {
            SessionLog source = journal.open("round" + round);
            List<Recording> subscribers = new ArrayList<>();
            List<JournalSubscription> subscriptions = new ArrayList<>();
            terminations.set(0);
            for (int s = 0; s < 4; s++) {
                Recording subscriber = new Recording();
                subscribers.add(subscriber);
                subscriptions.add(subscribe(source, 0, subscriber, threads, 16));
            }
            int closeAt = random.nextInt(300);
            for (int i = 0; i < 300; i++) {
                append(source, "x");
                subscriptions.forEach(JournalSubscription::wake);
                if (i == closeAt) {
                    subscriptions.get(0).close();
                    int delivered = subscribers.get(0).records.size();
                    subscriptions.get(0).wake();
                    assertThat(subscribers.get(0).records.size()).isBetween(delivered, delivered + 1);
                }
            }
            source.close();
            subscriptions.forEach(JournalSubscription::logClosed);

            await().pollInterval(Duration.ofMillis(2)).until(() -> terminations.get() == 4);
            assertThat(subscribers.get(0).closed).hasValue(0);
            for (Recording subscriber : subscribers.subList(1, 4)) {
                assertContinuous(subscriber.records, 1, 300);
                assertThat(subscriber.closed).hasValue(1);
            }
            assertThat(subscribers).noneMatch(subscriber -> subscriber.overlapped);
        }
    }

    private JournalSubscription subscribe(
            SessionLog source, long after, Subscriber subscriber, Executor executor, int mergeBacklog) {
        followers = new Followers(executor, 256, mergeBacklog);
        JournalSubscription subscription =
                new JournalSubscription(source, after, subscriber, followers, ended -> terminations.incrementAndGet());
        subscription.begin();
        return subscription;
    }

    private static AgentEvent.TextDelta delta(String text, int block, @Nullable String parent) {
        return new AgentEvent.TextDelta("m", block, text, parent);
    }

    private static EventRecord record(long offset, String turn, AgentEvent event) {
        return new EventRecord("s", offset, offset, turn, Instant.ofEpochSecond(offset), event);
    }

    private static void append(SessionLog log, String... texts) {
        for (String text : texts) {
            log.append("t", Instant.EPOCH, delta(text, 0, null));
        }
    }

    private static void assertContinuous(List<EventRecord> records, long first, long last) {
        long expected = first;
        for (EventRecord record : records) {
            assertThat(record.firstOffset()).isEqualTo(expected);
            expected = record.offset() + 1;
        }
        assertThat(expected).isEqualTo(last + 1);
    }

    private static void waitFor(CountDownLatch latch) {
        try {
            assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static class Recording implements Subscriber {
        final List<EventRecord> records = new CopyOnWriteArrayList<>();
        final List<String> resets = new CopyOnWriteArrayList<>();
        final List<Throwable> failures = new CopyOnWriteArrayList<>();
        final AtomicInteger closed = new AtomicInteger();
        private final AtomicInteger running = new AtomicInteger();
        volatile boolean overlapped;

        @Override
        public void onEvent(EventRecord record) {
            overlapped |= running.incrementAndGet() > 1;
            records.add(record);
            running.decrementAndGet();
        }

        @Override
        public void onReset(long oldest, long newest) {
            resets.add(oldest + ".." + newest);
        }

        @Override
        public void onClosed() {
            closed.incrementAndGet();
        }

        @Override
        public void onFailed(Throwable cause) {
            failures.add(cause);
        }

        String text() {
            StringBuilder text = new StringBuilder();
            records.forEach(record -> text.append(((AgentEvent.TextDelta) record.event()).text()));
            return text.toString();
        }
    }
}
