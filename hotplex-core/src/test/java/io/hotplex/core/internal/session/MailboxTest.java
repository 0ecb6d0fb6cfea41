package io.hotplex.core.internal.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class MailboxTest {
    private final List<Throwable> defects = new ArrayList<>();

    private boolean flip;

    private boolean ran() {
        flip = !flip;
        return flip;
    }

    @Test
    void anIdleMailboxRunsTheTaskOnTheCallersThread() {
        AtomicReference<Thread> ran = new AtomicReference<>();

        new Mailbox(Runnable::run, defects::add).execute(() -> ran.set(Thread.currentThread()));

        assertThat(ran).hasValue(Thread.currentThread());
    }

    @Test
    void aTaskLeftByATaskRunsAfterIt() {
        Mailbox mailbox = new Mailbox(Runnable::run, defects::add);
        List<String> order = new ArrayList<>();

        mailbox.execute(() -> {
            mailbox.execute(() -> order.add("second"));
            assertThat(mailbox.tryRun(() -> order.add("never"))).isFalse();
            order.add("first");
        });

        assertThat(order).containsExactly("first", "second");
        assertThat(mailbox.tryRun(() -> order.add("third"))).isTrue();
    }

    @Test
    void aTaskThatThrowsIsReportedAndTheOthersRun() {
        Mailbox mailbox = new Mailbox(Runnable::run, defects::add);
        AtomicInteger ran = new AtomicInteger();

        mailbox.execute(() -> {
            mailbox.execute(ran::incrementAndGet);
            throw new AssertionError("planted");
        });

        assertThat(ran).hasValue(1);
        assertThat(defects).hasSize(1);
    }

    @Test
    void nobodyOverlapsAndEveryThreadsTasksKeepTheirOrder() {
        ExecutorService relief = Executors.newCachedThreadPool();
        Mailbox mailbox = new Mailbox(relief, defects::add);
        AtomicInteger inside = new AtomicInteger();
        int[] last = new int[4];
        int[] total = new int[1];
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            int me = t;
            threads.add(new Thread(() -> {
                for (int i = 1; i <= 20_000; i++) {
                    int number = i;
                    Runnable task = () -> {
                        assertThat(inside.incrementAndGet()).isEqualTo(1);
                        assertThat(number).isEqualTo(++last[me]);
                        total[0]++;
                        inside.decrementAndGet();
                    };
                    if (number % 3 != 0 || !mailbox.tryRun(task)) {
                        mailbox.execute(task);
                    }
                }
            }));
        }

        threads.forEach(Thread::start);

        AtomicInteger seen = new AtomicInteger();
        await().until(() -> {
            mailbox.execute(() -> seen.set(total[0]));
            return seen.get() == 80_000;
        });
        assertThat(defects).isEmpty();
        relief.shutdown();
    }

    @Test
    void aCallerIsRelievedFromWorkThatOthersBring() {
        List<Runnable> handedOver = new ArrayList<>();
        Mailbox mailbox = new Mailbox(handedOver::add, defects::add);
        AtomicInteger ran = new AtomicInteger();

        mailbox.execute(() -> {
            for (int i = 0; i < 1000; i++) {
                mailbox.execute(ran::incrementAndGet);
            }
        });

        assertThat(ran.get()).isLessThan(100);
        while (!handedOver.isEmpty()) {
            handedOver.remove(0).run();
        }
        assertThat(ran).hasValue(1000);
    }

    @Test
    void anExecutorThatRunsTasksAtOnceDoesNotPileUpCalls() {
        Mailbox mailbox = new Mailbox(Runnable::run, defects::add);
        AtomicInteger deepest = new AtomicInteger();

        mailbox.execute(() -> {
            for (int i = 0; i < 10_000; i++) {
                mailbox.execute(
                        () -> deepest.accumulateAndGet(Thread.currentThread().getStackTrace().length, Math::max));
            }
        });

        assertThat(deepest.get()).isPositive().isLessThan(200);
        assertThat(defects).isEmpty();
    }

    @Test
    void anExecutorWithOneThreadMayBeTheOwnersOwn() {
        List<Runnable> later = new ArrayList<>();
        Mailbox mailbox = new Mailbox(later::add, defects::add);
        AtomicInteger ran = new AtomicInteger();
        mailbox.execute(() -> {
            for (int i = 0; i < 100; i++) {
                mailbox.execute(ran::incrementAndGet);
            }
        });

        later.remove(0).run(); // the same thread, but not inside of the call that passed the ownership on

        assertThat(ran).hasValue(100);
    }

    @Test
    void anExecutorThatRefusesLosesNothing() {
        Mailbox mailbox = new Mailbox(
                task -> {
                    throw ran() ? new RejectedExecutionException() : new IllegalStateException("planted");
                },
                defects::add);
        AtomicInteger ran = new AtomicInteger();

        mailbox.execute(() -> {
            for (int i = 0; i < 1000; i++) {
                mailbox.execute(ran::incrementAndGet);
            }
        });

        assertThat(ran).hasValue(1000);
    }
}
