package io.hotplex.testkit.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstalledAgentsTest {
    @TempDir
    Path modules;

    @Test
    void findsNativeProgramsAndNoStandIns() throws IOException {
        Path newer = claude("new/node_modules/@anthropic-ai/claude-code-linux-x64", "2.1.330");
        Path older = claude("@anthropic-ai/claude-code-linux-x64", "2.1.97");
        Files.createDirectories(modules.resolve("@anthropic-ai/claude-code-darwin-arm64"));
        program("old/bin/claude.exe");
        Path openCode = program("opencode-linux-x64-baseline/bin/opencode");
        InstalledAgents agents = InstalledAgents.in(modules);

        assertThat(agents.claudes()).containsExactly(older, newer);
        assertThat(agents.claude("2.1.330")).hasValue(newer);
        assertThat(agents.claude("2.1.331")).isEmpty();
        assertThat(agents.openCode()).hasValue(openCode);
    }

    @Test
    void nothingIsInstalledWhereThereIsNoDirectory() {
        InstalledAgents agents = InstalledAgents.in(modules.resolve("none"));

        assertThat(agents.claudes()).isEmpty();
        assertThat(agents.openCode()).isEmpty();
    }

    private Path claude(String directory, String version) throws IOException {
        Path program = program(directory + "/claude");
        Files.writeString(program.resolveSibling("package.json"), "{\n  \"version\": \"" + version + "\"\n}");
        return program;
    }

    private Path program(String name) throws IOException {
        Path program = modules.resolve(name);
        Files.createDirectories(program.getParent());
        return Files.setPosixFilePermissions(
                Files.writeString(program, ""), PosixFilePermissions.fromString("rwx------"));
    }
}
