package io.hotplex.os;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessListener;
import io.hotplex.api.spi.ProcessSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts processes with {@link ProcessBuilder} and serves each with three platform threads: for systems without the
 * functions that {@link PosixLauncher} needs. (Virtual threads would not do: a read of a process's pipe pins its
 * carrier.)
 *
 * <p>Threading: the set of processes, their states and their timers are confined to one control thread.
 */
final class PortableLauncher implements ProcessLauncher, Timers {
    private static final Logger log = LoggerFactory.getLogger(PortableLauncher.class);
    private static final AtomicInteger NUMBERS = new AtomicInteger();
    /** Listeners run on such a thread. */
    private static final long STACK_BYTES = 256 << 10;

    private static final long CLOSE_LIMIT_SECONDS = 3;

    private final LauncherConfig config;
    private final PortableGroup group;
    private final List<Probe> probes;
    private final ChildEnvironment environment;
    private final RunMarker marker = RunMarker.random();
    private final AtomicLong children = new AtomicLong();
    private final ScheduledThreadPoolExecutor control;
    private final CountDownLatch allEnded = new CountDownLatch(1);
    private final Set<PortableProcess> processes = new LinkedHashSet<>();
    private boolean closing;

    private PortableLauncher(
            LauncherConfig config, PortableGroup group, List<Probe> probes, ChildEnvironment environment) {
        this.config = config;
        this.group = group;
        this.probes = List.copyOf(probes);
        this.environment = environment;
        String name = "hotplex-io-control-" + NUMBERS.incrementAndGet();
        control = new ScheduledThreadPoolExecutor(1, task -> newThread(name, task));
        control.setRemoveOnCancelPolicy(true);
        control.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /** @param probes why it is this launcher */
    static PortableLauncher open(LauncherConfig config, List<Probe> probes, ChildEnvironment environment) {
        return open(config, PortableGroup.find(), probes, environment);
    }

    static PortableLauncher open(
            LauncherConfig config, PortableGroup group, List<Probe> probes, ChildEnvironment environment) {
        List<Probe> all = new ArrayList<>(probes);
        all.add(group.probe());
        return new PortableLauncher(config, group, all, environment);
    }

    @Override
    public Info info() {
        return new Info("portable", probes);
    }

    @Override
    public AgentProcess launch(ProcessSpec spec, ProcessListener listener) {
        if (control.isShutdown()) {
            throw closed(spec);
        }
        Map<String, String> variables = environment.of(spec);
        variables.put(marker.variable(), Long.toString(children.incrementAndGet()));
        Process started = start(StartPlan.of(spec, variables));
        PortableProcess process = new PortableProcess(this, spec.label(), started, group, config, listener);
        if (!execute(() -> add(process))) {
            group.kill(List.of(started));
            throw closed(spec);
        }
        return process;
    }

    private Process start(StartPlan plan) {
        List<String> command = new ArrayList<>(plan.command());
        command.set(0, plan.program().toString());
        ProcessBuilder builder =
                new ProcessBuilder(group.wrap(command)).directory(plan.workDir().toFile());
        builder.environment().clear();
        builder.environment().putAll(plan.environment());
        try {
            return builder.start();
        } catch (IOException e) {
            throw new HotPlexException(ErrorCode.AGENT_START_FAILED, "cannot start " + plan.program(), e);
        }
    }

    private void add(PortableProcess process) {
        processes.add(process);
        process.start();
        if (closing) {
            process.kill();
        }
    }

    /** Ends what a leader that has ended left of its group. On the control thread. */
    void killRest(Process leader) {
        if (!closing) { // else all groups were killed in one go
            group.kill(List.of(leader));
        }
    }

    /** On the control thread. */
    void remove(PortableProcess process) {
        processes.remove(process);
        countDownWhenEnded();
    }

    private void countDownWhenEnded() {
        if (closing && processes.isEmpty()) {
            allEnded.countDown();
        }
    }

    /**
     * Runs a task on the control thread. From any thread.
     *
     * @return {@code false} when the launcher is closed; the task will not run
     */
    boolean execute(Runnable task) {
        try {
            control.execute(() -> guarded(task));
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public Runnable at(long nanoTime, Runnable task) {
        Future<?> timer =
                control.schedule(() -> guarded(task), Math.max(0, nanoTime - nanoTime()), TimeUnit.NANOSECONDS);
        return () -> timer.cancel(false);
    }

    /** Starts a daemon thread. */
    void thread(String name, Runnable task) {
        newThread(name, task).start();
    }

    @Override
    public void close() {
        boolean first = execute(() -> {
            closing = true;
            group.kill(processes.stream().map(PortableProcess::process).toList());
            countDownWhenEnded();
        });
        if (!first) {
            return;
        }
        try {
            if (!allEnded.await(CLOSE_LIMIT_SECONDS, TimeUnit.SECONDS)) {
                execute(() -> List.copyOf(processes).forEach(PortableProcess::abandon));
            }
            control.shutdown();
            if (!control.awaitTermination(CLOSE_LIMIT_SECONDS, TimeUnit.SECONDS)) {
                log.warn("the control thread did not end; a process listener blocks it");
            }
        } catch (InterruptedException e) {
            control.shutdown();
            Thread.currentThread().interrupt();
        }
    }

    private static Thread newThread(String name, Runnable task) {
        Thread thread = new Thread(null, task, name, STACK_BYTES);
        thread.setDaemon(true);
        return thread;
    }

    private static void guarded(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) { // a defect in the handling of one process must not spoil the others
            log.error("process control task failed", e);
        }
    }

    private static HotPlexException closed(ProcessSpec spec) {
        return new HotPlexException(ErrorCode.ENGINE_CLOSED, spec.label() + ": the launcher is closed");
    }
}
