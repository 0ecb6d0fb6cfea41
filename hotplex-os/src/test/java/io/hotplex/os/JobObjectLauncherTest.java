package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.Confinement;
import io.hotplex.api.Confinement.Kind;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.ResourceLimits;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.Isolation;
import io.hotplex.api.spi.ProcessSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With a recorded kernel32; with that of Wine see {@link WineLauncherTest}. */
class JobObjectLauncherTest {
    @TempDir
    Path dir;

    private final FakeKernel32 kernel = new FakeKernel32();
    private final JobObjectLauncher launcher = JobObjectLauncher.open(
            LauncherContract.CONFIG, kernel, List.of(), ChildEnvironment.windows(Map.of(), List.of()));

    @BeforeEach
    void install() throws Exception {
        assertThat(Files.writeString(dir.resolve("agent.exe"), "MZ").toFile().setExecutable(true))
                .isTrue();
    }

    @AfterEach
    void close() {
        kernel.processEnded.countDown();
        launcher.close();
    }

    @Test
    void endsInStepsAndTellsTheExitOnce() throws Exception {
        Recorder recorder = new Recorder();
        AgentProcess process = launcher.launch(spec(Isolation.NONE), recorder);
        assertThat(launcher.info().name()).isEqualTo("job-object");
        assertThat(process.pid()).isEqualTo(FakeKernel32.PID);

        process.terminate(Duration.ofHours(1), Duration.ofHours(1));
        await().until(() -> kernel.calls.contains("closeHandle stdin.write"));
        assertThat(kernel.calls).doesNotContain("attachConsole 4711");
        process.terminate(Duration.ZERO, Duration.ofHours(1));
        await().until(() -> kernel.calls.contains("generateConsoleCtrlEvent 1 4711"));
        assertThat(kernel.killed).isEmpty();
        process.terminate(Duration.ZERO, Duration.ZERO);
        await().until(() -> kernel.killed.contains("job"));
        kernel.exitCode = 137;
        kernel.processEnded.countDown();

        assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(null, 9));
        assertThat(recorder.calls).containsExactly("<end>", "<signal 9>");
        await().untilAsserted(() -> assertThat(kernel.openHandles).isEmpty());
    }

    @Test
    void startsWithoutConfinementAndTellsWhatIsMissing() {
        ResourceLimits limits = ResourceLimits.builder().openFiles(64).build();

        AgentProcess process =
                launcher.launch(spec(isolation(Confinement.of(Kind.BUBBLEWRAP), limits)), new Recorder());

        assertThat(process.isolation().confinement()).isEqualTo(Kind.NONE);
        assertThat(process.isolation().missing())
                .satisfiesExactly(
                        confinement -> assertThat(confinement).contains("bubblewrap"),
                        limit -> assertThat(limit).contains("limit-"));
    }

    @Test
    void refusesWhatIsStrictOrToBeWithoutTheNetwork() {
        for (Confinement confinement : List.of(
                Confinement.of(Kind.CGROUP).withStrict(true),
                Confinement.of(Kind.BUBBLEWRAP).withNetwork(false))) {
            LauncherContract.assertCode(
                    () -> launcher.launch(spec(isolation(confinement, ResourceLimits.NONE)), new Recorder()),
                    ErrorCode.CONFINEMENT_UNAVAILABLE);
        }
        assertThat(kernel.calls).isEmpty();
    }

    @Test
    void noConfinementCanBeHadStrictlyAndWithPaths() {
        Confinement none = Confinement.NONE.withStrict(true).withWritable(List.of(dir));

        AgentProcess process = launcher.launch(spec(isolation(none, ResourceLimits.NONE)), new Recorder());

        assertThat(process.isolation()).isEqualTo(Isolation.Applied.NONE);
    }

    private static Isolation isolation(Confinement confinement, ResourceLimits limits) {
        return new Isolation(confinement, limits, List.of(), List.of());
    }

    @Test
    void startsNothingWhenItIsClosed() {
        launcher.close();

        LauncherContract.assertCode(
                () -> launcher.launch(spec(Isolation.NONE), new Recorder()), ErrorCode.ENGINE_CLOSED);
        assertThat(kernel.calls).isEmpty();
    }

    private ProcessSpec spec(Isolation isolation) {
        String agent = dir.resolve("agent.exe").toString();
        return new ProcessSpec("test", List.of(agent), dir, List.of(), Map.of(), isolation);
    }
}
