package io.hotplex.core.internal.pool;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.PoolSnapshot;
import io.hotplex.core.internal.session.SlotSource;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Counts agent processes: at most {@code maxProcesses} live and {@code maxStarting} of them start at a time. Who does
 * not get a slot at once waits in line, for a limited time; while somebody waits for a living process to go, the one
 * that has been idle longest is asked to.
 *
 * <p>Thread-safe; guarded by one short lock under which nobody is called: what is granted or refused is collected, and
 * told after unlocking.
 */
final class ProcessSlots implements SlotSource {
    private final int maxProcesses;
    private final int maxStarting;
    private final Duration patience;
    private final ScheduledExecutorService timer;
    private final Supplier<PoolSnapshot> snapshot;
    private final Runnable evictOne;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Deque<Waiter> line = new ArrayDeque<>();

    @GuardedBy("lock")
    private int processes;

    @GuardedBy("lock")
    private int starting;

    /**
     * @param patience how long one waits in line
     * @param snapshot what the refused are told
     * @param evictOne asks the process that has been idle longest to go, if there is one
     */
    ProcessSlots(
            int maxProcesses,
            int maxStarting,
            Duration patience,
            ScheduledExecutorService timer,
            Supplier<PoolSnapshot> snapshot,
            Runnable evictOne) {
        this.maxProcesses = maxProcesses;
        this.maxStarting = maxStarting;
        this.patience = patience;
        this.timer = timer;
        this.snapshot = snapshot;
        this.evictOne = evictOne;
    }

    /** How many wait, have a process, and of those start. */
    record Counts(int waiting, int processes, int starting) {}

    Counts counts() {
        lock.lock();
        try {
            return new Counts(line.size(), processes, starting);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Ticket request(Applicant applicant) {
        Waiter waiter = new Waiter(applicant);
        lock.lock();
        try {
            line.addLast(waiter);
        } finally {
            lock.unlock();
        }
        try {
            waiter.deadline = timer.schedule(() -> giveUp(waiter), patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            giveUp(waiter); // the engine is closing
        }
        serve();
        return () -> remove(waiter);
    }

    @Override
    public void idle() {
        boolean wanted;
        lock.lock();
        try {
            wanted = !line.isEmpty() && processes >= maxProcesses;
        } finally {
            lock.unlock();
        }
        if (wanted) {
            evictOne.run();
        }
    }

    private void giveUp(Waiter waiter) {
        PoolSnapshot now = snapshot.get();
        if (remove(waiter)) {
            waiter.applicant.refused(now);
        }
    }

    private boolean remove(Waiter waiter) {
        lock.lock();
        try {
            return line.remove(waiter);
        } finally {
            lock.unlock();
        }
    }

    /** Grants what can be granted, in order. */
    private void serve() {
        List<Waiter> granted = new ArrayList<>();
        lock.lock();
        try {
            while (!line.isEmpty() && processes < maxProcesses && starting < maxStarting) {
                processes++;
                starting++;
                granted.add(line.removeFirst());
            }
        } finally {
            lock.unlock();
        }
        for (Waiter waiter : granted) {
            if (waiter.deadline != null) {
                waiter.deadline.cancel(false);
            }
            waiter.applicant.admitted(new Grant());
        }
        idle();
    }

    private static final class Waiter {
        final Applicant applicant;
        volatile @Nullable Future<?> deadline;

        Waiter(Applicant applicant) {
            this.applicant = applicant;
        }
    }

    private final class Grant implements Slot {
        private final AtomicBoolean started = new AtomicBoolean();
        private final AtomicBoolean released = new AtomicBoolean();

        @Override
        public void started() {
            if (started.compareAndSet(false, true)) {
                leave(1, 0);
            }
        }

        @Override
        public void release() {
            if (released.compareAndSet(false, true)) {
                leave(started.compareAndSet(false, true) ? 1 : 0, 1);
            }
        }

        private void leave(int fromStarting, int fromProcesses) {
            lock.lock();
            try {
                starting -= fromStarting;
                processes -= fromProcesses;
            } finally {
                lock.unlock();
            }
            serve();
        }
    }
}
