package io.hotplex.os;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The processes of a launcher that serves each with threads of its own, and the one control thread that all have.
 *
 * <p>Threading: the set of processes, their states and their timers are confined to the control thread.
 */
final class ThreadedProcesses implements Timers {
    private static final Logger log = LoggerFactory.getLogger(ThreadedProcesses.class);
    private static final AtomicInteger NUMBERS = new AtomicInteger();
    /** Listeners run on such a thread. */
    private static final long STACK_BYTES = 256 << 10;

    private static final long CLOSE_LIMIT_SECONDS = 3;

    private final Consumer<List<ThreadedChild>> killAll;
    private final ScheduledThreadPoolExecutor control;
    private final CountDownLatch noneLeft = new CountDownLatch(1);
    private final Set<ThreadedProcess> processes = new LinkedHashSet<>();
    private boolean closing;

    /** @param killAll ends the groups of all processes at once; called on the control thread */
    ThreadedProcesses(Consumer<List<ThreadedChild>> killAll) {
        this.killAll = killAll;
        String name = "hotplex-io-control-" + NUMBERS.incrementAndGet();
        control = new ScheduledThreadPoolExecutor(1, task -> newThread(name, task));
        control.setRemoveOnCancelPolicy(true);
        control.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /** Whether no process is taken any more. From any thread. */
    boolean isClosed() {
        return control.isShutdown();
    }

    /**
     * Takes a process and starts its threads. From any thread.
     *
     * @return {@code false} when closed; the process is the caller's to end
     */
    boolean add(ThreadedProcess process) {
        return execute(() -> {
            processes.add(process);
            process.start();
            if (closing) {
                process.kill();
            }
        });
    }

    /** On the control thread. */
    void remove(ThreadedProcess process) {
        processes.remove(process);
        countDownWhenEnded();
    }

    /** Whether all groups were killed in one go. On the control thread. */
    boolean closing() {
        return closing;
    }

    /**
     * Runs a task on the control thread. From any thread.
     *
     * @return {@code false} when closed; the task will not run
     */
    boolean execute(Runnable task) {
        try {
            control.execute(() -> guarded(task));
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public Runnable at(long nanoTime, Runnable task) {
        Future<?> timer =
                control.schedule(() -> guarded(task), Math.max(0, nanoTime - nanoTime()), TimeUnit.NANOSECONDS);
        return () -> timer.cancel(false);
    }

    /** Starts a daemon thread. */
    static void thread(String name, Runnable task) {
        newThread(name, task).start();
    }

    /**
     * Kills all processes, waits for their ends, and ends the control thread. From any thread; idempotent.
     *
     * @param allEnded called when the processes have ended, or did not in time, before the thread ends
     */
    void close(Runnable allEnded) {
        boolean first = execute(() -> {
            closing = true;
            killAll.accept(processes.stream().map(ThreadedProcess::child).toList());
            countDownWhenEnded();
        });
        if (!first) {
            return;
        }
        try {
            if (!noneLeft.await(CLOSE_LIMIT_SECONDS, TimeUnit.SECONDS)) {
                execute(() -> List.copyOf(processes).forEach(ThreadedProcess::abandon));
            }
            allEnded.run();
            control.shutdown();
            if (!control.awaitTermination(CLOSE_LIMIT_SECONDS, TimeUnit.SECONDS)) {
                log.warn("the control thread did not end; a process listener blocks it");
            }
        } catch (InterruptedException e) {
            control.shutdown();
            Thread.currentThread().interrupt();
        }
    }

    private void countDownWhenEnded() {
        if (closing && processes.isEmpty()) {
            noneLeft.countDown();
        }
    }

    private static Thread newThread(String name, Runnable task) {
        Thread thread = new Thread(null, task, name, STACK_BYTES);
        thread.setDaemon(true);
        return thread;
    }

    private static void guarded(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) { // a defect in the handling of one process must not spoil the others
            log.error("process control task failed", e);
        }
    }
}
