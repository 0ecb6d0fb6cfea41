package io.hotplex.os;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessListener;
import io.hotplex.api.spi.ProcessSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Starts processes with {@code posix_spawn} and serves their pipes on {@link IoLoop}s; a process stays on its loop.
 *
 * <p>Threading: immutable but for a flag; the state of a process belongs to its loop.
 */
final class PosixLauncher implements ProcessLauncher {
    /** Where the guardian finds grep and sleep. */
    static final String GUARDIAN_PATH = "/usr/bin:/bin";
    /** As long as a loop waits for its processes. */
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(3);

    private static final AtomicInteger LOOP_NUMBERS = new AtomicInteger();

    private final LauncherConfig config;
    private final Capabilities capabilities;
    private final ChildEnvironment environment;
    private final Run run;
    private final List<IoLoop> loops = new ArrayList<>();
    private final Confiner confiner;
    private volatile boolean closed;

    /**
     * What this launcher is given by the machine.
     *
     * @param probes how that was found out
     * @param selector makes the selector of a loop
     * @param pidfd whether ends of processes are told by descriptors
     */
    record Capabilities(List<Probe> probes, Supplier<IoSelector> selector, boolean pidfd) {}

    private PosixLauncher(LauncherConfig config, Capabilities capabilities, ChildEnvironment environment) {
        this.config = config;
        this.capabilities = capabilities;
        this.environment = environment;
        this.run = new Run(config, true, capabilities.pidfd(), group -> LibC.kill(-group, LibC.SIGKILL));
        this.confiner = new Confiner(config.cgroupParent());
    }

    static PosixLauncher open(LauncherConfig config, Capabilities capabilities, ChildEnvironment environment) {
        PosixLauncher launcher = new PosixLauncher(config, capabilities, environment);
        try {
            for (int i = 0; i < config.ioThreads(); i++) {
                launcher.loops.add(IoLoop.open(
                        "hotplex-io-" + LOOP_NUMBERS.incrementAndGet(),
                        capabilities.selector().get()));
            }
            launcher.guard();
            return launcher;
        } catch (RuntimeException e) {
            launcher.close();
            throw e;
        }
    }

    private void guard() {
        IoLoop loop = loops.get(0);
        run.guard(this::startGuardian, loop, loop::execute, Guardian.WAIT);
    }

    /** On the loop's thread. */
    private AgentProcess startGuardian(List<String> command, ProcessListener listener) {
        Path root = Path.of("/");
        StartPlan plan = new StartPlan(Path.of(command.get(0)), command, root, Map.of("PATH", GUARDIAN_PATH));
        PosixSpawn.Child pipes = PosixSpawn.start(plan);
        int pidfd = capabilities.pidfd() ? LinuxLibC.pidfdOpen(pipes.pid()) : -1;
        PosixProcess guardian = new PosixProcess(
                "guardian", loops.get(0), null, pipes, pidfd, Enclosure.none(plan), confiner, config, listener);
        guardian.start();
        return guardian;
    }

    @Override
    public Info info() {
        return new Info(
                "posix-spawn",
                Stream.concat(capabilities.probes().stream(), run.probes().stream())
                        .toList());
    }

    @Override
    public List<Probe> confinements() {
        return confiner.probes();
    }

    @Override
    public AgentProcess launch(ProcessSpec spec, ProcessListener listener) {
        if (closed) {
            throw closed(spec);
        }
        Map<String, String> variables = environment.of(spec);
        long number = run.nextNumber();
        variables.put(run.marker().variable(), Long.toString(number));
        Enclosure enclosure = confiner.enclose(StartPlan.of(spec, variables), spec);
        StartPlan plan = run.marked(enclosure.plan(), number);
        PosixSpawn.Child pipes = confiner.start(enclosure, () -> PosixSpawn.start(plan));
        Run.Child child = run.started(number, pipes.pid());
        int pidfd = capabilities.pidfd() ? LinuxLibC.pidfdOpen(pipes.pid()) : -1;
        IoLoop loop = loops.get((int) (number % loops.size()));
        PosixProcess process =
                new PosixProcess(spec.label(), loop, child, pipes, pidfd, enclosure, confiner, config, listener);
        if (!loop.execute(process::start)) {
            process.discard();
            throw closed(spec);
        }
        return process;
    }

    @Override
    public boolean endLeftBehind(String identity) {
        return run.endLeftBehind(identity);
    }

    @Override
    public void close() {
        closed = true;
        loops.forEach(IoLoop::close);
        run.end(CLOSE_LIMIT);
        loops.forEach(IoLoop::awaitEnd);
        run.close();
        confiner.close();
    }

    private static HotPlexException closed(ProcessSpec spec) {
        return new HotPlexException(ErrorCode.ENGINE_CLOSED, spec.label() + ": the launcher is closed");
    }
}
