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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
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
 * ends with the launcher, after all processes. It also removes control groups, which have to be empty for that.
 */
final class Confiner implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Confiner.class);
    private static final long REMOVE_AGAIN_MILLIS = 20;
    /**
     * Killed processes are gone after milliseconds; what takes so long hangs in the kernel, and is left to the next.
     */
    private static final int REMOVE_ATTEMPTS = 250;

    private static final long CLOSE_LIMIT_SECONDS = 2;
    /** What takes the place of a means that does not work, best first. A sandbox takes nobody's: it hides files. */
    private static final List<Kind> STAND_INS = List.of(Kind.PID_NAMESPACE, Kind.CGROUP);

    private final @Nullable Path cgroupParent;
    private final AtomicLong numbers = new AtomicLong();
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private @Nullable ConfinementProbe probe;

    @GuardedBy("lock")
    private @Nullable ScheduledThreadPoolExecutor thread;

    Confiner(@Nullable Path cgroupParent) {
        this.cgroupParent = cgroupParent;
    }

    /** What there is; blocks for the trials the first time. */
    List<Probe> probes() {
        return probe().probes();
    }

    /**
     * Makes what a process is kept in. Whoever does not start it then has to call {@link #left}.
     *
     * @throws HotPlexException CONFINEMENT_UNAVAILABLE when it is strict and something is missing
     */
    Enclosure enclose(StartPlan plan, ProcessSpec spec) {
        Isolation isolation = spec.isolation();
        Kind wanted = isolation.confinement().kind();
        if (wanted == Kind.NONE && isolation.limits().equals(ResourceLimits.NONE)) {
            return Enclosure.none(plan);
        }
        List<String> missing = new ArrayList<>();
        Kind kind = choose(wanted, missing);
        if (!isolation.confinement().network() && kind != Kind.BUBBLEWRAP) {
            missing.add("without bubblewrap the network cannot be taken away");
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
        if (isolation.confinement().strict() && !missing.isEmpty()) {
            left(group);
            throw new HotPlexException(
                    ErrorCode.CONFINEMENT_UNAVAILABLE, spec.label() + ": " + String.join("; ", missing));
        }
        StartPlan confined = wrap(kind, plan, isolation);
        return new Enclosure(
                Prelude.before(confined, group, isolation.limits()), new Isolation.Applied(kind, missing), group);
    }

    private Kind choose(Kind wanted, List<String> missing) {
        if (wanted == Kind.NONE || probe().has(wanted)) {
            return wanted;
        }
        missing.add("confinement " + wanted.key() + ": " + probe().finding(wanted));
        return STAND_INS.stream().filter(kind -> probe().has(kind)).findFirst().orElse(Kind.NONE);
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
            group = groups.make(numbers.incrementAndGet());
            group.limit(limits);
            return group;
        } catch (IOException e) {
            left(group);
            log.warn("no control group could be made", e);
            missing.add("confinement cgroup: " + e.getMessage());
            return null;
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
            T result = enclosure.diesWithItsThread() ? await(thread().submit(start::get)) : start.get();
            started = true;
            return result;
        } catch (RejectedExecutionException e) {
            throw new HotPlexException(ErrorCode.ENGINE_CLOSED, "the launcher is closed", e);
        } finally {
            if (!started) {
                left(enclosure.cgroup());
            }
        }
    }

    /** Also when interrupted: a start that nobody waits for would be a process that nobody knows. It takes little. */
    private static <T> T await(Future<T> start) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return start.get();
                } catch (InterruptedException e) {
                    interrupted = true;
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
            remove(group, REMOVE_ATTEMPTS, new CompletableFuture<>());
        }
    }

    private void remove(Cgroup group, int attempts, CompletableFuture<Boolean> done) {
        if (group.remove()) {
            done.complete(true);
        } else if (attempts == 0) {
            log.warn("control group {} cannot be removed: something in it does not end", group.path());
            done.complete(false);
        } else {
            try {
                var unused = thread().schedule(
                                () -> remove(group, attempts - 1, done), REMOVE_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException e) {
                done.complete(false); // the launcher is closed; the next engine removes it
            }
        }
    }

    private ConfinementProbe probe() {
        lock.lock();
        try {
            if (probe == null) {
                probe = ConfinementProbe.run(
                        cgroupParent, ThreadLocalRandom.current().nextLong(1_000_000_000L));
            }
            return probe;
        } finally {
            lock.unlock();
        }
    }

    private ScheduledThreadPoolExecutor thread() {
        lock.lock();
        try {
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

    /** Ends the thread and removes the control groups. When no process is left. */
    @Override
    public void close() {
        ConfinementProbe known;
        lock.lock();
        try {
            known = probe;
        } finally {
            lock.unlock();
        }
        Cgroups groups = known == null ? null : known.cgroups();
        if (groups != null) {
            removeAll(new Cgroup(groups.base()));
        }
        lock.lock();
        try {
            if (thread != null) {
                thread.shutdownNow();
            }
        } finally {
            lock.unlock();
        }
    }

    private void removeAll(Cgroup base) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        base.kill();
        remove(base, REMOVE_ATTEMPTS, done);
        try {
            done.get(CLOSE_LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            log.info("control group {} cannot be removed yet; the next engine does it", base.path());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e); // it is never completed so
        }
    }
}
