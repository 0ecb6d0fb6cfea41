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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts agent processes: at most {@code maxProcesses} live and {@code maxStarting} of them start at a time. Who does
 * not get a slot at once waits in line, for a limited time; while some wait for living processes to go, as many are
 * asked to that have been idle longest; see {@link Evictions}.
 *
 * <p>Thread-safe; guarded by one short lock under which nobody is called: what is granted or refused is collected, and
 * told after unlocking.
 */
final class ProcessSlots implements SlotSource {
    private static final Logger log = LoggerFactory.getLogger(ProcessSlots.class);

    private final int maxProcesses;
    private final int maxStarting;
    private final Duration patience;
    private final ScheduledExecutorService timer;
    private final Supplier<PoolSnapshot> snapshot;
    private final Evictions evictions;
    private final AtomicBoolean looksAgain = new AtomicBoolean();
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
     * @param evictions gets idle processes to go
     */
    ProcessSlots(
            int maxProcesses,
            int maxStarting,
            Duration patience,
            ScheduledExecutorService timer,
            Supplier<PoolSnapshot> snapshot,
            Evictions evictions) {
        this.maxProcesses = maxProcesses;
        this.maxStarting = maxStarting;
        this.patience = patience;
        this.timer = timer;
        this.snapshot = snapshot;
        this.evictions = evictions;
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
            waiter.startClock(timer.schedule(() -> giveUp(waiter), patience.toNanos(), TimeUnit.NANOSECONDS));
        } catch (RejectedExecutionException e) {
            giveUp(waiter); // the engine is closing
        }
        serve();
        return () -> {
            if (remove(waiter)) {
                waiter.stopClock();
            }
        };
    }

    @Override
    public void idle() {
        int waiters = waitingForAnEnd();
        if (waiters > 0) {
            makeRoomFor(waiters);
        }
    }

    private void makeRoomFor(int waiters) {
        if (evictions.makeRoomFor(waiters) && looksAgain.compareAndSet(false, true)) {
            try {
                var unused = timer.schedule(this::lookAgain, Evictions.TIME_TO_REACT.toNanos(), TimeUnit.NANOSECONDS);
            } catch (RejectedExecutionException e) {
                looksAgain.set(false); // the engine is closing
            }
        }
    }

    /** Somebody who was asked to let his process go may not have done so; then another one is asked. */
    private void lookAgain() {
        looksAgain.set(false);
        makeRoomFor(waitingForAnEnd());
    }

    /** How many wait because there are as many processes as may be. */
    private int waitingForAnEnd() {
        lock.lock();
        try {
            return processes >= maxProcesses ? line.size() : 0;
        } finally {
            lock.unlock();
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
        boolean again;
        do {
            again = false;
            for (Waiter waiter : grant()) {
                waiter.stopClock();
                again |= !admit(waiter.applicant);
            }
        } while (again);
        idle();
    }

    private List<Waiter> grant() {
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
        return granted;
    }

    /**
     * Tells who got a slot, and takes it back if he cannot be told: the others must be, whatever one of them throws.
     */
    @SuppressWarnings("IllegalCatch")
    private boolean admit(Applicant applicant) {
        Grant grant = new Grant();
        try {
            applicant.admitted(grant);
            return true;
        } catch (Throwable e) {
            log.error("a session could not take its process slot, another one gets it", e);
            return !grant.giveBack();
        }
    }

    private static final class Waiter {
        final Applicant applicant;
        private volatile boolean settled;
        private volatile @Nullable Future<?> deadline;

        Waiter(Applicant applicant) {
            this.applicant = applicant;
        }

        void startClock(Future<?> running) {
            deadline = running;
            if (settled) { // by another thread, which may not have seen the clock
                running.cancel(false);
            }
        }

        void stopClock() {
            settled = true;
            Future<?> running = deadline;
            if (running != null) {
                running.cancel(false);
            }
        }
    }

    private final class Grant implements Slot {
        private final AtomicBoolean started = new AtomicBoolean();
        private final AtomicBoolean released = new AtomicBoolean();

        @Override
        public void started() {
            if (started.compareAndSet(false, true)) {
                leave(1, 0);
                serve();
            }
        }

        @Override
        public void release() {
            if (giveBack()) {
                serve();
            }
        }

        /** Makes the slot free, without looking who could have it; {@code false} when it was free already. */
        boolean giveBack() {
            boolean first = released.compareAndSet(false, true);
            if (first) {
                leave(started.compareAndSet(false, true) ? 1 : 0, 1);
            }
            return first;
        }

        private void leave(int fromStarting, int fromProcesses) {
            lock.lock();
            try {
                starting -= fromStarting;
                processes -= fromProcesses;
            } finally {
                lock.unlock();
            }
        }
    }
}
