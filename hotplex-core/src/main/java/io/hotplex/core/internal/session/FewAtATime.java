package io.hotplex.core.internal.session;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks on another executor, a few at a time and in the order in which they came; never on the thread of who
 * brings one. What waits is not bounded here: each session has one task that waits at a time, so sessions bound it.
 * Tasks do not throw. Thread-safe; guarded by one short lock.
 */
public final class FewAtATime {
    private final Executor executor;
    private final int most;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Queue<Task> waiting = new ArrayDeque<>();

    @GuardedBy("lock")
    private int running;

    /** @param refused hears why the executor does not take it */
    private record Task(Runnable work, Consumer<Throwable> refused) {}

    /** @param most tasks that run at a time */
    public FewAtATime(Executor executor, int most) {
        this.executor = executor;
        this.most = most;
    }

    /**
     * Runs a task when its turn comes.
     *
     * @param refused called in its place when the other executor does not take it, with what that threw; on any thread,
     *     so it only hands off
     */
    void execute(Runnable work, Consumer<Throwable> refused) {
        Task task = new Task(work, refused);
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
        start(task);
    }

    /** A task is not needed any more: it does not run if it has not begun. */
    void remove(Runnable work) {
        lock.lock();
        try {
            waiting.removeIf(task -> task.work == work);
        } finally {
            lock.unlock();
        }
    }

    /** Has a task run, or the first of those behind it that the executor takes: they relied on it to make room. */
    @SuppressWarnings("IllegalCatch") // an executor is foreign code, and may be out of threads
    private void start(Task first) {
        Task task = first;
        while (task != null) {
            Task next = task;
            try {
                executor.execute(() -> run(next));
                return;
            } catch (Throwable e) {
                next.refused.accept(e);
                task = refused();
            }
        }
    }

    private void run(Task first) {
        for (Task task = first; task != null; task = ended()) {
            task.work.run();
        }
    }

    /** A task was refused: the next one is tried in its place, unless one that runs makes room for that. */
    private @Nullable Task refused() {
        lock.lock();
        try {
            if (running > 1) {
                running--;
                return null;
            }
            return ended();
        } finally {
            lock.unlock();
        }
    }

    /** A task is over: the next one takes its place, or nobody does. */
    private @Nullable Task ended() {
        lock.lock();
        try {
            Task next = waiting.poll();
            running -= next == null ? 1 : 0;
            return next;
        } finally {
            lock.unlock();
        }
    }
}
