package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessListener;
import io.hotplex.api.spi.ProcessSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What every launcher must do, with real processes. */
@EnabledOnOs(OS.LINUX)
@Timeout(60)
abstract class LauncherContract {
    static final LauncherConfig CONFIG = LauncherConfig.builder()
            .maxLineBytes(1000)
            .stdinQueueBytes(256 << 10)
            .stderrTailLines(3)
            .drainTimeout(Duration.ofMillis(300))
            .build();
    static final Map<String, String> SOURCE = Map.of(
            "PATH", System.getenv("PATH"),
            "HOME", "/nowhere",
            "LC_ALL", "C",
            "HOTPLEX_API_KEY", "secret",
            "HOTPLEX_123456789012", "5",
            "AWS_SECRET", "secret",
            "CLAUDE_A", "a",
            "OTHER", "o");
    private static final Duration NONE = Duration.ZERO;

    @TempDir
    Path dir;

    final List<AgentProcess> started = new ArrayList<>();
    private ProcessLauncher launcher = open(new ChildEnvironment(Map.of(), List.of()));

    abstract ProcessLauncher open(ChildEnvironment environment);

    @BeforeEach
    void openLauncher() {
        launcher.close();
        launcher = open(new ChildEnvironment(SOURCE, List.of()));
    }

    @AfterEach
    void closeLauncher() {
        launcher.close();
    }

    ProcessLauncher launcher() {
        return launcher;
    }

    AgentProcess start(Recorder recorder, String... command) {
        AgentProcess process =
                launcher.launch(new ProcessSpec("test", List.of(command), dir, List.of(), Map.of()), recorder);
        started.add(process);
        return process;
    }

    AgentProcess shell(Recorder recorder, String script) {
        return start(recorder, "sh", "-c", script);
    }

