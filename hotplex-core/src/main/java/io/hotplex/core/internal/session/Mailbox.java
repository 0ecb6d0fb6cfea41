package io.hotplex.core.internal.session;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Makes one thread at a time the owner of a session, without a thread of its own and without a lock that anybody waits
 * for.
 *
 * <p>Whoever brings a task to an idle mailbox becomes the owner and runs tasks until none is left; whoever comes
 * meanwhile leaves his task and goes on. So a prompt is written by the thread that submits it and a line is handled by
 * the thread that read it, and there is no hop between threads on the way. Tasks must be short and never block.
 *
 * <p>Thread-safe. {@code pending} counts the tasks that are queued or run; the thread that raises it from 0 owns the
 * session, and passes the ownership on when it did {@value #LONGEST_STAY} tasks in a row, lest a caller be kept at work
 * that others bring.
 */
final class Mailbox {
    private static final int LONGEST_STAY = 64;

    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicInteger pending = new AtomicInteger();
    private final Executor relief;
    private final Consumer<Throwable> onDefect;

    /**
     * @param relief takes over from an owner that stayed long
     * @param onDefect hears of a task that threw; runs as the owner and must not throw
     */
    Mailbox(Executor relief, Consumer<Throwable> onDefect) {
        this.relief = relief;
        this.onDefect = onDefect;
    }

    /** Runs a task as the owner: now, on this thread, or soon, on the owner's. */
    void execute(Runnable task) {
        tasks.add(task);
        if (pending.getAndIncrement() == 0) {
            drain();
        }
    }

    /** Runs a task now, on this thread, if there is no owner; otherwise does nothing and returns {@code false}. */
    boolean tryRun(Runnable task) {
        if (!pending.compareAndSet(0, 1)) {
            return false;
        }
        if (!tasks.isEmpty()) { // somebody is about to bring one: to run before it would change the order of a reader's
            if (pending.decrementAndGet() != 0) {
                drain();
            }
            return false;
        }
        run(task);
        if (pending.decrementAndGet() != 0) {
            drain();
        }
        return true;
    }

    private void drain() {
        int done = 0;
        do {
            if (done++ == LONGEST_STAY) {
                done = 0;
                if (relieved()) {
                    return;
                }
            }
            Runnable task = tasks.poll();
            if (task != null) {
                run(task);
            }
        } while (pending.decrementAndGet() != 0);
    }

    @SuppressWarnings("IllegalCatch") // an executor is foreign code; what it cannot take is done here, losing nothing
    private boolean relieved() {
        HandOver handOver = new HandOver();
        try {
            relief.execute(handOver);
        } catch (Throwable e) {
            return false; // full, closed, or out of threads
        } finally {
            handOver.giving = false;
        }
        return !handOver.refused;
    }

    /** Passes the ownership on; not to the giver himself, who may be all that an executor runs its tasks on. */
    private final class HandOver implements Runnable {
        private final Thread giver = Thread.currentThread();
        private boolean giving = true;
        private boolean refused;

        @Override
        public void run() {
            if (Thread.currentThread() == giver && giving) {
                refused = true;
            } else {
                drain();
            }
        }
    }

    @SuppressWarnings("IllegalCatch") // the top of the session's stack: nothing may escape into a reader or caller
    private void run(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) {
            onDefect.accept(e);
        }
    }
}
