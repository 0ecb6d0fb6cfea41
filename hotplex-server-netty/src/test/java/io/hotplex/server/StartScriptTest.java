package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.condition.OS.LINUX;
import static org.junit.jupiter.api.condition.OS.MAC;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The start script, with a Java that only tells its arguments. */
@EnabledOnOs({LINUX, MAC})
class StartScriptTest {
    @TempDir
    Path directory;

    private Path java;

    @BeforeEach
    void pretendToBeJava() throws IOException {
        java = Files.createDirectories(directory.resolve("jdk/bin")).resolve("java");
        write(java, """
                #!/bin/sh
                [ "$1" != -version ] || { echo 'openjdk version "21.0.2"' >&2; exit; }
                echo "locale=$LC_ALL"
                for argument in "$@"; do
                    echo "$argument"
                    case $argument in
                        -XX:ArchiveClassesAtExit=*) echo classes >"${argument#*=}" ;;
                    esac
                done
                """);
        Path script = Files.createDirectories(directory.resolve("dist/bin")).resolve("hotplex");
        write(script, Files.readString(Path.of("src/main/dist/bin/hotplex"), StandardCharsets.UTF_8));
        Files.createDirectories(directory.resolve("dist/lib"));
        Files.writeString(directory.resolve("dist/lib/b.jar"), "");
        Files.writeString(directory.resolve("dist/lib/a.jar"), "");
    }

    @ParameterizedTest
    @CsvSource({"1.8.0_392, 3", "11.0.2, 3", "17, 0", "17.0.15, 0", "25-ea, 0"})
    void needsJava17(String version, int exitCode) throws Exception {
        release(version);

        ChildProgram.Result result = run();

        assertThat(result.exitCode()).isEqualTo(exitCode);
        assertThat(result.err())
                .isEqualTo(
                        exitCode == 0
                                ? ""
                                : "hotplex: Java 17 or later is needed, but " + java + " is version " + version
                                        + ": install a newer JDK, or set JAVA_HOME\n");
    }

    @Test
    void asksJavaItselfWhereNoFileTellsTheVersion() throws Exception {
        assertThat(run().exitCode()).isZero();
    }

    @Test
    void saysWhenJavaIsMissing() throws Exception {
        Files.delete(java);

        ChildProgram.Result result = run();

        assertThat(result.exitCode()).isEqualTo(3);
        assertThat(result.err()).contains("JAVA_HOME is ").contains("there is no bin/java in it");
    }

    @ParameterizedTest
    @CsvSource({"23.0.1, false", "24, true", "25.0.3, true"})
    void allowsNativeAccessWhereJavaWouldWarn(String version, boolean allowed) throws Exception {
        release(version);

        assertThat(run().out().contains("--enable-native-access=ALL-UNNAMED\n")).isEqualTo(allowed);
    }

    @Test
    void passesArgumentsOnAsTheyAre() throws Exception {
        release("17");

        ChildProgram.Result result = run("run", "two words", "", "*", "$HOME");

        assertThat(result.out()).endsWith("io.hotplex.server.Main\nrun\ntwo words\n\n*\n$HOME\n");
    }

    @Test
    void setsALocaleThatCanReadArgumentsAndLeavesAnotherAlone() throws Exception {
        release("17");

        assertThat(run().out()).startsWith("locale=C.UTF-8\n");
        assertThat(run(Map.of("LC_ALL", "de_DE.UTF-8")).out()).startsWith("locale=de_DE.UTF-8\n");
    }

    @Test
    void findsItselfThroughLinks() throws Exception {
        release("17");
        Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("dist/bin/hotplex"));
        Path second = Files.createSymbolicLink(directory.resolve("second"), link);

        ChildProgram.Result result = start(second, Map.of());

