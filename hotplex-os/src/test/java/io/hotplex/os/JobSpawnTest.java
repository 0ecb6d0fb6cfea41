package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JobSpawnTest {
    private static final StartPlan PLAN =
            new StartPlan(Path.of("/agent.exe"), List.of("agent"), Path.of("/"), Map.of("b", "2", "A", "1", "_", "3"));
    private static final WindowsCommand COMMAND = WindowsCommand.of(PLAN);

    /** NEW_PROCESS_GROUP, UNICODE_ENVIRONMENT, NO_WINDOW, EXTENDED_STARTUPINFO_PRESENT. */
    private static final String FLAGS = "0x8080600";

    private final FakeKernel32 kernel = new FakeKernel32();

    @Test
    void startsAProcessInsideOfItsJob() {
        JobSpawn.Started started = JobSpawn.start(kernel, COMMAND, PLAN);

        assertThat(kernel.calls)
                .containsExactly(
                        "createJobObject",
                        "setInformationJobObject job 9 0x2000",
                        "createPipe",
                        "createPipe",
                        "createPipe",
                        "setHandleInformation stdin.read 1 1",
                        "setHandleInformation stdout.write 1 1",
                        "setHandleInformation stderr.write 1 1",
                        "initializeAttributes 2",
                        "updateAttribute 0x20002 stdin.read stdout.write stderr.write",
                        "updateAttribute 0x2000d job",
                        "createProcess " + FLAGS + " true",
                        "deleteAttributes",
                        "closeHandle thread",
                        "closeHandle stderr.write",
                        "closeHandle stdout.write",
                        "closeHandle stdin.read");
        assertThat(started.pid()).isEqualTo(FakeKernel32.PID);
        assertThat(kernel.openNames()).containsExactly("job", "stdin.write", "stdout.read", "stderr.read", "process");
        assertThat(started.handles()).containsExactlyInAnyOrderElementsOf(kernel.openHandles);
        assertThat(kernel.allocated).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"updateAttribute#2, 50", "updateAttribute#2, 87", "createProcess, 5", "createProcess, 87"})
    void startsAProcessWithoutRunningItWhereItCannotBeBornInItsJob(String call, int error) {
        kernel.failing(call, error);

        JobSpawn.start(kernel, COMMAND, PLAN);

        int second = kernel.calls.lastIndexOf("initializeAttributes 1");
        assertThat(kernel.calls.subList(second, second + 7))
                .containsExactly(
                        "initializeAttributes 1",
                        "updateAttribute 0x20002 stdin.read stdout.write stderr.write",
                        "createProcess 0x8080604 true",
                        "deleteAttributes",
                        "assignProcessToJobObject job process",
                        "resumeThread thread",
                        "closeHandle thread");
        assertThat(kernel.openNames()).containsExactly("job", "stdin.write", "stdout.read", "stderr.read", "process");
        assertThat(kernel.killed).isEmpty();
        assertThat(kernel.allocated).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"assignProcessToJobObject", "resumeThread"})
    void aProcessThatDoesNotGetIntoItsJobNeverRuns(String call) {
        kernel.failing("updateAttribute#2", 50).failing(call, 5);

        assertFails(ErrorCode.AGENT_START_FAILED);

        assertThat(kernel.killed).containsExactly("process");
        assertThat(kernel.calls.indexOf("terminateProcess process"))
                .isLessThan(kernel.calls.indexOf("closeHandle process"));
    }

    @Test
    void closesEverythingWhereverItFails() {
        List<String> failing = new ArrayList<>(List.of("createJobObject", "setInformationJobObject"));
        for (String often : List.of("createPipe", "setHandleInformation")) {
            failing.addAll(List.of(often, often + "#2", often + "#3"));
        }
        failing.addAll(List.of("initializeAttributes", "updateAttribute", "createProcess"));
        for (String call : failing) {
            FakeKernel32 each = new FakeKernel32().failing(call, 1450);
            assertThatThrownBy(() -> JobSpawn.start(each, COMMAND, PLAN))
                    .as(call)
                    .isInstanceOf(HotPlexException.class)
                    .hasMessageContaining("Windows error 1450");
            assertThat(each.openHandles).as(call).isEmpty();
            assertThat(each.allocated).as(call).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 193, 216, 740})
    void aProgramThatWindowsCannotRunIsUnavailable(int error) {
        kernel.failing("createProcess", error);

        assertFails(ErrorCode.PROVIDER_UNAVAILABLE);
    }

    @Test
    void aProgramThatMayNotBeRunIsUnavailableAfterBothWays() {
        kernel.failing("createProcess", 5).failing("createProcess#2", 5);

        assertFails(ErrorCode.PROVIDER_UNAVAILABLE);
    }

    @Test
    void theEnvironmentIsSortedByCapitalLettersAndEndsWithTwoNuls() {
        JobSpawn.start(kernel, COMMAND, PLAN);

        assertThat(new String(kernel.environment)).isEqualTo("A=1\0b=2\0_=3\0\0");
        assertThat(new String(Win32.environmentBlock(Map.of()))).isEqualTo("\0\0");
    }

    @Test
    void theProbeClosesItsJob() {
        JobSpawn.tryJob(kernel);

        assertThat(kernel.calls)
                .containsExactly("createJobObject", "setInformationJobObject job 9 0x2000", "closeHandle job");
    }

    private void assertFails(ErrorCode code) {
        LauncherContract.assertCode(() -> JobSpawn.start(kernel, COMMAND, PLAN), code);
        assertThat(kernel.openHandles).isEmpty();
        assertThat(kernel.allocated).isEmpty();
    }
}
