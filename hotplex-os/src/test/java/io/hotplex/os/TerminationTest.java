package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TerminationTest {
    private final List<String> steps = new ArrayList<>();
    private final ManualTimers timers = new ManualTimers();
    private final Termination termination = new Termination(timers, new Termination.Target() {
        @Override
        public void closeInput() {
            steps.add("eof");
        }

        @Override
        public void signalTerm() {
            steps.add("term");
        }

        @Override
        public void signalKill() {
            steps.add("kill");
        }
    });

    @Test
    void goesThroughAllStepsInTime() {
        request(10, 20);
        assertThat(steps).containsExactly("eof");
        timers.advanceTo(9);
        assertThat(steps).containsExactly("eof");
        timers.advanceTo(10);
        assertThat(steps).containsExactly("eof", "term");
        timers.advanceTo(29);
        assertThat(steps).containsExactly("eof", "term");
        timers.advanceTo(30);
        assertThat(steps).containsExactly("eof", "term", "kill");
        assertThat(timers.waiting()).isZero();
    }

    @Test
    void skipsStepsWithoutTime() {
        request(0, 10);
        assertThat(steps).containsExactly("term");
    }

    @Test
    void killsAtOnceWithoutAnyTime() {
        request(0, 0);
        assertThat(steps).containsExactly("kill");
    }

    @Test
    void killsWithoutTermWhenThatHasNoTime() {
        request(10, 0);
        timers.advanceTo(10);
        assertThat(steps).containsExactly("eof", "kill");
    }

    @Test
    void aShorterRequestShortens() {
        request(100, 100);
        timers.advanceTo(5);
        request(10, 10);
        timers.advanceTo(15);
        assertThat(steps).containsExactly("eof", "term");
        timers.advanceTo(25);
        assertThat(steps).containsExactly("eof", "term", "kill");
    }

    @Test
    void aLongerRequestChangesNothing() {
        request(10, 10);
        request(100, 100);
        timers.advanceTo(10);
        timers.advanceTo(20);
        assertThat(steps).containsExactly("eof", "term", "kill");
    }

    @Test
    void anEndedProcessIsNotSignalled() {
        request(10, 10);
        termination.cancel();
        timers.advanceTo(1000);
        request(0, 0);
        assertThat(steps).containsExactly("eof");
        assertThat(timers.waiting()).isZero();
    }

    @Test
    void takesTimesBeyondAnyClock() {
        termination.request(Duration.ofSeconds(Long.MAX_VALUE), Duration.ofSeconds(Long.MAX_VALUE));
        timers.advanceTo(1000);
        assertThat(steps).containsExactly("eof");
    }

    private void request(long eofMillis, long termMillis) {
        termination.request(Duration.ofMillis(eofMillis), Duration.ofMillis(termMillis));
    }

    /** A clock that a test moves. Begins shortly before the number overflows. */
    private static final class ManualTimers implements Timers {
        private static final long ORIGIN = Long.MAX_VALUE - 5_000_000;

        private record Entry(long at, Runnable task) {}

        private final List<Entry> entries = new ArrayList<>();
        private long now = ORIGIN;

        @Override
        public long nanoTime() {
            return now;
        }

        @Override
        public Runnable at(long nanoTime, Runnable task) {
            Entry entry = new Entry(nanoTime, task);
            entries.add(entry);
            return () -> entries.remove(entry);
        }

        void advanceTo(long millis) {
            now = ORIGIN + Duration.ofMillis(millis).toNanos();
            for (Entry entry : List.copyOf(entries)) {
                if (now - entry.at >= 0 && entries.remove(entry)) {
                    entry.task.run();
                }
            }
        }

        int waiting() {
            return entries.size();
        }
    }
}
