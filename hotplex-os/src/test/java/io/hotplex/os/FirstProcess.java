package io.hotplex.os;

import static org.awaitility.Awaitility.await;

import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessSpec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** A program that is process 1 of its namespace and writes to a file what became of its orphans. */
final class FirstProcess {
    private FirstProcess() {}

    /** @param arguments the file, and the launcher */
    public static void main(String[] arguments) throws Exception {
        StringBuilder seen = new StringBuilder("pid " + ProcessHandle.current().pid());
        if (arguments[1].equals("portable")) {
            tellWhatIsMissing(seen);
        } else {
            runAgents(seen);
        }
        Files.writeString(Path.of(arguments[0]), seen);
    }

    private static void tellWhatIsMissing(StringBuilder seen) {
        try (ProcessLauncher launcher =
                new OsLaunchers().open(LauncherConfig.builder().kind("portable").build())) {
            launcher.info().probes().stream()
                    .filter(probe -> probe.name().equals("reaping"))
                    .forEach(probe -> seen.append(" reaping " + probe.ok() + " " + probe.detail()));
        }
    }

    private static void runAgents(StringBuilder seen) throws Exception {
        List<Process> foreign = new ArrayList<>();
        try (ProcessLauncher launcher =
                new OsLaunchers().open(LauncherConfig.builder().kind("posix").build())) {
            for (int i = 0; i < 10; i++) {
                Recorder recorder = new Recorder();
                String script = "(setsid sleep 600 &); (sh -c 'exit 0' &); echo up; read x; exit 5";
                AgentProcess agent = launcher.launch(
                        new ProcessSpec("agent", List.of("sh", "-c", script), Path.of("/"), List.of(), Map.of()),
                        recorder);
                recorder.line(1);
                foreign.add(new ProcessBuilder("sh", "-c", "exit 7").start());
                agent.write("go\n".getBytes(StandardCharsets.UTF_8));
                seen.append(' ').append(recorder.exit().status().code());
            }
            await().atMost(Duration.ofSeconds(20)).until(() -> deadChildren() == 0);
        }
        for (Process process : foreign) {
            seen.append(' ').append(process.waitFor());
        }
    }

    private static long deadChildren() {
        ProcFs proc = new ProcFs();
        return Arrays.stream(proc.pids())
                .mapToObj(proc::look)
                .filter(look -> look != null && look.dead() && look.parent() == 1)
                .count();
    }
}
