package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessSpec;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The launcher for Windows, everything above of JNA, with the kernel32 of Wine and programs compiled for Windows. */
@Timeout(180)
class WineLauncherTest {
    private static final Duration NONE = Duration.ZERO;
    private static final Map<String, String> SOURCE =
            Map.of("SystemRoot", "C:\\windows", "Path", "C:\\windows", "HOTPLEX_API_KEY", "secret");

    @SuppressWarnings("NullAway.Init")
    private static Path agent;

    @SuppressWarnings("NullAway.Init")
    private static WineKernel32 wine;

    @TempDir
    Path dir;

    @SuppressWarnings("NullAway.Init")
    private ProcessLauncher launcher;

    @BeforeAll
    static void startWine() throws Exception {
        Wine.assumeInstalled();
        agent = Wine.compile("agent", "-municode", "-lshell32");
        wine = WineKernel32.start();
    }

    @AfterAll
    static void endWine() throws Exception {
        if (wine != null) {
            wine.close();
        }
    }

    @BeforeEach
    void openLauncher() {
        launcher = open(wine);
    }

    @AfterEach
    void closeLauncher() {
        launcher.close();
    }

    private static ProcessLauncher open(Kernel32Calls calls) {
        ChildEnvironment environment = ChildEnvironment.windows(SOURCE, List.of());
        return JobObjectLauncher.open(LauncherContract.CONFIG, calls, List.of(), environment);
    }