    @Test
    void handsOverLinesThenTheEndOfOutputThenTheExit() throws Exception {
        Recorder recorder = new Recorder();
        AgentProcess cat = start(recorder, "cat");

        assertThat(cat.write(bytes("one\ntwo\r\n\nla"))).isTrue();
        assertThat(cat.write(bytes("st"))).isTrue();
        cat.closeInput();

        assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(0, null));
        assertThat(recorder.calls).containsExactly("one", "two", "last", "<end>", "<exit status 0>");
        assertThat(recorder.overlaps).hasValue(0);
        assertThat(cat.write(bytes("late"))).isFalse();
    }

    @Test
    void refusesInputAboveTheLimitWhileOthersGoOn() {
        AgentProcess deaf = start(new Recorder(), "sleep", "600");
        byte[] data = new byte[10_000];
        int taken = 0;
        while (deaf.write(data) && taken < 10 << 20) {
            taken += data.length;
        }
        Recorder recorder = new Recorder();
        AgentProcess cat = start(recorder, "cat");
        cat.write(bytes("alive\n"));

        assertThat(taken).isGreaterThan(200 << 10).isLessThan(512 << 10);
        assertThat(recorder.line(1)).isEqualTo("alive");
    }

    @Test
    void writesAllQueuedInputBeforeItClosesTheInput() throws Exception {
        Recorder recorder = new Recorder();
        AgentProcess count = shell(recorder, "read start; wc -c");
        byte[] data = new byte[250 << 10];

        assertThat(count.write(data)).isTrue();
        assertThat(count.write(bytes("\n12345"))).isTrue();
        count.closeInput();

        recorder.exit();
        assertThat(recorder.lines.get(0).text().trim()).isEqualTo("5");
    }

    @Test
    void putsChildrenAndTheirChildrenIntoGroupsOfTheirOwn() throws Exception {
        List<Recorder> recorders = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            Recorder recorder = new Recorder();
            shell(recorder, "sleep 600 & echo $!; wait");
            recorders.add(recorder);
        }
        List<Long> grandchildren = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            long grandchild = Long.parseLong(recorders.get(i).line(1));
            grandchildren.add(grandchild);
            assertThat(groupOf(grandchild)).isEqualTo(started.get(i).pid());
            assertThat(groupOf(started.get(i).pid())).isEqualTo(started.get(i).pid());
        }

        started.forEach(each -> each.terminate(NONE, NONE));
        for (Recorder recorder : recorders) {
            recorder.exit();
        }
        awaitGone(grandchildren);
    }

    @Test
    void killsTheWholeGroupWhenTermIsIgnored() throws Exception {
        Recorder recorder = new Recorder();
        AgentProcess process =
                shell(recorder, "trap '' TERM; (while :; do sleep 1; done) & echo $!; while :; do sleep 1; done");
        long grandchild = Long.parseLong(recorder.line(1));

        process.terminate(Duration.ofMillis(20), Duration.ofMillis(50));

        assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(null, 9));
        awaitGone(List.of(grandchild));
    }

    @Test
    void termReachesTheGroupAndMayBeHandled() throws Exception {
        Recorder recorder = new Recorder();
        AgentProcess process =
                shell(recorder, "trap 'echo got; exit 5' TERM; echo ready; while :; do sleep 0.01; done");
        recorder.line(1);

        process.terminate(NONE, Duration.ofSeconds(20));

        assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(5, null));
        assertThat(recorder.calls).containsExactly("ready", "got", "<end>", "<exit status 5>");
    }

    @Test
    void closedInputEndsAProcessThatReadsItWithoutASignal() throws Exception {
        Recorder recorder = new Recorder();
        AgentProcess cat = start(recorder, "cat");

        cat.terminate(Duration.ofSeconds(20), Duration.ofSeconds(20));

        assertThat(recorder.exit().status().success()).isTrue();
    }

    @Test
    void aLaterShorterTerminateShortens() throws Exception {
        Recorder recorder = new Recorder();
        AgentProcess process = start(recorder, "sleep", "600");
        process.terminate(Duration.ofHours(1), Duration.ofHours(1));

        process.terminate(NONE, NONE);

        assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(null, 9));
    }

    @Test
    void exitOfTheLeaderEndsTheGroupThatHoldsItsOutput() throws Exception {
        Recorder recorder = new Recorder();
        shell(recorder, "sleep 600 & echo $!; exit 7");

        assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(7, null));
        assertThat(recorder.calls).endsWith("<end>", "<exit status 7>");
        awaitGone(List.of(Long.parseLong(recorder.line(1))));
    }

    @Test
    void whatLeftTheGroupDiesWithTheLeaderAndIsTold() throws Exception {
        Tree tree = Tree.random();
        Recorder recorder = new Recorder();
        AgentProcess process = start(recorder, tree.command().toArray(String[]::new));
        process.write(bytes("go\n"));
        tree.awaitWhole();

        process.write(bytes("end\n"));

        ProcessListener.Cleanup cleanup = recorder.cleanup();
        assertThat(tree.alive()).isEmpty();
        assertThat(recorder.calls).containsExactly("READY", "<end>", "<exit status 0>");
        assertThat(cleanup.survivorsFound()).isGreaterThanOrEqualTo(Tree.OUTSIDE);
        assertThat(cleanup.survivorsLeft()).isZero();
        assertThat(cleanup.took()).isPositive();
    }

    @Test
    void whatALauncherLeftBehindIsEndedByALaterOne() throws Exception {
        Tree doomed = Tree.random();
        Tree other = Tree.random();
        AgentProcess process = start(new Recorder(), doomed.command().toArray(String[]::new));
        AgentProcess second = start(new Recorder(), other.command().toArray(String[]::new));
        process.write(bytes("go\n"));
        second.write(bytes("go\n"));
        doomed.awaitWhole();
        other.awaitWhole();
        String identity = Objects.requireNonNull(process.identity());
        assertThat(identity).isNotEqualTo(second.identity());

        try (ProcessLauncher later = open(new ChildEnvironment(SOURCE, List.of()))) {
            assertThat(later.endLeftBehind(identity)).isTrue();
            assertThat(doomed.alive()).isEmpty();
            assertThat(other.alive()).isNotEmpty();
            assertThat(later.endLeftBehind(identity)).as("gone").isTrue();
            assertThat(later.endLeftBehind("of another version")).isTrue();
        }
    }

    @Test
    void terminateEndsTheWholeTreeAndNobodyElses() throws Exception {
        Tree doomed = Tree.random();
        Tree other = Tree.random();
        Recorder recorder = new Recorder();
        AgentProcess process = start(recorder, doomed.command().toArray(String[]::new));
        start(new Recorder(), other.command().toArray(String[]::new)).write(bytes("go\n"));
        process.write(bytes("go\n"));
        doomed.awaitWhole();
        other.awaitWhole();

        process.terminate(NONE, Duration.ofMillis(20));

        recorder.exit();
        assertThat(doomed.alive()).isEmpty();
        assertThat(other.alive()).hasSize(Tree.PROCESSES);
        launcher.close();
        other.awaitGone();
    }

    @Test
    void aProcessThatLeavesNothingTellsThatNothingWasFound() throws Exception {
        Recorder recorder = new Recorder();
        shell(recorder, "sleep 600 & exit 0"); // in the group

        ProcessListener.Cleanup cleanup = recorder.cleanup();
        assertThat(cleanup.survivorsFound()).isZero();
        assertThat(cleanup.survivorsLeft()).isZero();
    }

    @Test
    void aProcessOfTheApplicationKeepsItsExitCodeWhileAgentsEndAroundIt() throws Exception {
        List<Process> foreign = new ArrayList<>();
        List<Recorder> recorders = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            Recorder recorder = new Recorder();
            shell(recorder, "setsid sleep 600 & exit 3");
            recorders.add(recorder);
            foreign.add(new ProcessBuilder("sh", "-c", "exit " + (100 + i)).start());
        }
        for (Recorder recorder : recorders) {
            assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(3, null));
        }
        for (int i = 0; i < 30; i++) {
            assertThat(foreign.get(i).waitFor()).isEqualTo(100 + i);
        }
    }

    /** Starts a program outside of all groups that has the output of a process. */
    private static Process stranger(AgentProcess holder, String script) throws IOException {
        Process stranger =
                new ProcessBuilder("sh", "-c", "exec 3>/proc/" + holder.pid() + "/fd/1; echo ready; " + script).start();
        assertThat(stranger.inputReader().readLine()).isEqualTo("ready");
        return stranger;
    }

    @Test
    void aStrangerThatHoldsTheOutputDelaysTheExitByTheDrainTimeoutOnly() throws Exception {
        Recorder recorder = new Recorder();
        AgentProcess process = shell(recorder, "echo up; read x; printf part");
        recorder.line(1);
        Process stranger = stranger(process, "exec sleep 600");
        try {
            process.write(bytes("go\n"));

            assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(0, null));
            assertThat(recorder.calls).containsExactly("up", "part", "<end>", "<exit status 0>");
            assertThat(stranger.isAlive()).isTrue();
        } finally {
            stranger.destroyForcibly();
        }
    }

    @Test
    void aStrangerThatFloodsTheOutputIsReadNoFurtherThanAPipeIsLong() throws Exception {
        AtomicLong bytes = new AtomicLong();
        Recorder recorder = new Recorder() {
            @Override
            public void onLine(AgentLine line) {
                if (line.length() == 1) {
                    bytes.addAndGet(2);
                } else {
                    super.onLine(line);
                }
            }
        };
        AgentProcess process = shell(recorder, "echo up; read x; exit 3");
        recorder.line(1);
        Process stranger =
                stranger(process, "while kill -0 " + process.pid() + " 2>/dev/null; do :; done; exec yes >&3");
        try {
            process.reading(false);
            process.write(bytes("go\n"));

            assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(3, null));
            assertThat(bytes).hasValueLessThan((1 << 20) + (512 << 10));
        } finally {
            stranger.destroyForcibly();
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"exit 0,0,", "exit 42,42,", "kill -SEGV $$,,11", "kill -TERM $$,,15"})
    void reportsHowAProcessEnded(String script, Integer code, Integer signal) throws Exception {
        Recorder recorder = new Recorder();
        shell(recorder, script);

        assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(code, signal));
    }

    @Test
    void tellsTheEndOfOutputWhileTheProcessLives() throws Exception {
        Recorder recorder = new Recorder();
        AgentProcess process = shell(recorder, "exec >&- 2>&-; read x; exit 3");
        await().untilAsserted(() -> assertThat(recorder.calls).containsExactly("<end>"));

        process.write(bytes("go\n"));

        assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(3, null));
        assertThat(recorder.calls).containsExactly("<end>", "<exit status 3>");
    }

    @Test
    void errorOutputIsDrainedAlsoWhileNothingIsRead() throws Exception {
        Recorder recorder = new Recorder();
        AgentProcess process = shell(
                recorder,
                "read x; head -c 100000000 /dev/zero | tr '\\0' x >&2; echo >&2; echo a >&2; echo b >&2; echo out");
        process.reading(false);
        process.write(bytes("go\n"));

        List<String> tail = recorder.exit().stderrTail();
        assertThat(tail).hasSize(3).endsWith("a", "b");
        assertThat(tail.get(0)).isEqualTo("x".repeat(4096));
        assertThat(recorder.calls).containsExactly("out", "<end>", "<exit status 0>");
    }

    @Test
    void doesNotReadWhileToldNotTo() {
        Recorder stopped = new Recorder();
        AgentProcess silent = start(stopped, "cat");
        silent.reading(false);
        Recorder other = new Recorder();
        AgentProcess echo = start(other, "cat");
        echo.write(bytes("x\n"));
        other.line(1); // the request not to read has arrived
        silent.write(bytes("kept\n"));
        echo.write(bytes("y\n"));
        other.line(2);

        assertThat(stopped.lines).isEmpty();
        silent.reading(true);
        assertThat(stopped.line(1)).isEqualTo("kept");
    }

    @Test
    void aFloodArrivesWhole() throws Exception {
        Recorder recorder = new Recorder() {
            private long bytes;

            @Override
            public void onLine(AgentLine line) {
                bytes += line.length() + 1;
            }

            @Override
            public void onExit(Exit exit) {
                calls.add(Long.toString(bytes));
                super.onExit(exit);
            }
        };
        shell(recorder, "yes 'a line of a flood' | head -c 18000000");

        recorder.exit();
        assertThat(recorder.calls).startsWith("<end>", "18000000");
    }

    @Test
    void cutsLinesAtTheLimit() throws Exception {
        Recorder recorder = new Recorder();
        shell(recorder, "head -c 500000 /dev/zero | tr '\\0' x; echo; echo ok");

        recorder.exit();
        assertThat(recorder.lines).hasSize(2);
        assertThat(recorder.lines.get(0).length()).isEqualTo(1000);
        assertThat(recorder.lines.get(0).truncated()).isTrue();
        assertThat(recorder.lines.get(1).text()).isEqualTo("ok");
        assertThat(recorder.lines.get(1).truncated()).isFalse();
    }

    @Test
    void givesTheChildStandardDescriptorsOnly() throws Exception {
        Recorder recorder = new Recorder();
        start(recorder, "ls", "/proc/self/fd");

        recorder.exit();
        assertThat(recorder.calls).startsWith("0", "1", "2", "3", "<end>"); // 3 is the directory that ls reads
    }

    @Test
    void givesTheChildExactlyTheSpecifiedEnvironment() throws Exception {
        Recorder recorder = new Recorder();
        ProcessSpec spec = new ProcessSpec(
                "env", List.of("env"), dir, List.of("CLAUDE_*", "HOT*", "*_SECRE"), Map.of("SET", "s", "HOME", "/h"));
        launcher.launch(spec, recorder);

        recorder.exit();
        Map<String, String> environment = new HashMap<>();
        recorder.lines.forEach(line -> {
            String[] pair = line.text().split("=", 2);
            environment.put(pair[0], pair[1]);
        });
        assertThat(environment.keySet().removeIf(name -> name.matches("HOTPLEX_\\d{12}") && !SOURCE.containsKey(name)))
                .isTrue();
        assertThat(environment)
                .containsOnly(
                        Map.entry("PATH", SOURCE.getOrDefault("PATH", "")),
                        Map.entry("HOME", "/h"),
                        Map.entry("LC_ALL", "C"),
                        Map.entry("HOTPLEX_123456789012", "5"),
                        Map.entry("CLAUDE_A", "a"),
                        Map.entry("SET", "s"));
    }

    @Test
    void marksChildAndGrandchild() throws Exception {
        Recorder recorder = new Recorder();
        shell(recorder, "sleep 600 & echo $!; wait");
        long grandchild = Long.parseLong(recorder.line(1));

        for (long pid : new long[] {started.get(0).pid(), grandchild}) {
            assertThat(Files.readString(Path.of("/proc/" + pid + "/environ"))).containsPattern("HOTPLEX_\\d{12}=1\0");
        }
    }

    @Test
    void runsInTheWorkDirectory() {
        Recorder recorder = new Recorder();
        start(recorder, "pwd");

        assertThat(recorder.line(1)).isEqualTo(dir.toString());
    }

    @Test
    void leavesNoDescriptorsAndThreads() throws Exception {
        runManyShort(20);
        long descriptors = openDescriptors();
        long threads = ioThreads();

        runManyShort(200);

        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            assertThat(openDescriptors()).isLessThanOrEqualTo(descriptors);
            assertThat(ioThreads()).isLessThanOrEqualTo(threads);
        });
    }

    private void runManyShort(int count) throws Exception {
        List<Recorder> recorders = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Recorder recorder = new Recorder();
            start(recorder, "true");
            recorders.add(recorder);
        }
        for (Recorder recorder : recorders) {
            assertThat(recorder.exit().status().success()).isTrue();
        }
    }

    @Test
    void doesNotDisturbProcessesOfTheApplication() throws Exception {
        for (int i = 0; i < 30; i++) {
            Process own = new ProcessBuilder("sh", "-c", "exit " + i).start();
            Recorder recorder = new Recorder();
            shell(recorder, "exit " + (i + 50));

            assertThat(own.waitFor(20, TimeUnit.SECONDS)).isTrue();
            assertThat(own.exitValue()).isEqualTo(i);
            assertThat(recorder.exit().status().code()).isEqualTo(i + 50);
        }
    }

    @Test
    void refusesWhatCannotBeStartedWithTypedErrors() throws IOException {
        Path plain = Files.writeString(dir.resolve("plain"), "no program");
        ProcessSpec missingDir = new ProcessSpec("x", List.of("cat"), dir.resolve("missing"), List.of(), Map.of());
        ProcessSpec fileAsDir = new ProcessSpec("x", List.of("cat"), plain, List.of(), Map.of());

        assertCode(() -> start(new Recorder(), "no-such-program"), ErrorCode.PROVIDER_UNAVAILABLE);
        assertCode(() -> start(new Recorder(), plain.toString()), ErrorCode.PROVIDER_UNAVAILABLE);
        assertCode(() -> start(new Recorder(), "cat", "a\0b"), ErrorCode.INVALID_ARGUMENT);
        assertCode(() -> launcher.launch(missingDir, new Recorder()), ErrorCode.WORK_DIR_NOT_FOUND);
        assertCode(() -> launcher.launch(fileAsDir, new Recorder()), ErrorCode.WORK_DIR_NOT_A_DIRECTORY);
    }

    @Test
    void aListenerThatThrowsLosesItsProcessAndStillHearsOfTheEnd() throws Exception {
        Recorder recorder = new Recorder() {
            @Override
            public void onLine(AgentLine line) {
                throw new IllegalStateException("planned");
            }
        };
        shell(recorder, "echo a; echo b; exec sleep 600");

        assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(null, 9));
        assertThat(recorder.calls).containsExactly("<end>", "<signal 9>");
    }

    @Test
    void aBrokenInputPipeIsAnAnswerAndNoSignal() {
        Recorder recorder = new Recorder();
        AgentProcess process = shell(recorder, "exec <&-; echo closed; exec sleep 600");
        recorder.line(1);

        await().until(() -> !process.write(bytes("x\n")));
        assertThat(recorder.exited()).isFalse();
    }

    @Test
    void listenersMayActOnTheirProcess() throws Exception {
        CompletableFuture<AgentProcess> process = new CompletableFuture<>();
        Recorder recorder = new Recorder() {
            @Override
            public void onLine(AgentLine line) {
                super.onLine(line);
                AgentProcess own = process.join();
                if (lines.size() < 100) {
                    own.write(bytes(lines.size() + "\n"));
                } else {
                    own.terminate(Duration.ofSeconds(10), NONE);
                }
            }
        };
        process.complete(start(recorder, "cat"));
        process.join().write(bytes("0\n"));

        assertThat(recorder.exit().status().success()).isTrue();
        assertThat(recorder.calls).hasSize(102);
    }

    @Test
    void closeKillsWhatRunsAndEndsTheThreads() throws Exception {
        List<Recorder> recorders = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Recorder recorder = new Recorder();
            shell(recorder, "trap '' TERM; sleep 600 & echo $!; wait");
            recorders.add(recorder);
        }
        List<Long> grandchildren =
                recorders.stream().map(each -> Long.parseLong(each.line(1))).toList();

        launcher.close();

        for (Recorder recorder : recorders) {
            assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(null, 9));
        }
        awaitGone(grandchildren);
        await().until(() -> ioThreads() == 0);
        assertCode(() -> start(new Recorder(), "cat"), ErrorCode.ENGINE_CLOSED);
        launcher.close();
    }

    static void assertCode(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, ErrorCode code) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static long groupOf(long pid) throws IOException {
        return Long.parseLong(stat(pid)[2]);
    }

    static void awaitGone(List<Long> pids) {
        await().pollInterval(Duration.ofMillis(10))
                .atMost(Duration.ofSeconds(20))
                .until(() -> pids.stream().noneMatch(LauncherContract::lives));
    }

    /** A zombie is dead: who reaps an orphan, and when, is not our affair. */
    private static boolean lives(long pid) {
        try {
            return !stat(pid)[0].equals("Z");
        } catch (IOException e) {
            return false;
        }
    }

    private static String[] stat(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        return stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    }

    static long openDescriptors() throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.count();
        }
    }

    static long ioThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("hotplex-io-"))
                .count();
    }
}
