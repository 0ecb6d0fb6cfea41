package io.hotplex.os;

import java.time.Duration;

/**
 * Ends a process in steps: close its input, then TERM, then KILL. Confined to the process's owner thread.
 *
 * <p>Each request asks for a time at which TERM is due and one at which KILL is due; the earliest of all requests hold,
 * so a later request can shorten and never prolong. Steps only go forward: RUNNING, INPUT_CLOSED, TERM_SENT, KILL_SENT.
 */
final class Termination {
    /** What is done to the process. */
    interface Target {
        void closeInput();

        void signalTerm();

        void signalKill();
    }

    private enum Step {
        RUNNING,
        INPUT_CLOSED,
        TERM_SENT,
        KILL_SENT
    }

    /** Longer waits are as good as this one, and it keeps the arithmetic on nanoseconds from overflowing. */
    private static final Duration LONGEST = Duration.ofDays(365);

    private final Timers timers;
    private final Target target;
    private Step step = Step.RUNNING;
    private long termAt;
    private long killAt;
    private Runnable cancelTimer = () -> {};

    Termination(Timers timers, Target target) {
        this.timers = timers;
        this.target = target;
    }

    /** Begins, or shortens what has begun; see {@link io.hotplex.api.spi.AgentProcess#terminate}. */
    void request(Duration eofGrace, Duration termGrace) {
        long now = timers.nanoTime();
        long term = now + nanos(eofGrace);
        long kill = term + nanos(termGrace);
        boolean first = step == Step.RUNNING;
        termAt = first || term - termAt < 0 ? term : termAt;
        killAt = first || kill - killAt < 0 ? kill : killAt;
        if (first) {
            step = Step.INPUT_CLOSED;
            if (termAt - now > 0) {
                target.closeInput();
            }
        }
        advance();
    }

    /** The process has ended: nothing more is to be done. */
    void cancel() {
        step = Step.KILL_SENT;
        cancelTimer.run();
    }

    private void advance() {
        cancelTimer.run();
        if (step == Step.KILL_SENT) {
            return;
        }
        long now = timers.nanoTime();
        if (now - killAt >= 0) {
            step = Step.KILL_SENT;
            target.signalKill();
        } else {
            if (step == Step.INPUT_CLOSED && now - termAt >= 0) {
                step = Step.TERM_SENT;
                target.signalTerm();
            }
            cancelTimer = timers.at(step == Step.TERM_SENT ? killAt : termAt, this::advance);
        }
    }

    private static long nanos(Duration duration) {
        if (duration.isNegative()) {
            return 0;
        }
        return duration.compareTo(LONGEST) > 0 ? LONGEST.toNanos() : duration.toNanos();
    }
}
