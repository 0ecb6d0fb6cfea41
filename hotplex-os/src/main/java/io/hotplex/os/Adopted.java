package io.hotplex.os;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Reaps descendants of agents that became children of this JVM because it is process 1, as in a container without an
 * init. Confined to one thread.
 *
 * <p>The rule: a dead child of process 1 is reaped here when it carries this run's limit on file locks and is not a
 * process that this run started itself. So neither the status of an agent nor that of a {@link Process} of the
 * application is ever taken: those do not carry the limit. Other orphans are left alone; a container that has them
 * needs an init.
 */
final class Adopted {
    /** How often they are looked for at least; the dead cost a slot in the table of processes each. */
    static final Duration INTERVAL = Duration.ofSeconds(1);

    /** A child of this run that ended at once may not be known as one yet; after this time it is. */
    private static final long LEAST_DEAD_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final RunMarker marker;
    private final IntPredicate own;
    private final ProcFs proc = new ProcFs();
    /** The dead, and when they were first seen. */
    private Map<ProcFs.Look, Long> seen = new HashMap<>();

    private Adopted(RunMarker marker, IntPredicate own) {
        this.marker = marker;
        this.own = own;
    }

    /**
     * @param own whether a process was started by this run and is not reaped yet
     * @return {@code null} when this JVM is not process 1
     */
    static @Nullable Adopted ifFirstProcess(RunMarker marker, IntPredicate own) {
        return ProcessHandle.current().pid() == 1 ? new Adopted(marker, own) : null;
    }

    void reap() {
        long now = System.nanoTime();
        Map<ProcFs.Look, Long> dead = new HashMap<>();
        for (int pid : proc.pids()) {
            ProcFs.Look look = proc.look(pid);
            if (look != null && look.dead() && look.parent() == 1 && mine(pid)) {
                long since = seen.getOrDefault(look, now);
                if (now - since < LEAST_DEAD_NANOS) {
                    dead.put(look, since);
                } else {
                    LibC.reap(pid);
                }
            }
        }
        seen = dead;
    }

    private boolean mine(int pid) {
        return marker.isLimit(proc.lockLimit(pid)) && !own.test(pid);
    }
}
