package io.hotplex.os;

import io.hotplex.api.spi.ProcessListener.Cleanup;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The life of one launcher as the machine sees it: gives each child its marks, knows which are there, and finds what
 * they leave behind. Thread-safe.
 */
final class Run implements AutoCloseable {
    private static final AtomicInteger NAMES = new AtomicInteger();

    private final RunMarker marker = RunMarker.random();
    private final AtomicLong numbers = new AtomicLong();
    private final Map<Integer, Child> children = new ConcurrentHashMap<>();
    private final Duration sweepTimeout;
    private final @Nullable Supplier<MarkedProcesses> processes;
    private final @Nullable Sweeper sweeper;
    private final boolean nativeCode;

    /**
     * @param nativeCode whether the C library may be called
     * @param pidfd whether signals can go to descriptors of processes
     */
    Run(Duration sweepTimeout, boolean nativeCode, boolean pidfd) {
        this.sweepTimeout = sweepTimeout;
        this.nativeCode = nativeCode;
        if (ProcFs.available()) {
            processes = () -> new LinuxProcesses(marker, pidfd);
        } else if (Abi.MAC) {
            processes = () -> new PsProcesses(marker, PsProcesses.MACOS);
        } else {
            processes = null;
        }
        sweeper = processes == null
                ? null
                : new Sweeper(
                        "hotplex-sweep-" + NAMES.incrementAndGet(),
                        processes.get(),
                        sweepTimeout,
                        nativeCode ? Adopted.ifFirstProcess(marker, children::containsKey) : null);
    }

    RunMarker marker() {
        return marker;
    }

    /** A number for the next child. */
    long nextNumber() {
        return numbers.incrementAndGet();
    }

    /** A child was started; called at once. */
    Child started(long number, long pid) {
        Child child = new Child(number, (int) pid);
        children.put(child.leader, child);
        if (nativeCode && !Abi.MAC) {
            // where it is refused, the variable alone has to do
            LinuxLibC.setLockLimit(child.leader, marker.lockLimit(number));
        }
        return child;
    }

    /** Ends the search for survivors when it is done; call it when no child is left. */
    @Override
    public void close() {
        if (sweeper != null) {
            sweeper.close();
        }
    }

    /** One child, from its start until it is reaped. */
    final class Child {
        private final long number;
        private final int leader;
        private final long start;

        private Child(long number, int leader) {
            this.number = number;
            this.leader = leader;
            ProcFs.Look look = processes == null ? null : new ProcFs().look(leader);
            this.start = look == null ? MarkedProcesses.ANY : look.start();
        }

        /**
         * Searches for what has left the group. Call it when the group was killed.
         *
         * @param answer called once with what was found, on a thread that it must not block; with {@code null}, and at
         *     once, on a system where nobody can look
         */
        void sweep(Consumer<@Nullable Cleanup> answer) {
            if (sweeper == null) {
                answer.accept(null);
            } else {
                sweeper.sweep(new Sweeper.Ended(number, leader, start), answer);
            }
        }

        /** As {@link #sweep}, on the calling thread: for a child that nobody watches. */
        void sweepNow() {
            if (processes != null) {
                Sweep sweep =
                        new Sweep(process -> process.descendsFrom(number), leader, System.nanoTime(), sweepTimeout);
                sweep.complete(processes.get(), start);
            }
        }

        /** The living processes that descend from it, as far as the marks tell. Blocks for some milliseconds. */
        List<Integer> pids() {
            return processes == null
                    ? List.of()
                    : processes.get().find(start).stream()
                            .filter(process -> process.descendsFrom(number))
                            .map(MarkedProcesses.Marked::pid)
                            .toList();
        }

        /** Its leader was reaped. */
        void reaped() {
            children.remove(leader, this);
        }
    }
}
