package io.hotplex.os;

import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessSpec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A program that opens a launcher of a kind, lets a shell echo a line, and writes what it saw to a file. */
final class OtherJvm {
    private OtherJvm() {}

    /** @param arguments kind and file */
    public static void main(String[] arguments) throws Exception {
        LauncherConfig config = LauncherConfig.builder()
                .kind(arguments[0])
                .maxLineBytes(1000)
                .stdinQueueBytes(1000)
                .stderrTailLines(5)
                .build();
        StringBuilder seen = new StringBuilder();
        try (ProcessLauncher launcher = new OsLaunchers().open(config)) {
            Recorder recorder = new Recorder();
            AgentProcess process = launcher.launch(
                    new ProcessSpec(
                            "other",
                            List.of("sh", "-c", "read x; echo $x; echo error >&2"),
                            Path.of("/"),
                            List.of(),
                            Map.of()),
                    recorder);
            process.write("in\n".getBytes(StandardCharsets.UTF_8));
            seen.append(launcher.info().name())
                    .append(' ')
                    .append(recorder.exit().stderrTail())
                    .append(recorder.calls);
        } catch (io.hotplex.api.HotPlexException e) {
            seen.append(e.code()).append(": ").append(e.getMessage());
        }
        Files.writeString(Path.of(arguments[1]), seen);
    }
}
