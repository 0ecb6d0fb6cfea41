package io.hotplex.os;

import io.hotplex.api.spi.ProcessListener.Cleanup;
import io.hotplex.os.MarkedProcesses.Marked;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/**
 * The search for what outlived a kill: pass after pass over the processes, killing what is found, until two passes in a
 * row find nothing or the time is over. Two, since a process that starts another and ends can hide it from one pass.
 * Confined to one thread.
 */
final class Sweep {
    private static final int EMPTY_PASSES = 2;
    /** A killed process needs a moment to be gone. */
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    /** So long what the kernel ends may take to be gone before it counts as what outlived its end. */
    static final long DYING_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final Predicate<Marked> wanted;
    private final Predicate<Marked> dying;
    private final int group;
    private final long begun;
    private final long deadline;
    private final Set<Marked> counted = new HashSet<>();
    private int found;
    private int left;
    private int empty;
    private boolean over;

    /**
     * @param wanted what is to be killed
     * @param group members of this group are killed too, but are no survivors: they got the signal already; 0 for none
     * @param begun when the first kill was, in nanoseconds
     * @param limit how long to go on
     */
    Sweep(Predicate<Marked> wanted, int group, long begun, Duration limit) {
        this(wanted, process -> false, group, begun, limit);
    }

    /** @param dying what the kernel ends in any case; no survivor, unless it takes long */
    Sweep(Predicate<Marked> wanted, Predicate<Marked> dying, int group, long begun, Duration limit) {
        this.wanted = wanted;
        this.dying = dying;
        this.group = group;
        this.begun = begun;
        this.deadline = begun + limit.toNanos();
    }

    /**
     * Does one pass.
     *
     * @param marked what there was to see
     * @return whether something was killed, so that a moment has to pass before the next one
     */
    boolean pass(List<Marked> marked, MarkedProcesses processes, long now) {
        Set<Marked> met = new HashSet<>();
        left = 0;
        boolean killed = false;
        for (Marked process : marked) {
            if (wanted.test(process)) {
                boolean survivor = process.group() != group;
                // asked before the kill, which takes it out of what it is kept in
                boolean counts = survivor && (now - begun >= DYING_NANOS || !dying.test(process));
                met.add(process);
                killed |= processes.kill(process);
                left += survivor ? 1 : 0;
                found += counts && counted.add(process) ? 1 : 0;
            }
        }
        counted.retainAll(met); // what lives is all that is remembered, however many there were
        empty = met.isEmpty() ? empty + 1 : 0;
        over = empty == EMPTY_PASSES || now - deadline >= 0;
        return killed;
    }

    boolean over() {
        return over;
    }

    /** How long it may still go on. */
    long nanosLeft(long now) {
        return deadline - now;
    }

    /** Does all passes on the calling thread. */
    Cleanup complete(MarkedProcesses processes, long notBefore) {
        while (!over) {
            if (pass(processes.find(notBefore), processes, System.nanoTime())) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
        return result(System.nanoTime());
    }

    Cleanup result(long now) {
        return new Cleanup(Math.max(found, left), left, Duration.ofNanos(now - begun));
    }
}
