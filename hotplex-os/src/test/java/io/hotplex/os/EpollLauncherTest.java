package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.spi.ProcessLauncher;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
    void marksProcessesWithALimitThatSurvivesAnEmptyEnvironment() throws Exception {
        Recorder recorder = new Recorder();
        shell(recorder, "read x; env -i sleep 600 & echo $!; wait").write(bytes("go\n"));
        long grandchild = Long.parseLong(recorder.line(1));
        String environment = Files.readString(Path.of("/proc/" + started.get(0).pid() + "/environ"));
        String run = environment.replaceAll("(?s).*HOTPLEX_(\\d{12})=1\0.*", "$1");

        await().untilAsserted(() -> assertThat(Files.readString(Path.of("/proc/" + grandchild + "/limits")))
                .containsPattern("Max file locks +" + run + "00001 "));
    }
}
