package io.hotplex.os;

import java.time.Duration;
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
    /** So long the dead wait at most; they cost a slot in the table of processes each. */
    static final Duration INTERVAL = Duration.ofSeconds(5);

    private final RunMarker marker;
    private final IntPredicate own;
    private final ProcFs proc = new ProcFs();

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
        for (int pid : proc.pids()) {
            ProcFs.Look look = proc.look(pid);
            if (look != null
                    && look.dead()
                    && look.parent() == 1
                    && marker.isLimit(proc.lockLimit(pid))
                    && !own.test(pid)) {
                LibC.reap(pid);
            }
        }
    }
}
