package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.LauncherConfig.GuardianMode;
import io.hotplex.api.spi.ProcessListener;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a run makes of its guardian, on a clock that stands still: nothing starts by itself. */
class GuardianTest {
    private final List<String> told = new ArrayList<>();
    private final List<Runnable> later = new ArrayList<>();
    private final Timers timers = new Timers() {
        @Override
        public long nanoTime() {
            return 0;
        }

        @Override
        public Runnable at(long nanoTime, Runnable task) {
            later.add(task);
            return () -> {};
        }
    };

    @Test
    void noAgentStartsWithoutAGuardianThatIsRequired() {
        try (Run run = run(GuardianMode.REQUIRED)) {
            run.guard((command, listener) -> refuse(), timers, Runnable::run, Duration.ofMillis(1));

            assertThatThrownBy(run::nextNumber)
                    .isInstanceOfSatisfying(
                            HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.AGENT_START_FAILED))
                    .hasMessageContaining("guardian=required");
            assertThat(run.probes()).anyMatch(probe -> probe.name().equals("guardian") && !probe.ok());
        }
    }

    @Test
    void agentsStartWithoutAGuardianThatIsNotRequired() {
        try (Run run = run(GuardianMode.ON)) {
            run.guard((command, listener) -> refuse(), timers, Runnable::run, Duration.ofMillis(1));

            assertThat(run.nextNumber()).isPositive();
        }
    }

    @Test
    void agentsStartAgainWhenTheNextAttemptBringsAGuardian() {
        boolean[] works = new boolean[1];
        try (Run run = run(GuardianMode.REQUIRED)) {
            run.guard(
                    (command, listener) -> works[0] ? new Script() : refuse(),
                    timers,
                    Runnable::run,
                    Duration.ofMillis(1));
            works[0] = true;
            later.remove(0).run();

            assertThat(run.nextNumber()).isPositive();
        }
    }

    @Test
    void theNextGuardianHearsWhatTheOneThatDiedKnew() {
        Guardian guardian = new Guardian(listener -> new Script(), timers);
        guardian.start();
        guardian.register(7);
        guardian.register(8);
        guardian.forget(7);
        told.clear();

        guardian.onExit(new ProcessListener.Exit(new ExitStatus(null, 9), List.of(), null));
        later.remove(0).run(); // it lived for no time at all, so the next one waits

        assertThat(told).containsExactly("+ 8");
    }

    @Test
    void oneThatStartsWhileTheRunEndsIsSentAway() {
        Guardian[] guardian = new Guardian[1];
        guardian[0] = new Guardian(
                listener -> {
                    guardian[0].end(true); // from another thread, in the middle of the start
                    return new Script();
                },
                timers);

        guardian[0].start();

        assertThat(told).containsExactly("q", "end");
    }

    private static Run run(GuardianMode mode) {
        return new Run(LauncherConfig.builder().guardian(mode).build(), false, false, group -> {});
    }

    private static AgentProcess refuse() {
        throw new HotPlexException(ErrorCode.AGENT_START_FAILED, "planted");
    }

    /** Writes down what it is told. */
    private final class Script implements AgentProcess {
        @Override
        public long pid() {
            return 1;
        }

        @Override
        public boolean write(byte[] data) {
            told.add(new String(data, StandardCharsets.US_ASCII).strip());
            return true;
        }

        @Override
        public void closeInput() {
            told.add("end");
        }

        @Override
        public void reading(boolean on) {
            // it says nothing
        }

        @Override
        public void terminate(Duration eofGrace, Duration termGrace) {
            told.add("terminate");
        }
    }
}
