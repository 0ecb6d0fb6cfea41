package io.hotplex.os;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.Confinement.Kind;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.ResourceLimits;
import io.hotplex.api.spi.Isolation;
import io.hotplex.api.spi.ProcessLauncher.Probe;
import io.hotplex.api.spi.ProcessSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses what the processes of one launcher are kept in, out of what works on this machine.
 *
 * <p>Thread-safe. The trials are made once, under a lock, when they are first needed: a launcher that confines nothing
 * starts nothing. One thread, {@code hotplex-launcher}, starts what the kernel kills when the starting thread ends; it
 * ends with the launcher, after all processes. It also removes control groups, which have to be empty for that. After
 * {@link #close} nothing is tried, made or started any more.
 */
final class Confiner implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Confiner.class);
    private static final long REMOVE_AGAIN_MILLIS = 20;
    /**
     * Killed processes are gone after milliseconds; what takes so long hangs in the kernel, and is left to the next.
     */
    private static final int REMOVE_ATTEMPTS = 250;

    private static final long CLOSE_LIMIT_SECONDS = 2;
    /** A start takes milliseconds; the thread that has not come to it by then hangs in one, on a dead disk perhaps. */
    private static final long QUEUE_LIMIT_SECONDS = 30;

    /** What takes the place of a means that does not work, best first. A sandbox takes nobody's: it hides files. */
    private static final List<Kind> STAND_INS = List.of(Kind.PID_NAMESPACE, Kind.CGROUP);

    private final Supplier<ConfinementProbe> trials;
    private final Supplier<Prelude> shellTrial;
    private final AtomicLong numbers = new AtomicLong();
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private @Nullable ConfinementProbe probe;

    @GuardedBy("lock")
    private @Nullable Prelude shell;

    @GuardedBy("lock")
    private @Nullable ScheduledThreadPoolExecutor thread;

    @GuardedBy("lock")
    private boolean closed;

    Confiner(@Nullable Path cgroupParent) {
        this(
                () -> ConfinementProbe.run(
                        cgroupParent, ThreadLocalRandom.current().nextLong(1_000_000_000L)),
                Confiner::askShell);
    }

    /**
     * @param trials find out what there is
     * @param shellTrial finds out what limits the shell can set
     */
    Confiner(Supplier<ConfinementProbe> trials, Supplier<Prelude> shellTrial) {
        this.trials = trials;
        this.shellTrial = shellTrial;
    }

    private static Prelude askShell() {
        try {
            return Prelude.ask();
        } catch (IOException e) {
            log.warn("no limit on open files, core dumps and processes of the user can be set", e);
            return new Prelude(false, false, false);
        }
    }

    /** What there is; blocks for the trials the first time. */
    List<Probe> probes() {
        return probe().probes();
    }

    /**
     * Makes what a process is kept in. Whoever does not start it then has to call {@link #left}.
     *
     * @throws HotPlexException CONFINEMENT_UNAVAILABLE when something is missing, and either it is strict or the
     *     network is to be taken away, for which nothing can stand in; ENGINE_CLOSED
     */
    Enclosure enclose(StartPlan plan, ProcessSpec spec) {
        Isolation isolation = spec.isolation();
        Kind wanted = isolation.confinement().kind();
        if (wanted == Kind.NONE && isolation.limits().equals(ResourceLimits.NONE)) {
            return Enclosure.none(plan);
        }
        List<String> missing = new ArrayList<>();
        Kind kind = choose(wanted, missing);
        boolean networkStays = !isolation.confinement().network() && kind != Kind.BUBBLEWRAP;
        if (networkStays) {
            missing.add("without bubblewrap the network cannot be taken away");
        }
        if (Prelude.limits(isolation.limits())) {
            missing.addAll(shell().missing(isolation.limits()));
        }
        boolean grouped = kind == Kind.CGROUP || needsGroup(isolation.limits());
        Cgroup group = grouped ? group(isolation.limits(), missing) : null;
        if (kind == Kind.CGROUP && group == null) {
            kind = Kind.NONE;
        }
        if (isolation.limits().userProcesses() != null && ConfinementProbe.isRoot()) {
            missing.add("limit-user-processes: the kernel ignores it for root; run as another user,"
                    + " or use limit-processes with a control group");
        }
        if (networkStays || isolation.confinement().strict() && !missing.isEmpty()) {
            left(group);
            throw new HotPlexException(
                    ErrorCode.CONFINEMENT_UNAVAILABLE, spec.label() + ": " + String.join("; ", missing));
        }
        return new Enclosure(wrap(kind, plan, isolation, group), new Isolation.Applied(kind, missing), group);
    }

    private Kind choose(Kind wanted, List<String> missing) {
        if (wanted == Kind.NONE || probe().has(wanted)) {
            return wanted;
        }
        missing.add("confinement " + wanted.key() + ": " + probe().finding(wanted));
        return STAND_INS.stream().filter(kind -> probe().has(kind)).findFirst().orElse(Kind.NONE);
    }

    private StartPlan wrap(Kind kind, StartPlan plan, Isolation isolation, @Nullable Cgroup group) {
        boolean wrapped = false;
        try {
            StartPlan confined = Prelude.before(wrap(kind, plan, isolation), group, isolation.limits());
            wrapped = true;
            return confined;
        } finally {
            if (!wrapped) {
                left(group);
            }
        }
    }

    private StartPlan wrap(Kind kind, StartPlan plan, Isolation isolation) {
        if (kind == Kind.BUBBLEWRAP) {
            return Objects.requireNonNull(probe().bubblewrap()).wrap(plan, isolation);
        }
        return kind == Kind.PID_NAMESPACE
                ? Objects.requireNonNull(probe().pidNamespace()).wrap(plan)
                : plan;
    }

    private static boolean needsGroup(ResourceLimits limits) {
        return limits.memoryBytes() != null || limits.processes() != null || limits.cpus() != null;
    }

    private @Nullable Cgroup group(ResourceLimits limits, List<String> missing) {
        Cgroups groups = probe().cgroups();
        missingLimit("limit-memory", limits.memoryBytes(), "memory", groups, missing);
        missingLimit("limit-processes", limits.processes(), "pids", groups, missing);
        missingLimit("limit-cpus", limits.cpus(), "cpu", groups, missing);
        if (groups == null) {
            return null;
        }
        Cgroup group = null;
        try {
            group = make(groups);
            group.limit(limits);
            return group;
        } catch (IOException e) {
            left(group);
            log.warn("no control group could be made", e);
            missing.add("confinement cgroup: " + e.getMessage());
            return null;
        }
    }

    /** Under the lock, so that {@link #close} comes before, and there is none, or after, and removes it. */
    private Cgroup make(Cgroups groups) throws IOException {
        lock.lock();
        try {
            requireOpen();
            return groups.make(numbers.incrementAndGet());
        } finally {
            lock.unlock();
        }
    }

    private void missingLimit(
            String key, @Nullable Number limit, String controller, @Nullable Cgroups groups, List<String> missing) {
        if (limit != null) {
            String obstacle = groups == null ? probe().finding(Kind.CGROUP) : groups.obstacle(controller);
            if (obstacle != null) {
                missing.add(key + ": " + obstacle);
            }
        }
    }

    /** Runs a start on the right thread: the calling one, or the one that lives as long as the launcher. */
    <T> T start(Enclosure enclosure, Supplier<T> start) {
        boolean started = false;
        try {
            T result = enclosure.diesWithItsThread() ? startOnThread(start) : start.get();
            started = true;
            return result;
        } catch (RejectedExecutionException | CancellationException e) {
            throw new HotPlexException(ErrorCode.ENGINE_CLOSED, "the launcher is closed", e);
        } finally {
            if (!started) {
                left(enclosure.cgroup());
            }
        }
    }

    private <T> T startOnThread(Supplier<T> start) {
        AtomicBoolean decided = new AtomicBoolean();
        return await(
                thread().submit(() -> {
                    if (!decided.compareAndSet(false, true)) {
                        throw new CancellationException("nobody waits for it any more");
                    }
                    return start.get();
                }),
                decided);
    }

    /**
     * Also when interrupted: a start that nobody waits for would be a process that nobody knows. So one that has begun
     * is waited for, as on any other thread; one that has not is given up after a time.
     *
     * @param decided set by whoever comes first, the start or who gives it up
     */
    private static <T> T await(Future<T> start, AtomicBoolean decided) {
        boolean interrupted = false;
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(QUEUE_LIMIT_SECONDS);
        try {
            while (true) {
                try {
                    return decided.get() ? start.get() : start.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (TimeoutException e) {
                    if (decided.compareAndSet(false, true)) {
                        throw new HotPlexException(
                                ErrorCode.AGENT_START_FAILED,
                                "the thread that starts confined agents did not come to it within "
                                        + QUEUE_LIMIT_SECONDS + " s: an earlier start hangs");
                    }
                } catch (ExecutionException e) {
                    if (e.getCause() instanceof RuntimeException known) {
                        throw known;
                    }
                    throw new HotPlexException(ErrorCode.AGENT_START_FAILED, "the start failed", e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** The process is gone: kills what is left in its control group, and removes it as soon as that is possible. */
    void left(@Nullable Cgroup group) {
        if (group != null) {
            group.kill();
            remove(group, REMOVE_ATTEMPTS);
        }
    }

    private void remove(Cgroup group, int attempts) {
        if (group.remove()) {
            return;
        }
        if (attempts == 0) {
            log.warn("control group {} cannot be removed: something in it does not end", group.path());
            return;
        }
        try {
            var unused =
                    thread().schedule(() -> remove(group, attempts - 1), REMOVE_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            log.debug(
                    "the launcher is closed, which has removed control group {}, or the next engine does",
                    group.path());
        }
    }

    /** @throws HotPlexException ENGINE_CLOSED */
    private ConfinementProbe probe() {
        lock.lock();
        try {
            requireOpen();
            if (probe == null) {
                probe = trials.get();
            }
            return probe;
        } finally {
            lock.unlock();
        }
    }

    private Prelude shell() {
        lock.lock();
        try {
            requireOpen();
            if (shell == null) {
                shell = shellTrial.get();
            }
            return shell;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void requireOpen() {
        if (closed) {
            throw new HotPlexException(ErrorCode.ENGINE_CLOSED, "the launcher is closed");
        }
    }

    /** @throws RejectedExecutionException when it has ended: there is no other after it */
    private ScheduledThreadPoolExecutor thread() {
        lock.lock();
        try {
            if (closed) {
                throw new RejectedExecutionException("the launcher is closed");
            }
            if (thread == null) {
                thread = new ScheduledThreadPoolExecutor(1, task -> {
                    Thread made = new Thread(task, "hotplex-launcher");
                    made.setDaemon(true);
                    return made;
                });
            }
            return thread;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends the thread and removes the control groups. When no process is left. Whoever waits for the thread is told
     * that the launcher is closed.
     */
    @Override
    public void close() {
        Cgroups groups;
        List<Runnable> waiting;
        lock.lock();
        try {
            closed = true;
            groups = probe == null ? null : probe.cgroups();
            waiting = thread == null ? List.of() : thread.shutdownNow();
        } finally {
            lock.unlock();
        }
        // the executor forgets what it has not run, and would leave those who wait for it waiting
        waiting.forEach(task -> ((Future<?>) task).cancel(false));
        if (groups != null) {
            removeAll(new Cgroup(groups.base()));
        }
    }

    private static void removeAll(Cgroup base) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(CLOSE_LIMIT_SECONDS);
        base.kill();
        while (!base.remove()) {
            if (System.nanoTime() - deadline >= 0 || Thread.currentThread().isInterrupted()) {
                log.info("control group {} cannot be removed yet; the next engine does it", base.path());
                return;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(REMOVE_AGAIN_MILLIS));
        }
    }
}
