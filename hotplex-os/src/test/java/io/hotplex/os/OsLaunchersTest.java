package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessLauncherProvider;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@EnabledOnOs(OS.LINUX)
class OsLaunchersTest {
    private static final String EXCHANGE = "[error][in, <end>, <exit status 0>]";
    /** Makes JNA look for its library where there is none. */
    private static final List<String> BROKEN_JNA = List.of("-Djna.boot.library.path=/nowhere", "-Djna.nounpack=true");

    @TempDir
    Path dir;

    @Test
    void isFoundByServiceLoader() {
        assertThat(ServiceLoader.load(ProcessLauncherProvider.class))
                .singleElement()
                .isInstanceOf(OsLaunchers.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "posix"})
    void choosesPosixSpawnHere(String kind) {
        try (ProcessLauncher launcher = new OsLaunchers().open(config(kind, 2))) {
            assertThat(launcher.info().name()).isEqualTo("posix-spawn");
            assertThat(launcher.info().probes())
                    .extracting(ProcessLauncher.Probe::name)
                    .containsExactly("system", "jna", "closefrom", "epoll", "pidfd", "guardian");
            assertThat(launcher.info().probes()).allMatch(ProcessLauncher.Probe::ok);
        }
    }

    @Test
    void opensThePortableOneWhenAsked() {
        try (ProcessLauncher launcher = new OsLaunchers().open(config("portable", 1))) {
            assertThat(launcher.info().name()).isEqualTo("portable");
        }
    }

    @Test
    void saysWhyJobObjectsCannotWorkHere() {
        assertThatThrownBy(() -> new OsLaunchers().open(config("job-object", 1)))
                .hasMessageStartingWith("process launcher \"job-object\" cannot work here (system: Linux ");
        LauncherContract.assertCode(() -> new OsLaunchers().open(config("job-object", 1)), ErrorCode.NOT_SUPPORTED);
    }

    @Test
    void refusesWhatItDoesNotUnderstand() {
        LauncherContract.assertCode(() -> new OsLaunchers().open(config("windows", 1)), ErrorCode.CONFIG_INVALID);
        LauncherContract.assertCode(() -> new OsLaunchers().open(config("auto", 0)), ErrorCode.CONFIG_INVALID);
    }

    @Test
    void fallsBackWhenJnaCannotLoad() throws Exception {
        assertThat(otherJvm("auto", "", BROKEN_JNA, true)).isEqualTo("portable " + EXCHANGE);
    }

    @Test
    void fallsBackWhenThereIsNoJna() throws Exception {
        assertThat(otherJvm("auto", "", List.of(), false)).isEqualTo("portable " + EXCHANGE);
    }

    @Test
    void saysWhyPosixCannotWork() throws Exception {
        assertThat(otherJvm("posix", "", BROKEN_JNA, true))
                .startsWith("NOT_SUPPORTED: ")
                .contains("(jna: ");
    }

    @Test
    void worksInAJvmWithoutStandardStreams() throws Exception {
        assertThat(otherJvm("posix", "<&- >&- 2>&-", List.of(), true)).isEqualTo("posix-spawn " + EXCHANGE);
    }

    private String otherJvm(String kind, String redirections, List<String> options, boolean withJna) throws Exception {
        Path result = dir.resolve("result");
        String classPath = String.join(
                File.pathSeparator,
                Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                        .filter(entry -> withJna
                                || !Path.of(entry).getFileName().toString().startsWith("jna"))
                        .toList());
        List<String> command = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" " + redirections, "sh"));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-cp", classPath, OtherJvm.class.getName(), kind, result.toString()));

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

    @Test
    void aSearchForSurvivorsThatMayTakeHoursIsRefused() {
        LauncherConfig config =
                LauncherConfig.builder().sweepTimeout(Duration.ofSeconds(61)).build();

        assertThatThrownBy(() -> new OsLaunchers().open(config))
                .hasMessageContaining("sweep-timeout: PT1M1S (expected: 0 to PT1M)");
    }

    private static LauncherConfig config(String kind, int ioThreads) {
        return LauncherConfig.builder()
                .kind(kind)
                .ioThreads(ioThreads)
                .maxLineBytes(1000)
                .stdinQueueBytes(1000)
                .stderrTailLines(5)
                .build();
    }
}
