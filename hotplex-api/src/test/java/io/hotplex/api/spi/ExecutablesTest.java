package io.hotplex.api.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExecutablesTest {
    @TempDir
    Path dir;

    private Path first = Path.of("");
    private Path second = Path.of("");

    @BeforeEach
    void makeDirectories() throws IOException {
        first = Files.createDirectory(dir.resolve("first one"));
        second = Files.createDirectory(dir.resolve("second"));
    }

    @Test
    void takesTheFirstOfTheSearchPath() throws IOException {
        program(second, "tool");
        Files.writeString(first.resolve("tool"), "not executable");

        assertThat(Executables.find("tool", first + File.pathSeparator + second))
                .contains(second.resolve("tool"));
        assertThat(Executables.find("tool", first.toString())).isEmpty();
        assertThat(Executables.find("tool", null)).isEmpty();
        assertThat(Executables.find(second.resolve("tool").toString(), null)).contains(second.resolve("tool"));
    }

    @Test
    void onWindowsANameStandsForItsProgramInTheOrderOfExtensions() throws IOException {
        program(first, "tool"); // for Unix, as npm puts it there
        program(first, "tool.cmd");
        program(first, "other.js");
        program(second, "tool.exe");
        program(second, "other.exe");

        assertThat(onWindows("tool", null)).contains(first.resolve("tool.cmd"));
        assertThat(onWindows("other", ".JS;.EXE;.CMD")).contains(second.resolve("other.exe"));
        program(first, "tool.exe");
        assertThat(onWindows("tool", ".COM;.EXE;.BAT;.CMD;.VBS;.JS")).contains(first.resolve("tool.exe"));
        assertThat(onWindows("tool", ".CMD;.EXE")).contains(first.resolve("tool.cmd"));
        assertThat(onWindows("tool.exe", ".EXE")).contains(first.resolve("tool.exe"));
        assertThat(onWindows("missing", null)).isEmpty();
    }

    @Test
    void onWindowsAPathMayLackItsExtensionToo() throws IOException {
        program(first, "tool");
        program(first, "tool.cmd");
        program(first, "tool.ps1");

        assertThat(onWindows(first + "/tool", null)).contains(first.resolve("tool.cmd"));
        assertThat(onWindows(first + "/tool.ps1", null)).contains(first.resolve("tool.ps1"));
    }

    @Test
    void onWindowsTheCurrentDirectoryIsNotSearched() throws IOException {
        assertThat(Executables.findOnWindows("tool", ";;", ";", null)).isEmpty();
        program(first, "tool.exe");
        assertThat(Executables.findOnWindows("tool", ";\"" + first + "\";", ";", null))
                .contains(first.resolve("tool.exe"));
    }

    private Optional<Path> onWindows(String program, @Nullable String extensions) {
        return Executables.findOnWindows(program, first + ";" + second, ";", extensions);
    }

    private static void program(Path directory, String name) throws IOException {
        Path file = Files.writeString(directory.resolve(name), "");
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }
}
