package io.hotplex.os;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Who descends from whom on this machine: one look for all who ask within a moment, since looking costs some system
 * calls for each process there is. Thread-safe; who asks while somebody looks waits for what that one sees.
 */
final class Census {
    /**
     * Whoever counts processes does not mind; a hundred sessions that are looked at one after the other need not look.
     */
    static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final ProcFs proc = new ProcFs();

    @GuardedBy("lock")
    private final MarkedProcesses processes;

    @GuardedBy("lock")
    private @Nullable Count count;

    /** @param processes this object's alone from here on */
    Census(MarkedProcesses processes, LongSupplier nanoTime) {
        this.processes = processes;
        this.nanoTime = nanoTime;
    }

    private record Count(Map<Integer, List<Integer>> children, List<MarkedProcesses.Marked> marked, long nanoTime) {}

    /**
     * A process and its descendants.
     *
     * @param number by which their marks tell those whose parents are gone
     */
    Set<Integer> family(int leader, long number) {
        Count now = count();
        Set<Integer> family = new TreeSet<>();
        Deque<Integer> ahead = new ArrayDeque<>(List.of(leader));
        now.marked.stream().filter(each -> each.descendsFrom(number)).forEach(each -> ahead.add(each.pid()));
        while (!ahead.isEmpty()) {
            int pid = ahead.remove();
            if (family.add(pid)) {
                ahead.addAll(now.children.getOrDefault(pid, List.of()));
            }
        }
        return family;
    }

    private Count count() {
        lock.lock();
        try {
            Count known = count;
            if (known == null || nanoTime.getAsLong() - known.nanoTime >= FRESH_NANOS) {
                known = look();
                count = known;
            }
            return known;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private Count look() {
        Map<Integer, List<Integer>> children = new HashMap<>();
        for (int pid : proc.pids()) {
            ProcFs.Look look = proc.look(pid);
            if (look != null) {
                children.computeIfAbsent(look.parent(), parent -> new ArrayList<>())
                        .add(pid);
            }
        }
        ProcFs.Look self = proc.look((int) ProcessHandle.current().pid());
        long ours = self == null ? MarkedProcesses.ANY : self.start(); // nothing of ours is older
        return new Count(children, processes.find(ours), nanoTime.getAsLong());
    }
}
