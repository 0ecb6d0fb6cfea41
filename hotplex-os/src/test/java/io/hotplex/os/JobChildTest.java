package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.Isolation;
import io.hotplex.api.spi.ProcessListener.Cleanup;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JobChildTest {
    private static final StartPlan PLAN =
            new StartPlan(Path.of("/agent.exe"), List.of("agent"), Path.of("/"), Map.of());

    private final FakeKernel32 kernel = new FakeKernel32();
    private final JobChild child =
            new JobChild(kernel, JobSpawn.start(kernel, WindowsCommand.of(PLAN), PLAN), Isolation.Applied.NONE);
    private final int before = kernel.calls.size();
    private final CompletableFuture<ExitStatus> exit = new CompletableFuture<>();

    @Test
    void theJobIsEndedAndEmptyBeforeTheEndOfTheLeaderIsTold() throws Exception {
        child.onExit(status -> {
            kernel.calls.add("told");
            exit.complete(status);
        });
        kernel.exitCode = 3;
        kernel.processEnded.countDown();

        assertThat(exit.get(20, TimeUnit.SECONDS)).isEqualTo(new ExitStatus(3, null));
        assertThat(calls())
                .containsExactly(
                        "waitForSingleObject process",
                        "getExitCodeProcess process",
                        "terminateJobObject job 137",
                        "queryInformationJobObject job 1",
                        "told");
        assertThat(cleanup(child))
                .satisfies(cleanup -> assertThat(cleanup.survivorsLeft()).isZero());
    }

    @Test
    void saysHowManyDidNotEnd() throws Exception {
        kernel.activeProcesses = 2;

        assertThat(exitWith(0)).isEqualTo(new ExitStatus(0, null));
        assertThat(cleanup(child))
                .satisfies(cleanup -> assertThat(cleanup.survivorsLeft()).isEqualTo(2));
    }

    @ParameterizedTest
    @CsvSource({"137, , 9", "0, 0, ", "1, 1, "})
    void aKillIsASignalUnlessTheLeaderWasFaster(int code, Integer status, Integer signal) throws Exception {
        child.kill();

        assertThat(exitWith(code)).isEqualTo(new ExitStatus(status, signal));
    }

    @Test
    void anExitStatusThatLooksLikeAKillIsNone() throws Exception {
        assertThat(exitWith(137)).isEqualTo(new ExitStatus(137, null));
    }

    @Test
    void asksToEndByTheConsoleOfTheChild() throws Exception {
        child.terminate();

        assertThat(calls()).containsExactly("attachConsole 4711", "generateConsoleCtrlEvent 1 4711", "freeConsole");
        assertThat(exitWith(Win32.STATUS_CONTROL_C_EXIT)).isEqualTo(new ExitStatus(null, 15));
    }

    @Test
    void leavesTheConsoleOfTheJvmAlone() throws Exception {
        kernel.failing("attachConsole", Win32.ERROR_ACCESS_DENIED);

        child.terminate();

        assertThat(calls()).containsExactly("attachConsole 4711");
        assertThat(exitWith(Win32.STATUS_CONTROL_C_EXIT))
                .isEqualTo(new ExitStatus(Win32.STATUS_CONTROL_C_EXIT, null))
                .hasToString("exit status 0xC000013A");
    }

    @Test
    void keepsItsHandlesWhileSomebodyWaitsForItsEnd() throws Exception {
        child.onExit(exit::complete);

        child.release();
        assertThat(kernel.openNames()).contains("process", "job");
        kernel.processEnded.countDown();

        exit.get(20, TimeUnit.SECONDS);
        await().untilAsserted(() -> assertThat(kernel.openNames()).doesNotContain("process", "job"));
    }

    @Test
    void closesItsHandlesWhenItsEndWasTold() throws Exception {
        exitWith(0);
        child.input().close();
        child.output().close();
        child.errors().close();
        child.release();

        await().untilAsserted(() -> assertThat(kernel.openHandles).isEmpty());
    }

    @Test
    void discardsWhatNobodyTook() {
        child.discard();

        assertThat(kernel.killed).containsExactly("job");
        assertThat(kernel.openHandles).isEmpty();
    }

    private ExitStatus exitWith(int code) throws Exception {
        kernel.exitCode = code;
        child.onExit(exit::complete);
        kernel.processEnded.countDown();
        return exit.get(20, TimeUnit.SECONDS);
    }

    private List<String> calls() {
        return kernel.calls.subList(before, kernel.calls.size());
    }

    private static Cleanup cleanup(JobChild child) {
        CompletableFuture<Cleanup> told = new CompletableFuture<>();
        child.cleanUp(told::complete);
        return told.join();
    }
}
