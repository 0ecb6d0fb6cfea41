package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class CensusTest {
    /** Above what any system gives out. */
    private static final int NOBODY = Integer.MAX_VALUE;

    private final AtomicLong time = new AtomicLong();
    private final List<Long> looks = new ArrayList<>();
    private final MarkedProcesses processes = new MarkedProcesses() {
        @Override
        public List<Marked> find(long notBefore) {
            looks.add(notBefore);
            return List.of(new Marked(NOBODY - 1, 1, 1, 7, true), new Marked(NOBODY - 2, 1, 1, 8, true));
        }

        @Override
        public boolean kill(Marked process) {
            return false;
        }
    };
    private final Census census = new Census(processes, time::get);

    @Test
    void looksOnceForAllWhoAskWithinAMoment() {
        assertThat(census.family(NOBODY, 7)).containsExactlyInAnyOrder(NOBODY, NOBODY - 1);
        assertThat(census.family(NOBODY, 8)).containsExactlyInAnyOrder(NOBODY, NOBODY - 2);
        assertThat(looks).hasSize(1);

        time.addAndGet(Census.FRESH_NANOS);
        census.family(NOBODY, 7);
        assertThat(looks).hasSize(2);
    }

    @Test
    void descendantsAreThoseOfParentsAndThoseWithMarks() throws Exception {
        Process child = new ProcessBuilder("sh", "-c", "sleep 600 & echo; wait").start();
        try {
            assertThat(child.getInputStream().read()).isEqualTo('\n');
            int pid = (int) child.pid();
            Integer[] below = child.descendants().map(each -> (int) each.pid()).toArray(Integer[]::new);

            assertThat(below).isNotEmpty();
            assertThat(census.family((int) ProcessHandle.current().pid(), 8))
                    .contains(pid, NOBODY - 2)
                    .contains(below)
                    .doesNotContain(NOBODY - 1);
        } finally {
            child.descendants().forEach(ProcessHandle::destroyForcibly);
            child.destroyForcibly();
        }
    }
}
