package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.condition.OS.LINUX;
import static org.junit.jupiter.api.condition.OS.MAC;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
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
                for argument in "$@"; do echo "$argument"; done
                """);
        Path script = Files.createDirectories(directory.resolve("dist/bin")).resolve("hotplex");
        write(script, Files.readString(Path.of("src/main/dist/bin/hotplex"), StandardCharsets.UTF_8));
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

        assertThat(result.out()).contains(directory + "/dist/bin/../lib/*\n");
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
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        Process process =
                builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return new ChildProgram.Result(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    private static void write(Path script, String text) throws IOException {
        Files.writeString(script, text, StandardCharsets.UTF_8);
        assertThat(script.toFile().setExecutable(true)).isTrue();
    }
}
