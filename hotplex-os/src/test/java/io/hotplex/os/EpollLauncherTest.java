package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EpollLauncherTest extends LauncherContract {
    @Override
    ProcessLauncher open(ChildEnvironment environment) {
        PosixLauncher.Capabilities capabilities = new PosixLauncher.Capabilities(List.of(), EpollSelector::new, true);
        return PosixLauncher.open(CONFIG, capabilities, environment);
    }

    @Test
    void oneThreadServesAThousand() throws Exception {
        int threads = Thread.getAllStackTraces().size();
        List<Recorder> recorders = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            Recorder recorder = new Recorder();
            start(recorder, "cat");
            recorders.add(recorder);
        }
        started.forEach(each -> each.write(bytes("x\n")));
        recorders.forEach(each -> each.line(1));

        assertThat(Thread.getAllStackTraces().size()).isLessThanOrEqualTo(threads + 2);
        started.forEach(each -> each.closeInput());
        for (Recorder recorder : recorders) {
            assertThat(recorder.exit().status().success()).isTrue();
        }
    }

    @Test
    void losesNoOutputOfShortLivesEvenWithoutDrainTimeout() throws Exception {
        LauncherConfig impatient = LauncherConfig.builder()
                .ioThreads(2)
                .maxLineBytes(1000)
                .stdinQueueBytes(1000)
                .stderrTailLines(3)
                .drainTimeout(Duration.ZERO)
                .build();
        PosixLauncher.Capabilities capabilities = new PosixLauncher.Capabilities(List.of(), EpollSelector::new, true);
        ChildEnvironment environment = new ChildEnvironment(SOURCE, List.of());
        try (ProcessLauncher launcher = PosixLauncher.open(impatient, capabilities, environment)) {
            List<Recorder> recorders = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                Recorder recorder = new Recorder();
                List<String> command = List.of("sh", "-c", "echo out; echo error >&2");
                launcher.launch(new ProcessSpec("test", command, dir, List.of(), Map.of()), recorder);
                recorders.add(recorder);
            }
            for (Recorder recorder : recorders) {
                assertThat(recorder.exit().stderrTail()).containsExactly("error");
                assertThat(recorder.calls).containsExactly("out", "<end>", "<exit status 0>");
            }
        }
    }

    @Test
    void marksProcessesWithALimitThatSurvivesAnEmptyEnvironment() throws Exception {
        Recorder recorder = new Recorder();
        shell(recorder, "read x; env -i sleep 600 & echo $!; wait").write(bytes("go\n"));
        long grandchild = Long.parseLong(recorder.line(1));
        String environment = Files.readString(Path.of("/proc/" + started.get(0).pid() + "/environ"));
        String run = environment.replaceAll("(?s).*HOTPLEX_(\\d{12})=1\0.*", "$1");

        await().untilAsserted(() -> assertThat(Files.readString(Path.of("/proc/" + grandchild + "/limits")))
                .containsPattern("Max file locks +" + run + "000001 "));
    }
}
