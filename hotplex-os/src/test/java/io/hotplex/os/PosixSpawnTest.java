package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.AbstractMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class PosixSpawnTest {
    @Test
    void leavesNoDescriptorsBehindWhateverIsThrown() throws Exception {
        Map<String, String> broken = new AbstractMap<>() {
            @Override
            public Set<Entry<String, String>> entrySet() {
                throw new OutOfMemoryError("planted");
            }

            @Override
            public int size() {
                return 1;
            }
        };
        StartPlan plan = new StartPlan(Path.of("/bin/true"), List.of("true"), Path.of("/"), broken);
        assertThatThrownBy(() -> PosixSpawn.start(plan)).isInstanceOf(OutOfMemoryError.class);
        long before = LauncherContract.openDescriptors();

        for (int i = 0; i < 100; i++) {
            assertThatThrownBy(() -> PosixSpawn.start(plan)).isInstanceOf(OutOfMemoryError.class);
        }

        assertThat(LauncherContract.openDescriptors()).isLessThan(before + 100);
    }
}
