package io.hotplex.os;

import com.sun.jna.NativeLibrary;
import io.hotplex.api.Confinement;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.ResourceLimits;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.Isolation;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessListener;
import io.hotplex.api.spi.ProcessSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Starts processes on Windows, each in a job of its own, and serves each with four platform threads: three for its
 * pipes, one that waits for its end. Thread-safe: immutable but for a counter; processes belong to the control thread.
 *
 * <p>It needs no guardian: the jobs end with the last handle to them, and the handles end with the JVM.
 */
final class JobObjectLauncher implements ProcessLauncher {
    private final LauncherConfig config;
    private final Kernel32Calls calls;
    private final List<Probe> probes;
    private final ChildEnvironment environment;
    private final RunMarker marker = RunMarker.random();
    private final AtomicLong children = new AtomicLong();
    private final ThreadedProcesses processes = new ThreadedProcesses(all -> all.forEach(ThreadedChild::kill));

    private JobObjectLauncher(
            LauncherConfig config, Kernel32Calls calls, List<Probe> probes, ChildEnvironment environment) {
        this.config = config;
        this.calls = calls;
        this.probes = List.copyOf(probes);
        this.environment = environment;
    }

    /**
     * Opens one on Windows.
     *
     * @param probes how it was found that this can work
     */
    static JobObjectLauncher open(LauncherConfig config, List<Probe> probes, ChildEnvironment environment) {
        return open(config, Kernel32.bind(NativeLibrary.getInstance("kernel32")), probes, environment);
    }

    static JobObjectLauncher open(
            LauncherConfig config, Kernel32Calls calls, List<Probe> probes, ChildEnvironment environment) {
        return new JobObjectLauncher(config, calls, probes, environment);
    }

    @Override
    public Info info() {
        return new Info("job-object", probes);
    }

    @Override
    public AgentProcess launch(ProcessSpec spec, ProcessListener listener) {
        if (processes.isClosed()) {
            throw closed(spec);
        }
        Isolation.Applied isolation = unconfined(spec);
        Map<String, String> variables = environment.of(spec);
        variables.put(marker.variable(), Long.toString(children.incrementAndGet()));
        StartPlan plan = StartPlan.of(spec, variables);
        JobChild child = new JobChild(calls, JobSpawn.start(calls, WindowsCommand.of(plan), plan), isolation);
        ThreadedProcess process = new ThreadedProcess(processes, spec.label(), child, config, listener);
        if (!processes.add(process)) {
            child.discard();
            throw closed(spec);
        }
        return process;
    }

    /**
     * What cannot be had here, which is everything that is asked for; an agent without network cannot do without it.
     */
    private static Isolation.Applied unconfined(ProcessSpec spec) {
        Confinement confinement = spec.isolation().confinement();
        List<String> missing = new ArrayList<>();
        if (confinement.kind() != Confinement.Kind.NONE) {
            missing.add("confinement " + confinement.kind().key() + ": there is none on Windows");
        }
        if (!spec.isolation().limits().equals(ResourceLimits.NONE)) {
            missing.add("limit-…: there are none on Windows");
        }
        if (!missing.isEmpty() && (confinement.strict() || !confinement.network())) {
            throw new HotPlexException(
                    ErrorCode.CONFINEMENT_UNAVAILABLE,
                    spec.label() + ": " + String.join("; ", missing)
                            + "; ask for none, or do without confinement-strict" + " and with the network");
        }
        return new Isolation.Applied(Confinement.Kind.NONE, missing);
    }

    @Override
    public void close() {
        processes.close(() -> {});
    }

    private static HotPlexException closed(ProcessSpec spec) {
        return new HotPlexException(ErrorCode.ENGINE_CLOSED, spec.label() + ": the launcher is closed");
    }
}