        Path lib = directory.toRealPath().resolve("dist/lib");
        assertThat(result.out()).contains("-cp\n" + lib.resolve("a.jar") + ":" + lib.resolve("b.jar") + "\n");
    }

    @Test
    void onlyAServerHasTheSecondCompiler() throws Exception {
        assertThat(run("run").out()).contains("-XX:TieredStopAtLevel=1\n");
        assertThat(run("serve").out()).doesNotContain("TieredStopAtLevel");
    }

    @Test
    void anArchiveIsUsedByTheJavaAndTheJarsThatItWasMadeFor() throws Exception {
        release("17");
        assertThat(run().out()).doesNotContain("-XX:SharedArchiveFile");

        ChildProgram.Result made = run("archive");

        assertThat(made.exitCode()).as(made.err()).isZero();
        Path archive = Path.of(made.out().strip());
        assertThat(archive).exists().hasParentRaw(directory.toRealPath().resolve("dist/archive"));
        assertThat(run().out()).contains("-XX:SharedArchiveFile=" + archive + "\n");
        release("17.0.1");
        assertThat(run().out()).doesNotContain("-XX:SharedArchiveFile");
        release("17");
        Path jar = directory.resolve("dist/lib/a.jar");
        Files.setLastModifiedTime(jar, FileTime.from(Instant.now().plusSeconds(60)));
        assertThat(run().out()).doesNotContain("-XX:SharedArchiveFile");
        Files.setLastModifiedTime(jar, FileTime.from(Instant.EPOCH));
        assertThat(run().out()).contains("-XX:SharedArchiveFile");
        release("17");
        Files.writeString(directory.resolve("dist/lib/c.jar"), "");
        assertThat(run().out()).doesNotContain("-XX:SharedArchiveFile");
    }

    @Test
    void anArchiveOfAnInstallationThatCannotBeWrittenIsTheUsers() throws Exception {
        Files.writeString(directory.resolve("dist/archive"), "in the way, for root as well");
        Map<String, String> home = Map.of("HOME", directory.resolve("home").toString());

        ChildProgram.Result made = start(directory.resolve("dist/bin/hotplex"), home, "archive");

        assertThat(made.exitCode()).as(made.err()).isZero();
        assertThat(Path.of(made.out().strip())).exists().startsWith(directory.resolve("home/.cache/hotplex"));
        assertThat(run(home).out()).contains("-XX:SharedArchiveFile=" + made.out());
        ChildProgram.Result nowhere = run("archive");
        assertThat(nowhere.exitCode()).isEqualTo(3);
        assertThat(nowhere.err()).contains("make one of them writable");
    }

    @Test
    void archivesThatAreMadeAtTheSameTimeDoNotDisturbEachOther() throws Exception {
        release("25");
        List<Process> started = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            started.add(builder(directory.resolve("dist/bin/hotplex"), Map.of(), "archive")
                    .start());
        }

        for (Process process : started) {
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
        }
        try (Stream<Path> files = Files.list(directory.resolve("dist/archive"))) {
            assertThat(files)
                    .singleElement()
                    .satisfies(file -> assertThat(file).hasContent("classes").hasExtension("jsa"));
        }
    }

    @Test
    void anArchiveThatFailsLeavesNothing() throws Exception {
        release("17");
        write(java, """
                #!/bin/sh
                for argument in "$@"; do
                    case $argument in
                        -XX:ArchiveClassesAtExit=* | -Dhotplex.sqlite.copy=*) echo half >"${argument#*=}" ;;
                    esac
                done
                exit 1
                """);

        ChildProgram.Result made = run("archive");

        assertThat(made.exitCode()).isEqualTo(3);
        assertThat(directory.resolve("dist/archive")).isEmptyDirectory();
    }

    private void release(String version) throws IOException {
        Files.writeString(directory.resolve("jdk/release"), "JAVA_VERSION=\"" + version + "\"\n");
    }

    private ChildProgram.Result run(String... arguments) throws IOException, InterruptedException {
        return start(directory.resolve("dist/bin/hotplex"), Map.of(), arguments);
    }

    private ChildProgram.Result run(Map<String, String> environment) throws IOException, InterruptedException {
        return start(directory.resolve("dist/bin/hotplex"), environment);
    }

    private ChildProgram.Result start(Path script, Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        Process process = builder(script, environment, arguments)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return new ChildProgram.Result(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    private ProcessBuilder builder(Path script, Map<String, String> environment, String... arguments) {
        ProcessBuilder builder = new ProcessBuilder(script.toString());
        builder.command().addAll(List.of(arguments));
        builder.environment().clear();
        builder.environment()
                .putAll(Map.of(
                        "PATH",
                        "/usr/bin:/bin",
                        "JAVA_HOME",
                        directory.resolve("jdk").toString()));
        builder.environment().putAll(environment);
        return builder;
    }

    private static void write(Path script, String text) throws IOException {
        Files.writeString(script, text, StandardCharsets.UTF_8);
        assertThat(script.toFile().setExecutable(true)).isTrue();
    }
}
