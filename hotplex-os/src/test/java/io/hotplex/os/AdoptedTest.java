package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** As in a container without an init; needs the right to make a namespace of process ids. */
@EnabledOnOs(OS.LINUX)
class AdoptedTest {
    private static final List<String> NAMESPACE = List.of("unshare", "--pid", "--fork", "--mount-proc");

    @TempDir
    Path dir;

    @Test
    void theProcessesOfTheJdkAreNotReapedByAnyoneElseAndThatIsSaid() throws Exception {
        assertThat(firstProcess("portable")).startsWith("pid 1 reaping false ").contains("docker run --init");
    }

    @Test
    void processOneReapsTheOrphansOfItsAgentsAndTakesNobodysStatus() throws Exception {
        assertThat(firstProcess("posix")).isEqualTo("pid 1" + " 5".repeat(10) + " 7".repeat(10));
    }

    private String firstProcess(String launcher) throws Exception {
        assumeThat(new ProcessBuilder("sh", "-c", String.join(" ", NAMESPACE) + " true")
                        .redirectErrorStream(true)
                        .start()
                        .waitFor())
                .as("namespaces of process ids cannot be made here")
                .isZero();
        Path result = dir.resolve("result");
        List<String> command = new ArrayList<>(NAMESPACE);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.addAll(List.of(FirstProcess.class.getName(), result.toString(), launcher));

        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve("output").toFile())
                .start();

        assertThat(process.waitFor(40, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue())
                .as(Files.readString(dir.resolve("output")))
                .isZero();
        return Files.readString(result);
    }
}
