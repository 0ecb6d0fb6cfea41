package io.hotplex.benchmarks;

import io.hotplex.api.Confinement;
import io.hotplex.api.Confinement.Kind;
import io.hotplex.api.ResourceLimits;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.Isolation;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessSpec;
import io.hotplex.os.OsLaunchers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What does each confinement cost at the start of a process?
 *
 * <p>From the launch of {@code cat} to its first echo, and from the kill to the told exit; confined and not confined in
 * turns. Nothing else of an agent's start is in it, which takes hundreds of times as long.
 */
final class ConfinedStart implements Benchmark {
    private static final byte[] LINE = {'x', '\n'};

    @Override
    public String name() {
        return "confined-start";
    }

    @Override
    public String question() {
        return "what does each confinement cost at the start of a process?";
    }

    @Override
    public List<Result> run(Options options) throws Exception {
        int rounds = options.quick() ? 3 : 300;
        List<Result> results = new ArrayList<>();
        try (Scratch scratch = new Scratch();
                ProcessLauncher launcher = new OsLaunchers().open(LauncherConfig.DEFAULT)) {
            Map<String, Isolation> ways = ways(launcher);
            Isolation plain = Isolation.NONE;
            Path dir = scratch.root();
            for (Map.Entry<String, Isolation> way : ways.entrySet()) {
                Pair confined = new Pair();
                Pair bare = new Pair();
                for (int i = -rounds / 10 - 1; i < rounds; i++) {
                    if (i == 0) {
                        confined.clear();
                        bare.clear();
                    }
                    measure(launcher, dir, way.getValue(), confined);
                    measure(launcher, dir, plain, bare);
                }
                results.add(result("launch to first echo, " + way.getKey(), confined.start, bare.start));
                results.add(result("kill to exit told, " + way.getKey(), confined.end, bare.end));
            }
        }
        return results;
    }

    private static Map<String, Isolation> ways(ProcessLauncher launcher) {
        Map<String, Isolation> ways = new LinkedHashMap<>();
        for (ProcessLauncher.Probe probe : launcher.confinements()) {
            for (Kind kind : Kind.values()) {
                if (probe.ok() && kind.key().equals(probe.name())) {
                    ways.put(
                            probe.name(),
                            new Isolation(Confinement.of(kind), ResourceLimits.NONE, List.of(), List.of()));
                }
            }
        }
        ways.put(
                "limits alone",
                new Isolation(
                        Confinement.NONE,
                        ResourceLimits.builder().openFiles(1024).coreBytes(0L).build(),
                        List.of(),
                        List.of()));
        return ways;
    }

    private static void measure(ProcessLauncher launcher, Path dir, Isolation isolation, Pair into) throws Exception {
        EndListener echo = new EndListener();
        long begun = System.nanoTime();
        AgentProcess process = launcher.launch(
                new ProcessSpec("confined-start", List.of("/bin/cat"), dir, List.of(), Map.of(), isolation), echo);
        process.write(LINE);
        into.start.add(echo.first() - begun);
        long killed = System.nanoTime();
        process.terminate(Duration.ZERO, Duration.ZERO);
        into.end.add(echo.exit() - killed);
    }

    private static Result result(String measure, Samples confined, Samples bare) {
        return new Result(
                measure,
                "us",
                confined.p50(),
                bare.p50(),
                null,
                Map.of("p99", confined.p99(), "baselineP99", bare.p99(), "rounds", confined.count()));
    }

    /** Starts and ends of one kind. */
    private static final class Pair {
        private final Samples start = new Samples();
        private final Samples end = new Samples();

        void clear() {
            start.clear();
            end.clear();
        }
    }
}
