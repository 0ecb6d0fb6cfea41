package io.hotplex.benchmarks;

import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessSpec;
import io.hotplex.os.OsLaunchers;
import io.hotplex.testkit.LeakChecks;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * What does it take to start a process, and to end a tree of them?
 *
 * <p>From the launch of {@code cat} to its first echo, in blocks that take turns: both launchers, a plain
 * {@link ProcessBuilder}, and a program in C that calls {@code posix_spawn} with the same pipes and a session of its
 * own, with and without the shell that sets the limit by which descendants are found. The program is compiled when the
 * benchmark runs; without a C compiler its rows are left out. Then from the kill of a tree of seven to the told exit,
 * which comes when nothing of the tree is left; a {@link Process} is told when its leader is dead, and leaves the rest.
 */
final class ProcessStart implements Benchmark {
    private static final byte[] LINE = {'x', '\n'};
    private static final int BLOCK = 20;
    private static final double GOAL = 1.3;

    private static final String[] CAT = {"/bin/cat"};
    /** As the launcher does it. */
    private static final String[] LIMITED_CAT = {"/bin/sh", "-c", "ulimit -S -w 123456789; exec /bin/cat"};

    private static final String PROGRAM = """
            #define _GNU_SOURCE
            #include <fcntl.h>
            #include <signal.h>
            #include <spawn.h>
            #include <stdio.h>
            #include <stdlib.h>
            #include <sys/wait.h>
            #include <time.h>
            #include <unistd.h>
            extern char **environ;
            int main(int argc, char **argv) {
              for (int i = atoi(argv[1]); i > 0; i--) {
                struct timespec begun, ended;
                clock_gettime(CLOCK_MONOTONIC, &begun);
                int in[2], out[2], err[2];
                if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) return 1;
                posix_spawn_file_actions_t actions;
                posix_spawnattr_t attributes;
                posix_spawn_file_actions_init(&actions);
                posix_spawn_file_actions_adddup2(&actions, in[0], 0);
                posix_spawn_file_actions_adddup2(&actions, out[1], 1);
                posix_spawn_file_actions_adddup2(&actions, err[1], 2);
                posix_spawnattr_init(&attributes);
                posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
                pid_t pid;
                if (posix_spawn(&pid, argv[2], &actions, &attributes, argv + 2, environ)) return 1;
                close(in[0]); close(out[1]); close(err[1]);
                char line[2];
                if (write(in[1], "x\\n", 2) != 2 || read(out[0], line, 2) != 2) return 1;
                clock_gettime(CLOCK_MONOTONIC, &ended);
                printf("%ld\\n", (ended.tv_sec - begun.tv_sec) * 1000000000L + ended.tv_nsec - begun.tv_nsec);
                kill(-pid, SIGKILL);
                waitpid(pid, NULL, 0);
                close(in[1]); close(out[0]); close(err[0]);
                posix_spawn_file_actions_destroy(&actions);
                posix_spawnattr_destroy(&attributes);
              }
              return 0;
            }
            """;

    @Override
    public String name() {
        return "process-start";
    }

    @Override
    public String question() {
        return "what does it take to start a process, and to end a tree of them?";
    }

    @Override
    public List<Result> run(Options options) throws Exception {
        List<Result> results = new ArrayList<>();
        try (Scratch scratch = new Scratch();
                ProcessLauncher posix = new OsLaunchers().open(LauncherConfig.DEFAULT);
                ProcessLauncher portable = new OsLaunchers()
                        .open(LauncherConfig.builder().kind("portable").build())) {
            starts(options.quick() ? 1 : 20, scratch.root(), posix, portable, results);
            int trees = options.quick() ? 2 : 200;
            results.add(trees("tree of 7, kill to exit told", posix, scratch.root(), trees));
            results.add(trees("tree of 7, kill to exit told, portable", portable, scratch.root(), trees));
        }
        return results;
    }

    private static void starts(
            int blocks, Path dir, ProcessLauncher posix, ProcessLauncher portable, List<Result> results)
            throws Exception {
        Path program = compile(dir);
        Samples ours = new Samples();
        Samples portably = new Samples();
        Samples plain = new Samples();
        Samples bare = new Samples();
        Samples limited = new Samples();
        for (int block = -blocks / 5 - 1; block < blocks; block++) {
            if (block == 0) {
                List.of(ours, portably, plain, bare, limited).forEach(Samples::clear);
            }
            for (int i = 0; i < BLOCK; i++) {
                launch(posix, dir, ours);
            }
            for (int i = 0; i < BLOCK; i++) {
                plain(dir, plain);
            }
            for (int i = 0; i < BLOCK; i++) {
                launch(portable, dir, portably);
            }
            if (program != null) {
                inC(program, CAT, bare);
                inC(program, LIMITED_CAT, limited);
            }
        }
        if (program != null) {
            double ratio = ours.p50() / bare.p50();
            String text = String.format(Locale.ROOT, "<= %.1f x posix_spawn in C", GOAL);
            results.add(result("launch to first echo, in C", ours, bare, new Result.Goal(text, ratio <= GOAL)));
            results.add(result("the same in C, with the shell", ours, limited, null));
            results.add(result("(C with the shell, against C)", limited, bare, null));
        }
        results.add(result("launch to first echo, ProcessBuilder", ours, plain, null));
        results.add(result("portable, ProcessBuilder", portably, plain, null));
    }

