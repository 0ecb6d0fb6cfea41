package io.hotplex.core.internal.session;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks on another executor, a few at a time and in the order in which they came. What waits is not bounded here:
 * each session gives it one task at a time, so sessions bound it. Tasks do not throw. Thread-safe; guarded by one short
 * lock.
 */
public final class FewAtATime implements Executor {
    private final Executor executor;
    private final int most;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Queue<Runnable> waiting = new ArrayDeque<>();

    @GuardedBy("lock")
    private int running;

    /** @param most tasks that run at a time */
    public FewAtATime(Executor executor, int most) {
        this.executor = executor;
        this.most = most;
    }

    /** @throws RuntimeException what the other executor throws when it does not take a task */
    @Override
    @SuppressWarnings("IllegalCatch") // an executor is foreign code, and may be out of threads
    public void execute(Runnable task) {
        lock.lock();
        try {
            if (running >= most) {
                waiting.add(task);
                return;
            }
            running++;
        } finally {
            lock.unlock();
        }
        try {
            executor.execute(() -> run(task));
        } catch (Throwable e) {
            run(ended()); // who relied on this one to make room
            throw e;
        }
    }

    private void run(@Nullable Runnable first) {
        for (Runnable task = first; task != null; task = ended()) {
            task.run();
        }
    }

    /** A task is over: the next one takes its place, or nobody does. */
    private @Nullable Runnable ended() {
        lock.lock();
        try {
            Runnable next = waiting.poll();
            running -= next == null ? 1 : 0;
            return next;
        } finally {
            lock.unlock();
        }
    }
}
