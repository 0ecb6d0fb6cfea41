package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What is used on macOS, with the ps of Linux, whose option for the environment has another name. */
@EnabledOnOs(OS.LINUX)
class PsProcessesTest {
    private static final List<String> LINUX = List.of("/bin/ps", "axwwe", "-o", "pid=,pgid=,stat=,command=");

    @Test
    void findsAndKillsWhatHasTheVariableInItsEnvironment() throws Exception {
        assumeThat(Files.isExecutable(Path.of(LINUX.get(0))))
                .as("ps is not installed")
                .isTrue();
        RunMarker marker = RunMarker.random();
        ProcessBuilder builder = new ProcessBuilder("sleep", "600");
        builder.environment().put(marker.variable(), "7");
        Process marked = builder.start();
        Process other = new ProcessBuilder("sleep", "600").start();
        try {
            PsProcesses processes = new PsProcesses(marker, LINUX);

            await().until(() -> processes.find(MarkedProcesses.ANY).size() == 1);
            MarkedProcesses.Marked found = processes.find(MarkedProcesses.ANY).get(0);

            assertThat((long) found.pid()).isEqualTo(marked.pid());
            assertThat(found.descendsFrom(7)).isTrue();
            assertThat(found.descendsFrom(8)).isFalse();
            assertThat(processes.kill(found)).isTrue();
            assertThat(marked.waitFor(5, TimeUnit.SECONDS)).isTrue();
            assertThat(processes.find(MarkedProcesses.ANY)).isEmpty();
        } finally {
            marked.destroyForcibly();
            other.destroyForcibly();
        }
    }
}