    private static void launch(ProcessLauncher launcher, Path dir, Samples into) throws Exception {
        EndListener told = new EndListener();
        long begun = System.nanoTime();
        AgentProcess process = launcher.launch(new ProcessSpec("start", List.of(CAT), dir, List.of(), Map.of()), told);
        process.write(LINE);
        into.add(told.first() - begun);
        process.terminate(Duration.ZERO, Duration.ZERO);
        told.exit();
    }

    private static void plain(Path dir, Samples into) throws Exception {
        long begun = System.nanoTime();
        Process process = new ProcessBuilder(CAT).directory(dir.toFile()).start();
        process.getOutputStream().write(LINE);
        process.getOutputStream().flush();
        if (process.getInputStream().read() != 'x') {
            throw new IOException("cat did not answer");
        }
        into.add(System.nanoTime() - begun);
        process.destroyForcibly().waitFor();
    }

    private static void inC(Path program, String[] command, Samples into) throws Exception {
        List<String> all = new ArrayList<>(List.of(program.toString(), Integer.toString(BLOCK)));
        all.addAll(List.of(command));
        Process process = new ProcessBuilder(all).start();
        try (BufferedReader out = process.inputReader(StandardCharsets.US_ASCII)) {
            out.lines().forEach(line -> into.add(Long.parseLong(line)));
        }
        if (process.waitFor() != 0) {
            throw new IOException("the program in C failed");
        }
    }

    /** @return {@code null} without a C compiler */
    private static @Nullable Path compile(Path dir) throws Exception {
        Path source = Files.writeString(dir.resolve("spawn.c"), PROGRAM);
        Path program = dir.resolve("spawn");
        try {
            Process cc = new ProcessBuilder("cc", "-O2", "-o", program.toString(), source.toString())
                    .inheritIO()
                    .start();
            if (cc.waitFor() != 0) {
                throw new IllegalStateException("the program in C cannot be compiled");
            }
            return program;
        } catch (IOException e) {
            return null;
        }
    }

    private static Result trees(String measure, ProcessLauncher launcher, Path dir, int rounds) throws Exception {
        Samples ours = new Samples();
        Samples plain = new Samples();
        int left = 0;
        int leftPlain = 0;
        for (int i = -rounds / 10 - 1; i < rounds; i++) {
            if (i == 0) {
                ours.clear();
                plain.clear();
                left = 0;
                leftPlain = 0;
            }
            String tag = "8" + ThreadLocalRandom.current().nextLong(100_000_000L, 1_000_000_000L);
            EndListener told = new EndListener();
            AgentProcess process = launcher.launch(new ProcessSpec("tree", tree(tag), dir, List.of(), Map.of()), told);
            told.first();
            long killed = System.nanoTime();
            process.terminate(Duration.ZERO, Duration.ZERO);
            ours.add(told.exit() - killed);
            left += survivors(tag);

            tag += "1";
            Process bare = new ProcessBuilder(tree(tag)).start();
            bare.getInputStream().read();
            killed = System.nanoTime();
            bare.destroyForcibly().waitFor();
            plain.add(System.nanoTime() - killed);
            leftPlain += survivors(tag);
        }
        return new Result(
                measure,
                "us",
                ours.p50(),
                plain.p50(),
                new Result.Goal("no survivors", left == 0),
                Map.of(
                        "p99",
                        ours.p99(),
                        "baselineP99",
                        plain.p99(),
                        "survivors",
                        left,
                        "baselineSurvivors",
                        leftPlain,
                        "rounds",
                        ours.count()));
    }

    /** Ordinary children, a deaf one, and three that leave: a session, an orphan, one with an empty environment. */
    private static List<String> tree(String tag) {
        String script = "sleep T & sh -c \"trap '' TERM; sleep T; :\" & (setsid sleep T &); (sleep T &);"
                + " (setsid env -i /bin/sleep T &); echo up; read x";
        return List.of("/bin/sh", "-c", script.replace(" T", " " + tag));
    }

    /** Counts what is left, and ends it. */
    private static int survivors(String tag) {
        List<Long> left = LeakChecks.processesMarked(tag);
        left.forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
        return left.size();
    }

    private static Result result(String measure, Samples ours, Samples other, Result.@Nullable Goal goal) {
        return new Result(
                measure,
                "us",
                ours.p50(),
                other.p50(),
                goal,
                Map.of("p99", ours.p99(), "baselineP99", other.p99(), "rounds", ours.count()));
    }
}
