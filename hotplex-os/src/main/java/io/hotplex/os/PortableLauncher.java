package io.hotplex.os;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessListener;
import io.hotplex.api.spi.ProcessSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Starts processes with {@link ProcessBuilder} and serves each with three platform threads: for systems without the
 * functions that {@link PosixLauncher} needs. (Virtual threads would not do: a read of a process's pipe pins its
 * carrier.) Thread-safe: immutable but for a counter; processes belong to the control thread.
 */
final class PortableLauncher implements ProcessLauncher {
    /** The children have ended by then, or will not. */
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(1);

    private final LauncherConfig config;
    private final PortableGroup group;
    private final List<Probe> probes;
    private final ChildEnvironment environment;
    private final Run run;
    private final ThreadedProcesses processes;
    private final Confiner confiner;

    private PortableLauncher(
            LauncherConfig config, PortableGroup group, List<Probe> probes, ChildEnvironment environment) {
        this.config = config;
        this.group = group;
        this.probes = List.copyOf(probes);
        this.environment = environment;
        this.run = new Run(config, false, false, group::killStale);
        this.confiner = new Confiner(config.cgroupParent());
        this.processes = new ThreadedProcesses(children -> group.kill(children.stream()
                .map(child -> ((PortableChild) child).process()) // what this launcher has added
                .toList()));
    }

    /** @param probes why it is this launcher */
    static PortableLauncher open(LauncherConfig config, List<Probe> probes, ChildEnvironment environment) {
        return open(config, PortableGroup.find(), probes, environment);
    }

    static PortableLauncher open(
            LauncherConfig config, PortableGroup group, List<Probe> probes, ChildEnvironment environment) {
        List<Probe> all = new ArrayList<>(probes);
        all.add(group.probe());
        PortableLauncher launcher = new PortableLauncher(config, group, all, environment);
        launcher.run.guard(launcher::startGuardian, launcher.processes, launcher.processes::execute, Guardian.WAIT);
        return launcher;
    }

    /** On the control thread. The guardian is not among the processes that end with the launcher. */
    private AgentProcess startGuardian(List<String> command, ProcessListener listener) {
        Path root = Path.of("/");
        StartPlan plan =
                new StartPlan(Path.of(command.get(0)), command, root, Map.of("PATH", PosixLauncher.GUARDIAN_PATH));
        ProcessBuilder builder = new ProcessBuilder(group.wrap(plan.command())).directory(root.toFile());
        builder.environment().clear();
        builder.environment().putAll(plan.environment());
        try {
            PortableChild child = new PortableChild(builder.start(), group, null, Enclosure.none(plan), confiner);
            ThreadedProcess guardian = new ThreadedProcess(processes, "guardian", child, config, listener);
            guardian.start();
            return guardian;
        } catch (IOException e) {
            throw new HotPlexException(ErrorCode.AGENT_START_FAILED, "cannot start the guardian", e);
        }
    }

    @Override
    public Info info() {
        return new Info(
                "portable",
                Stream.concat(probes.stream(), run.probes().stream()).toList());
    }

    @Override
    public List<Probe> confinements() {
        return confiner.probes();
    }

    @Override
    public AgentProcess launch(ProcessSpec spec, ProcessListener listener) {
        if (processes.isClosed()) {
            throw closed(spec);
        }
        Map<String, String> variables = environment.of(spec);
        long number = run.nextNumber();
        variables.put(run.marker().variable(), Long.toString(number));
        Enclosure enclosure = confiner.enclose(StartPlan.of(spec, variables), spec);
        Process started = confiner.start(enclosure, () -> start(run.marked(enclosure.plan(), number)));
        PortableChild child =
                new PortableChild(started, group, run.started(number, started.pid()), enclosure, confiner);
        ThreadedProcess process = new ThreadedProcess(processes, spec.label(), child, config, listener);
        if (!processes.add(process)) {
            child.discard();
            throw closed(spec);
        }
        return process;
    }

    private Process start(StartPlan plan) {
        ProcessBuilder builder = new ProcessBuilder(group.wrap(plan.absoluteCommand()))
                .directory(plan.workDir().toFile());
        builder.environment().clear();
        builder.environment().putAll(plan.environment());
        try {
            return builder.start();
        } catch (IOException e) {
            throw new HotPlexException(ErrorCode.AGENT_START_FAILED, "cannot start " + plan.program(), e);
        }
    }

    @Override
    public boolean endLeftBehind(String identity) {
        return run.endLeftBehind(identity);
    }

    @Override
    public void close() {
        processes.close(() -> run.end(CLOSE_LIMIT));
        run.close();
        confiner.close();
    }

    private static HotPlexException closed(ProcessSpec spec) {
        return new HotPlexException(ErrorCode.ENGINE_CLOSED, spec.label() + ": the launcher is closed");
    }
}
