package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.os.MarkedProcesses.Marked;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SweepTest {
    private static final Duration LIMIT = Duration.ofNanos(1000);

    private final List<Integer> killed = new ArrayList<>();
    private final Sweep sweep = new Sweep(process -> process.descendsFrom(7), 100, 0, LIMIT);
    private final MarkedProcesses processes = new MarkedProcesses() {
        @Override
        public List<Marked> find(long notBefore) {
            return List.of();
        }

        @Override
        public boolean kill(Marked process) {
            killed.add(process.pid());
            return true;
        }
    };

    @Test
    void endsAfterTwoEmptyPasses() {
        assertThat(pass(1)).isFalse();
        assertThat(sweep.over()).isFalse();
        assertThat(pass(2)).isFalse();

        assertThat(sweep.over()).isTrue();
        assertThat(sweep.result(3).survivorsFound()).isZero();
    }

    @Test
    void startsToCountAnewWhenSomethingIsFound() {
        pass(1);
        pass(2, outside(5));
        pass(3);
        assertThat(sweep.over()).isFalse();
        pass(4);

        assertThat(sweep.over()).isTrue();
        assertThat(killed).containsExactly(5);
        assertThat(sweep.result(9).took()).isEqualTo(Duration.ofNanos(9));
    }

    @Test
    void countsASurvivorOnceAndMembersOfTheGroupNever() {
        pass(1, outside(5), member(6));
        pass(2, outside(5), member(6), outside(8));

        assertThat(killed).containsExactly(5, 6, 5, 6, 8);
        assertThat(sweep.result(3).survivorsFound()).isEqualTo(2);
        assertThat(sweep.result(3).survivorsLeft()).isEqualTo(2);
    }

    @Test
    void aPidThatAnotherProcessGotIsAnotherSurvivor() {
        pass(1, outside(5));
        pass(2, new Marked(5, 2, 5, 7, true));

        assertThat(sweep.result(3).survivorsFound()).isEqualTo(2);
    }

    @Test
    void killsNobodyElses() {
        pass(1, new Marked(5, 1, 5, 8, true), new Marked(6, 1, 6, 7 + RunMarker.CHILDREN, true));

        assertThat(killed).isEmpty();
    }

    @Test
    void givesUpAtTheLimitAndTellsWhatIsLeft() {
        pass(1, outside(5));
        pass(1000, outside(5));

        assertThat(sweep.over()).isTrue();
        assertThat(sweep.result(1000).survivorsLeft()).isEqualTo(1);
    }

    @Test
    void whatTheKernelEndsIsASurvivorOnlyWhenItTakesLong() {
        Sweep patient = new Sweep(
                process -> process.descendsFrom(7),
                process -> process.pid() == 5,
                100,
                0,
                Duration.ofNanos(2 * Sweep.DYING_NANOS));
        patient.pass(List.of(outside(5), outside(6)), processes, 1);
        patient.pass(List.of(), processes, 2);
        assertThat(patient.result(2).survivorsFound()).isEqualTo(1);

        patient.pass(List.of(outside(5)), processes, Sweep.DYING_NANOS);
        assertThat(patient.result(Sweep.DYING_NANOS).survivorsFound()).isEqualTo(2);
    }

    private boolean pass(long now, Marked... marked) {
        return sweep.pass(List.of(marked), processes, now);
    }

    private static Marked outside(int pid) {
        return new Marked(pid, 1, pid, 7, false);
    }

    private static Marked member(int pid) {
        return new Marked(pid, 1, 100, 7, true);
    }
}