    @Test
    void handsOverLinesThenTheEndOfOutputThenTheExit() throws Exception {
        Recorder recorder = new Recorder();
        AgentProcess copy = start(recorder, "copy");

        assertThat(copy.write(LauncherContract.bytes("one\ntwo\r\nla"))).isTrue();
        assertThat(copy.write(LauncherContract.bytes("st"))).isTrue();
        copy.closeInput();

        assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(0, null));
        assertThat(recorder.calls).containsExactly("one", "two", "last", "<end>", "<exit status 0>");
        assertThat(recorder.overlaps).hasValue(0);
    }

    @Test
    void closedInputEndsAProcessThatReadsItWithoutASignal() throws Exception {
        Recorder recorder = new Recorder();
        start(recorder, "copy").terminate(Duration.ofSeconds(60), Duration.ofSeconds(60));

        assertThat(recorder.exit().status().success()).isTrue();
    }

    @Test
    void reportsExitStatusAndLastErrorOutput() throws Exception {
        Recorder recorder = new Recorder();
        start(recorder, "exit", "0xC0000005");

        assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(0xC0000005, null));
        assertThat(recorder.exit().stderrTail()).containsExactly("last words");
    }

    @Test
    void endsAllDescendantsHoweverTheyWereStarted() throws Exception {
        Recorder recorder = new Recorder();
        AgentProcess process = start(recorder, "tree");
        List<Long> descendants = descendants(recorder);
        assertThat(sleepers(descendants)).allMatch(wine::lives);

        process.terminate(NONE, NONE);

        assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(null, 9));
        assertThat(descendants).noneMatch(wine::lives);
        assertThat(recorder.exit().cleanup())
                .satisfies(cleanup -> assertThat(cleanup.survivorsLeft()).isZero());
    }

    @Test
    void theEndOfTheLeaderEndsItsDescendantsBeforeTheExitIsTold() throws Exception {
        Recorder recorder = new Recorder();
        start(recorder, "leave");

        assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(7, null));
        assertThat(descendants(recorder)).noneMatch(wine::lives);
    }

    @Test
    void theDeathOfTheJvmEndsAllProcesses() throws Exception {
        List<Long> descendants;
        try (WineKernel32 mortal = WineKernel32.start()) {
            Recorder recorder = new Recorder();
            ProcessLauncher own = open(mortal);
            own.launch(spec("tree"), recorder);
            descendants = descendants(recorder);
            assertThat(sleepers(descendants)).allMatch(wine::lives);

            mortal.kill();
            own.close();
        }

        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(descendants).noneMatch(wine::lives));
    }

    @Test
    void aProcessThatCannotBeBornInItsJobIsPutThereBeforeItRuns() throws Exception {
        Recorder recorder = new Recorder();
        try (ProcessLauncher old = open(withoutJobList())) {
            AgentProcess process = old.launch(spec("tree"), recorder);
            List<Long> descendants = descendants(recorder);

            process.terminate(NONE, NONE);

            assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(null, 9));
            assertThat(descendants).noneMatch(wine::lives);
        }
    }

    /** As Windows was before the attribute. */
    private static Kernel32Calls withoutJobList() {
        ThreadLocal<Boolean> refused = ThreadLocal.withInitial(() -> false);
        return (Kernel32Calls) Proxy.newProxyInstance(
                Kernel32Calls.class.getClassLoader(), new Class<?>[] {Kernel32Calls.class}, (proxy, method, given) -> {
                    if (method.getName().equals("lastError") && refused.get()) {
                        return Win32.ERROR_NOT_SUPPORTED;
                    }
                    refused.set(method.getName().equals("updateProcThreadAttribute")
                            && given[1].equals(Win32.PROC_THREAD_ATTRIBUTE_JOB_LIST));
                    return refused.get() ? false : method.invoke(wine, given);
                });
    }

    @Test
    void passesArgumentsAsTheyAre() throws Exception {
        Random random = new Random(20261125);
        List<String> arguments = new ArrayList<>(List.of(
                "",
                " ",
                "\"",
                "\\",
                "\\\"",
                "a b\\",
                "a\\\\b",
                "tab\there",
                "\\\\server\\share",
                "{\"a\": \"b\\\\\"}"));
        arguments.addAll(List.of("%PATH%", "ü€\uD83D\uDE00", "*.c", "a&b|c", "^", "'", "x=\"y z\""));
        String alphabet = "\\\\\\\"\" \tabc";
        for (int i = 0; i < 200; i++) {
            StringBuilder argument = new StringBuilder();
            random.ints(random.nextInt(12), 0, alphabet.length()).forEach(at -> argument.append(alphabet.charAt(at)));
            arguments.add(argument.toString());
        }
        List<String> command = new ArrayList<>(List.of(agent.toString(), "arguments"));
        command.addAll(arguments);
        Recorder recorder = new Recorder();
        launcher.launch(new ProcessSpec("test", command, dir, List.of(), Map.of()), recorder);

        recorder.exit();
        List<String> lines = recorder.lines.stream().map(line -> line.text()).toList();
        List<String> expected = arguments.stream().map(each -> each + "|").toList();
        assertThat(lines.subList(0, expected.size())).as("C library").isEqualTo(expected);
        assertThat(lines.subList(expected.size(), lines.size())).as("shell").isEqualTo(expected);
    }

    @Test
    void givesTheChildItsDirectoryAndExactlyTheSpecifiedEnvironment() throws Exception {
        Recorder recorder = new Recorder();
        ProcessSpec spec = new ProcessSpec(
                "test", List.of(agent.toString(), "surroundings"), dir, List.of("hotplex*"), Map.of("B", "ü", "a", ""));
        launcher.launch(spec, recorder);

        recorder.exit();
        List<String> lines = recorder.lines.stream().map(line -> line.text()).toList();
        assertThat(lines.get(0)).isEqualTo("Z:" + dir.toString().replace('/', '\\'));
        assertThat(lines).contains("a=", "B=ü", "SystemRoot=C:\\windows", "Path=C:\\windows");
        assertThat(lines)
                .anyMatch(line -> line.matches("HOTPLEX_\\d{12}=1"))
                .noneMatch(line -> line.contains("secret"));
    }

    @Test
    void childrenInheritTheirPipesAlone() throws Exception {
        long[] other = new long[2];
        wine.createPipe(other, 0);
        wine.setHandleInformation(other[1], Win32.HANDLE_FLAG_INHERIT, Win32.HANDLE_FLAG_INHERIT);
        Recorder recorder = new Recorder();
        start(recorder, "copy").write(LauncherContract.bytes("it runs\n"));
        assertThat(recorder.line(1)).isEqualTo("it runs");

        wine.closeHandle(other[1]);

        CompletableFuture<Boolean> read =
                CompletableFuture.supplyAsync(() -> wine.readFile(other[0], new byte[1], 1, new int[1]));
        assertThat(read.get(20, TimeUnit.SECONDS))
                .as("end of a pipe that nobody else has")
                .isFalse();
        wine.closeHandle(other[0]);
    }

    @Test
    void leavesNoHandlesBehind() throws Exception {
        runMany(3);
        long before = wine.openHandles();

        runMany(20);

        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(wine.openHandles()).isLessThan(before + 10));
    }

    @Test
    void runsBatchFilesWithTheirArguments() throws Exception {
        Path script = Files.writeString(
                dir.resolve("a b.cmd"), "@\"Z:" + agent.toString().replace('/', '\\') + "\" arguments %*\r\n");
        assertThat(script.toFile().setExecutable(true)).isTrue();
        List<String> command = List.of(script.toString(), "x y", "a&b|c<d>e^f", "(g)", "end\\", "");
        Recorder recorder = new Recorder();
        launcher.launch(new ProcessSpec("test", command, dir, List.of(), Map.of()), recorder);

        recorder.exit();
        assertThat(recorder.calls).startsWith("x y|", "a&b|c<d>e^f|", "(g)|", "end\\|", "|");
    }

    @Test
    void refusesWhatCannotBeRun() throws Exception {
        Path text = Files.write(dir.resolve("text.exe"), "no program".getBytes(StandardCharsets.UTF_8));
        assertThat(text.toFile().setExecutable(true)).isTrue();

        LauncherContract.assertCode(
                () -> launcher.launch(
                        new ProcessSpec("test", List.of(text.toString()), dir, List.of(), Map.of()), new Recorder()),
                ErrorCode.PROVIDER_UNAVAILABLE);
    }

    private AgentProcess start(Recorder recorder, String... arguments) {
        return launcher.launch(spec(arguments), recorder);
    }

    private ProcessSpec spec(String... arguments) {
        List<String> command = new ArrayList<>(List.of(agent.toString()));
        command.addAll(List.of(arguments));
        return new ProcessSpec("test", command, dir, List.of(), Map.of());
    }

    private void runMany(int count) throws Exception {
        for (int i = 0; i < count; i++) {
            Recorder recorder = new Recorder();
            start(recorder, "exit", "0");
            recorder.exit();
        }
    }

    /** Those that live until they are ended; the last of the descendants only makes an orphan. */
    private static List<Long> sleepers(List<Long> descendants) {
        return descendants.subList(0, 2);
    }

    private static List<Long> descendants(Recorder recorder) {
        assertThat(recorder.line(4)).isEqualTo("stayed");
        return recorder.lines.subList(0, 3).stream()
                .map(line -> Long.parseLong(line.text()))
                .toList();
    }
}
