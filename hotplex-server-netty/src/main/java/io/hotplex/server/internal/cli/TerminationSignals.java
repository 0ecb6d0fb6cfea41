package io.hotplex.server.internal.cli;

import java.time.Duration;
import java.util.List;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The signals that tell the program to end: the first one asks for an orderly end, the second one, whichever it is,
 * ends it at once. SIGTERM and SIGHUP come from outside, where nobody may be there to send another, so the orderly end
 * that they ask for has a time limit; whoever pressed Ctrl-C can press it again.
 *
 * <p>At once means: agents are killed, which takes a moment, and nothing else is waited for. A third signal does not
 * wait for that either; then the guardian kills them.
 *
 * <p>Thread-safe: the first signal is the one that is set first.
 */
final class TerminationSignals {
    /** A signal, with the exit code of a program that it ended: 128 and its number, as shells do. */
    enum Signal {
        INT(ExitCode.INTERRUPTED),
        TERM(ExitCode.TERMINATED),
        /** The terminal is gone; for who waits for the exit code this is no other case. */
        HUP(ExitCode.TERMINATED);

        private final int exitCode;

        Signal(int exitCode) {
            this.exitCode = exitCode;
        }

        int exitCode() {
            return exitCode;
        }
    }

    private final Duration grace;
    private final Consumer<Signal> orderly;
    private final Runnable kill;
    private final AtomicReference<@Nullable Signal> first = new AtomicReference<>();
    private final AtomicReference<@Nullable Signal> second = new AtomicReference<>();

    private TerminationSignals(Duration grace, Consumer<Signal> orderly, Runnable kill) {
        this.grace = grace;
        this.orderly = orderly;
        this.kill = kill;
    }

    /**
     * Takes these signals over for the rest of the program's life.
     *
     * @param grace how long the orderly end may take that was asked for from outside
     * @param orderly begins the orderly end; called once, on a thread of its own
     * @param kill kills the agents; called once, on a thread of its own
     */
    static TerminationSignals handle(Duration grace, Consumer<Signal> orderly, Runnable kill) {
        TerminationSignals handler = new TerminationSignals(grace, orderly, kill);
        for (Signal signal : List.of(Signal.values())) {
            SystemSignal.handle(signal.name(), () -> handler.received(signal));
        }
        return handler;
    }

    /** The signal that asked for the orderly end, or {@code null}. */
    @Nullable
    Signal first() {
        return first.get();
    }

    private void received(Signal signal) {
        if (!first.compareAndSet(null, signal)) {
            end(signal);
            return;
        }
        if (signal != Signal.INT) {
            new Timer("hotplex-cli-grace", true)
                    .schedule(
                            new TimerTask() {
                                @Override
                                public void run() {
                                    end(signal);
                                }
                            },
                            grace.toMillis());
        }
        orderly.accept(signal);
    }

    private void end(Signal signal) {
        try {
            if (second.compareAndSet(null, signal)) {
                kill.run();
            }
        } finally {
            Runtime.getRuntime().halt(signal.exitCode());
        }
    }
}
