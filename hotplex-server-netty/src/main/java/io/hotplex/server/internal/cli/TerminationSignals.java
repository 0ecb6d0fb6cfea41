package io.hotplex.server.internal.cli;

import java.time.Duration;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * SIGTERM and SIGHUP: the first one asks for an orderly end, which has a time limit; the next one, or the limit, ends
 * the program at once. Then the guardian ends the agents. Thread-safe.
 */
final class TerminationSignals {
    /** 128 and the number of SIGTERM, as shells do. */
    static final int EXIT_CODE = 143;

    private final Duration grace;
    private final Runnable orderly;
    private final AtomicInteger signals = new AtomicInteger();

    private TerminationSignals(Duration grace, Runnable orderly) {
        this.grace = grace;
        this.orderly = orderly;
    }

    /**
     * Takes over both signals for the rest of the program's life.
     *
     * @param grace how long the orderly end may take
     * @param orderly begins the orderly end; called once, on a thread of its own
     */
    static TerminationSignals handle(Duration grace, Runnable orderly) {
        TerminationSignals handler = new TerminationSignals(grace, orderly);
        InterruptSignal.handle("TERM", handler::received);
        InterruptSignal.handle("HUP", handler::received);
        return handler;
    }

    /** Whether the program was told to end; then its exit code is {@link #EXIT_CODE}. */
    boolean any() {
        return signals.get() > 0;
    }

    private void received() {
        if (signals.incrementAndGet() > 1) {
            Runtime.getRuntime().halt(EXIT_CODE);
        }
        new Timer("hotplex-cli-grace", true)
                .schedule(
                        new TimerTask() {
                            @Override
                            public void run() {
                                Runtime.getRuntime().halt(EXIT_CODE);
                            }
                        },
                        grace.toMillis());
        orderly.run();
    }
}
