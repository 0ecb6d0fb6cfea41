package io.hotplex.core.internal.pool;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.ProcessState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Makes room for sessions that wait for a process: asks those that have been idle longest to let theirs go, as many as
 * there are waiters and no more.
 *
 * <p>To ask is not to get: the session decides as its owner, a little later, and may have got work by then. So an
 * eviction is under way from the asking on, and over when the process is gone, when the session works, when it has not
 * reacted in {@link #TIME_TO_REACT}, or when the process does not die in {@link #TIME_TO_DIE}. Nobody tells; who uses
 * this looks again, every {@link #TIME_TO_REACT}, as long as there are evictions under way.
 *
 * <p>Thread-safe; guarded by one short lock. Candidates' accessors are called under it, and must be no more than a look
 * at a field; {@link Candidate#evict} is called without it.
 */
final class Evictions {
    /** A mailbox that is not at work runs a task at once, and its tasks are short. */
    static final Duration TIME_TO_REACT = Duration.ofMillis(100);

    /** Longer than killing takes as it is usually configured; who takes longer is not waited for. */
    static final Duration TIME_TO_DIE = Duration.ofSeconds(10);

    /** A session that may have a process; equal to another one when the session is the same. */
    interface Candidate {
        ProcessState state();

        /** How long its process has waited for work, in nanoseconds; negative when it does not. */
        long idleNanos();

        /** Asks for the end of the process. */
        void evict();
    }

    private final Supplier<List<Candidate>> candidates;
    private final LongSupplier ticker;
    private final ReentrantLock lock = new ReentrantLock();

    /** Who was asked, and when. */
    @GuardedBy("lock")
    private final Map<Candidate, Long> underWay = new LinkedHashMap<>();

    /** @param ticker elapsed time in nanoseconds */
    Evictions(Supplier<List<Candidate>> candidates, LongSupplier ticker) {
        this.candidates = candidates;
        this.ticker = ticker;
    }

    /**
     * Asks so many that there is one eviction under way for each waiter, if there are so many idle processes.
     *
     * @return whether evictions are under way, so that one must look again
     */
    boolean makeRoomFor(int waiters) {
        List<Candidate> all = missing(waiters) > 0 ? candidates.get() : List.of();
        List<Candidate> chosen;
        boolean waitsForSome;
        lock.lock();
        try {
            chosen = longestIdle(all, waiters - underWay.size());
            long now = ticker.getAsLong();
            chosen.forEach(candidate -> underWay.put(candidate, now));
            waitsForSome = !underWay.isEmpty();
        } finally {
            lock.unlock();
        }
        chosen.forEach(Candidate::evict);
        return waitsForSome;
    }

    /** How many more must be asked. */
    private int missing(int waiters) {
        lock.lock();
        try {
            long now = ticker.getAsLong();
            underWay.entrySet().removeIf(asked -> isOver(asked.getKey(), now - asked.getValue()));
            return waiters - underWay.size();
        } finally {
            lock.unlock();
        }
    }

    private static boolean isOver(Candidate candidate, long nanosSince) {
        return switch (candidate.state()) {
            case READY -> nanosSince >= TIME_TO_REACT.toNanos();
            case DEAD -> nanosSince >= TIME_TO_DIE.toNanos();
            case NONE, STARTING, BUSY -> true;
        };
    }

    @GuardedBy("lock")
    private List<Candidate> longestIdle(List<Candidate> all, int wanted) {
        if (wanted <= 0) {
            return List.of();
        }
        List<Idle> idle = new ArrayList<>();
        for (Candidate candidate : all) {
            long nanos = candidate.idleNanos(); // once: it changes while one sorts
            if (nanos >= 0 && !underWay.containsKey(candidate)) {
                idle.add(new Idle(candidate, nanos));
            }
        }
        return idle.stream()
                .sorted(Comparator.comparingLong(Idle::nanos).reversed())
                .limit(wanted)
                .map(Idle::candidate)
                .toList();
    }

    private record Idle(Candidate candidate, long nanos) {}
}
