package io.hotplex.os;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.sun.jna.Pointer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that serves many processes: their pipes, their ends, their timers.
 *
 * <p>Threading: selector, timers, read buffer and the set of processes are confined to the loop's thread. Other threads
 * reach it by {@link #execute} alone; the queue of tasks and whether the loop accepts them are guarded by {@code lock}.
 * A task is either run or refused, never lost.
 */
final class IoLoop implements Timers {
    /** Takes what a usual pipe holds at once, and a raised one in four reads. */
    private static final int READ_BYTES = 256 << 10;

    private static final Logger log = LoggerFactory.getLogger(IoLoop.class);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(3);

    private final IoSelector selector;
    private final Thread thread;
    private final int wakeReader;
    private final int wakeWriter;

    private final Pointer nativeBuffer = LibC.allocate(READ_BYTES);
    private final byte[] buffer = new byte[READ_BYTES];
    private final PriorityQueue<Timer> timers = new PriorityQueue<>((one, other) -> Long.signum(one.at - other.at));
    private final Set<PosixProcess> processes = new LinkedHashSet<>();
    private boolean closing;
    private long closeDeadline;

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();

    @GuardedBy("lock")
    private boolean ended;

    /** A task and its time; equal to itself alone. */
    private static final class Timer {
        private final long at;
        private final Runnable task;

        Timer(long at, Runnable task) {
            this.at = at;
            this.task = task;
        }
    }

    private IoLoop(String name, IoSelector selector, Pipe wake) {
        this.selector = selector;
        this.wakeReader = wake.readEnd();
        this.wakeWriter = wake.writeEnd();
        this.thread = new Thread(this::run, name);
        thread.setDaemon(true);
    }

    /** Starts a loop that owns the selector. */
    static IoLoop open(String name, IoSelector selector) {
        Pipe wake;
        try {
            wake = Pipe.open();
        } catch (RuntimeException e) {
            selector.close();
            throw e;
        }
        LibC.setNonBlocking(wake.readEnd());
        LibC.setNonBlocking(wake.writeEnd());
        IoLoop loop = new IoLoop(name, selector, wake);
        loop.thread.start();
        return loop;
    }

    /**
     * Runs a task on the loop's thread. From any thread.
     *
     * @return {@code false} when the loop has ended; the task will not run
     */
    boolean execute(Runnable task) {
        lock.lock();
        try {
            if (ended) {
                return false;
            }
            tasks.addLast(task);
            if (tasks.size() == 1) {
                LibC.write(wakeWriter, new byte[1], 1); // a full pipe wakes as well
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Kills all processes, waits for their ends, and ends the thread. From any thread; idempotent. */
    void close() {
        execute(() -> {
            if (!closing) {
                closing = true;
                closeDeadline = nanoTime() + CLOSE_LIMIT.toNanos();
                at(closeDeadline, () -> {});
                List.copyOf(processes).forEach(PosixProcess::kill);
            }
        });
    }

    /** Waits for the thread's end after {@link #close}. At once on the loop's own thread. */
    void awaitEnd() {
        if (Thread.currentThread() == thread) {
            return;
        }
        try {
            thread.join(CLOSE_LIMIT.plusSeconds(1).toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Puts a process under the loop's care. On the loop's thread. */
    void add(PosixProcess process) {
        processes.add(process);
        if (closing) {
            process.kill();
        }
    }

    void remove(PosixProcess process) {
        processes.remove(process);
    }

    IoSelector selector() {
        return selector;
    }

    /**
     * Reads into {@link #buffer()}. On the loop's thread.
     *
     * @return the number of bytes; 0 when there is nothing now; -1 at the end or on an error
     */
    int read(int fd) {
        long count = LibC.read(fd, nativeBuffer, READ_BYTES);
        if (count > 0) {
            nativeBuffer.read(0, buffer, 0, (int) count);
            return (int) count;
        }
        return count < 0 && (LibC.errno() == Abi.CURRENT.tryAgain() || LibC.errno() == LibC.EINTR) ? 0 : -1;
    }

    /** What {@link #read} has read; valid until the next read of any process. */
    byte[] buffer() {
        return buffer;
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public Runnable at(long nanoTime, Runnable task) {
        Timer timer = new Timer(nanoTime, task);
        timers.add(timer);
        return () -> timers.remove(timer);
    }

    private void run() {
        try {
            selector.watch(wakeReader, false, () -> read(wakeReader));
            while (!mayEnd()) {
                turn();
            }
        } finally { // also when an error ends the thread: nobody may wait for an end that is never told
            end();
        }
    }

    private void turn() {
        guarded(() -> selector.select(timeoutMillis()));
        runTimers();
        takeTasks().forEach(IoLoop::guarded);
    }

    /** A defect in the handling of one process must not end the thread that serves all others, whatever is thrown. */
    private static void guarded(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) {
            log.error("I/O loop task failed", e);
        }
    }

    private boolean mayEnd() {
        return closing && (processes.isEmpty() || nanoTime() - closeDeadline >= 0);
    }

    private int timeoutMillis() {
        Timer first = timers.peek();
        if (first == null) {
            return -1;
        }
        long nanos = Math.max(0, first.at - nanoTime());
        return (int) Math.min(TimeUnit.NANOSECONDS.toMillis(nanos + 999_999), Integer.MAX_VALUE);
    }

    private void runTimers() {
        for (Timer first = timers.peek(); first != null && first.at - nanoTime() <= 0; first = timers.peek()) {
            timers.remove();
            guarded(first.task);
        }
    }

    private List<Runnable> takeTasks() {
        lock.lock();
        try {
            List<Runnable> taken = List.copyOf(tasks);
            tasks.clear();
            return taken;
        } finally {
            lock.unlock();
        }
    }

    private void end() {
        List<Runnable> rest;
        lock.lock();
        try {
            ended = true;
            rest = new ArrayList<>(tasks);
            LibC.close(wakeReader);
            LibC.close(wakeWriter);
        } finally {
            lock.unlock();
        }
        rest.forEach(IoLoop::guarded);
        for (PosixProcess process : List.copyOf(processes)) {
            process.kill();
            guarded(process::abandon);
        }
        selector.close();
        LibC.free(nativeBuffer);
    }
}
