package io.hotplex.os;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.LauncherConfig.GuardianMode;
import io.hotplex.api.spi.ProcessLauncher.Probe;
import io.hotplex.api.spi.ProcessListener;
import io.hotplex.api.spi.ProcessListener.Cleanup;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of one launcher as the machine sees it: gives each child its marks, knows which are there, and finds what
 * they leave behind. Thread-safe.
 */
final class Run implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Run.class);
    private static final AtomicInteger NAMES = new AtomicInteger();

    private final RunMarker marker = RunMarker.random();
    private final AtomicLong numbers = new AtomicLong();
    private final Map<Integer, Child> children = new ConcurrentHashMap<>();
    private final Duration sweepTimeout;
    private final @Nullable Supplier<MarkedProcesses> processes;
    private final @Nullable Sweeper sweeper;
    private final @Nullable Census census;
    private final GuardianMode mode;
    private final @Nullable RunRegistry registry;
    private final boolean pidfd;
    private final IntConsumer killGroup;
    private final List<Probe> probes = new ArrayList<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition someReaped = lock.newCondition();
    private volatile @Nullable Guardian guardian;
    private volatile Duration guardianWait = Duration.ZERO;

    /**
     * Looks after what earlier runs left, then begins.
     *
     * @param nativeCode whether the C library may be called
     * @param pidfd whether signals can go to descriptors of processes
     * @param killGroup kills a process group
     */
    Run(LauncherConfig config, boolean nativeCode, boolean pidfd, IntConsumer killGroup) {
        this.sweepTimeout = config.sweepTimeout();
        this.mode = config.guardian();
        this.pidfd = pidfd;
        this.killGroup = killGroup;
        this.registry = registry(config);
        if (ProcFs.available()) {
            processes = () -> new LinuxProcesses(marker, pidfd);
        } else if (Abi.MAC) {
            processes = () -> new PsProcesses(marker, PsProcesses.MACOS);
        } else {
            processes = null;
        }
        census = ProcFs.available() ? new Census(new LinuxProcesses(marker, pidfd), System::nanoTime) : null;
        sweeper = processes == null
                ? null
                : new Sweeper(
                        "hotplex-sweep-" + NAMES.incrementAndGet(),
                        processes.get(),
                        sweepTimeout,
                        nativeCode ? Adopted.ifFirstProcess(marker, children::containsKey) : null);
        if (!nativeCode && ProcFs.available() && ProcessHandle.current().pid() == 1) {
            probes.add(new Probe(
                    "reaping",
                    false,
                    "this is process 1, and only the launcher posix-spawn reaps orphans; use an init"
                            + " (docker run --init)"));
        }
    }

    private @Nullable RunRegistry registry(LauncherConfig config) {
        Path state = config.stateDirectory();
        if (state == null || !ProcFs.available()) {
            return null;
        }
        try {
            Path runs = state.resolve("runs");
            RunFile.Host host = ProcFs.host();
            new Recovery(runs, host, sweepTimeout, pidfd, killGroup).run();
            int self = (int) ProcessHandle.current().pid();
            ProcFs.Look look = new ProcFs().look(self);
            long start = look == null ? 0 : look.start();
            RunRegistry made = RunRegistry.create(runs, new RunFile(marker.run(), host, self, start, Map.of()));
            probes.add(new Probe("registry", true, "runs are written down for the next start"));
            return made;
        } catch (IOException | UnsupportedOperationException e) {
            log.warn("runs cannot be written down; what survives a killed JVM and guardian stays", e);
            probes.add(new Probe("registry", false, String.valueOf(e.getMessage())));
            return null;
        }
    }

    /**
     * Puts the run under a guardian, if it is to have one.
     *
     * @param starter starts a command without marks, in a session of its own
     * @param timers call the guardian on a thread that may start processes
     * @param execute runs a task on that thread
     * @param wait how long to wait for the first one, and how long a launch waits that requires one
     */
    void guard(
            BiFunction<List<String>, ProcessListener, AgentProcess> starter,
            Timers timers,
            Consumer<Runnable> execute,
            Duration wait) {
        if (mode == GuardianMode.OFF) {
            probes.add(new Probe("guardian", true, "off: agents outlive a killed JVM until the next start"));
            return;
        }
        Guardian made = new Guardian(
                listener -> starter.apply(GuardianScript.command(StartPlan.SHELL, marker), listener), timers);
        guardianWait = wait;
        guardian = made;
        execute.accept(made::start);
        boolean there = made.await(wait);
        probes.add(new Probe("guardian", there, StartPlan.SHELL + (there ? "" : " cannot be started")));
    }

    /** What was found out about guardian and registry. */
    List<Probe> probes() {
        return List.copyOf(probes);
    }

    RunMarker marker() {
        return marker;
    }

    /** What a child's start becomes so that it has both marks; the variable is in its environment. */
    StartPlan marked(StartPlan plan, long number) {
        return ProcFs.available() ? plan.limited(marker.lockLimit(number)) : plan;
    }

    /**
     * A number for the next child.
     *
     * @throws HotPlexException AGENT_START_FAILED when there has to be a guardian and is none
     */
    long nextNumber() {
        Guardian watching = guardian;
        if (mode == GuardianMode.REQUIRED && watching != null && !watching.await(guardianWait)) {
            throw new HotPlexException(
                    ErrorCode.AGENT_START_FAILED,
                    "there is no guardian that would end the agent when this JVM is killed (guardian=required); the"
                            + " log says why " + StartPlan.SHELL + " could not be started");
        }
        return numbers.incrementAndGet();
    }

    /** A child was started; called at once. */
    Child started(long number, long pid) {
        Child child = new Child(number, (int) pid);
        children.put(child.leader, child);
        if (registry != null) {
            registry.add(child.leader, child.start, number);
        }
        if (guardian != null) {
            guardian.register(pid);
        }
        return child;
    }

    /**
     * Waits until all children are reaped, then lets the guardian go; if they are not, it does its work.
     *
     * @return whether all are
     */
    boolean end(Duration limit) {
        boolean clean = awaitReaped(limit.toNanos());
        if (guardian != null) {
            guardian.end(clean);
        }
        if (registry != null) {
            registry.close(clean);
        }
        return clean;
    }

    private boolean awaitReaped(long nanos) {
        long left = nanos;
        lock.lock();
        try {
            while (!children.isEmpty() && left > 0) {
                left = someReaped.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
        return children.isEmpty();
    }

    /** Ends the search for survivors; call it when nobody waits for its answers any more. */
    @Override
    public void close() {
        if (sweeper != null) {
            sweeper.close();
        }
    }

    /** What {@link io.hotplex.api.spi.ProcessLauncher#endLeftBehind} does. */
    boolean endLeftBehind(String identity) {
        LeftBehind left = ProcFs.available() ? LeftBehind.parse(identity) : null;
        return left == null || left.end(sweepTimeout, pidfd, killGroup);
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
         * @param enclosure what the child was kept in; what the kernel ends with that is no survivor
         * @param answer called once with what was found, on a thread that it must not block; with {@code null}, and at
         *     once, on a system where nobody can look
         */
        void sweep(Enclosure enclosure, Consumer<@Nullable Cleanup> answer) {
            if (sweeper == null) {
                answer.accept(null);
            } else {
                sweeper.sweep(new Sweeper.Ended(number, leader, start, enclosure), answer);
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

        /**
         * The processes that descend from it, as far as their parents and marks tell, itself included; {@code null}
         * where nobody can look. Blocks for some milliseconds.
         */
        @Nullable
        Set<Integer> family() {
            return census == null ? null : census.family(leader, number);
        }

        /**
         * Has the guardian signal the group.
         *
         * @param signal {@code TERM} or {@code KILL}
         * @return {@code false} when there is no guardian, or no such group for certain
         */
        boolean signal(String signal) {
            ProcFs.Look look = ProcFs.available() ? new ProcFs().look(leader) : null;
            return guardian != null
                    && look != null
                    && look.start() == start
                    && look.group() == leader
                    && guardian.signal(signal, leader);
        }

        /** What names it for a later launcher, or {@code null} where nothing does. */
        @Nullable
        String identity() {
            try {
                return start == MarkedProcesses.ANY || !ProcFs.available()
                        ? null
                        : new LeftBehind(ProcFs.host(), marker.run(), number, leader, start).text();
            } catch (IOException | UnsupportedOperationException e) {
                return null;
            }
        }

        /** Whether a search for what is left finds the members of the group as well. */
        boolean searchable() {
            return start != MarkedProcesses.ANY && sweeper != null;
        }

        /** Nothing of it is left but its leader's status: its pid may not be signalled from here on. */
        void forget() {
            if (guardian != null) {
                guardian.forget(leader);
            }
            if (registry != null) {
                registry.remove(leader);
            }
        }

        /** Its leader was reaped. */
        void reaped() {
            lock.lock();
            try {
                children.remove(leader, this);
                someReaped.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }
}
