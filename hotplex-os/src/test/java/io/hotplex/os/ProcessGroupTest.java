package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.spi.ExitStatus;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class ProcessGroupTest {
    private static final Enclosure NOTHING =
            Enclosure.none(new StartPlan(Path.of("/bin/true"), List.of("true"), Path.of("/"), Map.of()));

    @Test
    void tellsNothingOfALeaderThatLives() {
        PosixSpawn.Child child = start("sleep", "600");
        ProcessGroup group = new ProcessGroup(child.pid(), NOTHING);

        assertThat(group.ended()).isFalse();
        group.kill();
        await().until(group::ended);
        assertThat(group.reap()).isEqualTo(new ExitStatus(null, 9));
        assertThat(group.reap()).isEqualTo(new ExitStatus(null, null));
    }

    @Test
    void survivesThatSomebodyElseReapedTheLeader() {
        PosixSpawn.Child child = start("true");
        ProcessGroup group = new ProcessGroup(child.pid(), NOTHING);
        await().until(() -> LibC.reap(child.pid()) == 0);

        assertThat(group.ended()).isTrue();
        assertThat(group.reap()).isEqualTo(new ExitStatus(null, null));
    }

    @Test
    void discardsAProcessThatNobodyWaitsFor() {
        PosixSpawn.Child child = start("sleep", "600");

        new ProcessGroup(child.pid(), NOTHING).discard();

        assertThat(LibC.childState(child.pid())).isEqualTo(LibC.ChildState.GONE);
    }

    private static PosixSpawn.Child start(String... command) {
        StartPlan plan = new StartPlan(
                Path.of("/bin/" + command[0]), List.of(command), Path.of("/"), Map.of("PATH", "/usr/bin:/bin"));
        PosixSpawn.Child child = PosixSpawn.start(plan);
        LibC.close(child.stdin());
        LibC.close(child.stdout());
        LibC.close(child.stderr());
        return child;
    }
}
