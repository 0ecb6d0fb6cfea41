package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.condition.OS.LINUX;
import static org.junit.jupiter.api.condition.OS.MAC;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.io.TempDir;

/** The script at the top of the project, with a Maven that only pretends to build. */
@EnabledOnOs({LINUX, MAC})
class BuildScriptTest {
    @TempDir
    Path directory;

    private Path script;

    @BeforeEach
    void pretendToBeMaven() throws IOException {
        script = directory.resolve("hotplex");
        write(script, Files.readString(Path.of("../hotplex")));
        // Fails when another builds at the same time, and takes long enough to be noticed.
        write(Files.createDirectories(directory.resolve("bin")).resolve("mvn"), """
                #!/bin/sh
                mkdir building || exit 1
                echo built >>builds
                mkdir -p hotplex-server-netty/target/hotplex/bin
                printf '#!/bin/sh\\necho "ran $1"\\n' >hotplex-server-netty/target/hotplex/bin/hotplex
                chmod +x hotplex-server-netty/target/hotplex/bin/hotplex
                sleep 1
                rmdir building
                """);
    }

    @Test
    void firstRunsAtTheSameTimeBuildOnce() throws Exception {
        List<Process> started = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            started.add(start(Integer.toString(i)));
        }

        for (Process process : started) {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
        for (int i = 0; i < 3; i++) {
            assertThat(started.get(i).exitValue()).as(read("err" + i)).isZero();
            assertThat(read("out" + i)).isEqualTo("ran doctor\n");
        }
        assertThat(read("builds")).isEqualTo("built\n");
    }

    @Test
    void aBuildThatFailedIsTriedAgain() throws Exception {
        Files.createDirectory(directory.resolve("building"));
        Process first = start("1");
        assertThat(first.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(first.exitValue()).isEqualTo(3);
        assertThat(read("err1")).endsWith("hotplex: the build failed\n");

        Files.delete(directory.resolve("building"));
        Process second = start("2");

        assertThat(second.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(read("out2")).isEqualTo("ran doctor\n");
    }

    private Process start(String name) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(script.toString(), "doctor")
                .directory(directory.toFile())
                .redirectOutput(directory.resolve("out" + name).toFile())
                .redirectError(directory.resolve("err" + name).toFile());
        builder.environment().clear();
        builder.environment().putAll(Map.of("PATH", directory.resolve("bin") + ":/usr/bin:/bin"));
        return builder.start();
    }

    private String read(String file) throws IOException {
        return Files.readString(directory.resolve(file));
    }

    private static void write(Path file, String text) throws IOException {
        Files.writeString(file, text);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }
}
