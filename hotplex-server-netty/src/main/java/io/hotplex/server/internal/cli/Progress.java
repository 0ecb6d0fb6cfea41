package io.hotplex.server.internal.cli;

import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Moves something on the terminal while nothing else does, until it is closed. Thread-safe. */
interface Progress extends AutoCloseable {
    /** Moves nothing. */
    Progress NONE = () -> {};

    @Override
    void close();

    /** Something that turns, beside the seconds that passed since now. */
    static Progress on(TextView view) {
        String frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
        long periodMillis = 120;
        long start = System.nanoTime();
        AtomicInteger ticks = new AtomicInteger();
        ScheduledThreadPoolExecutor clock = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "hotplex-cli-progress");
            thread.setDaemon(true);
            return thread;
        });
        // What is answered within a blink needs no progress.
        var unused = clock.scheduleAtFixedRate(
                () -> {
                    int frame = ticks.getAndIncrement() % frames.length();
                    view.waiting(frames.substring(frame, frame + 1), Duration.ofNanos(System.nanoTime() - start));
                },
                3 * periodMillis,
                periodMillis,
                TimeUnit.MILLISECONDS);
        return clock::shutdownNow;
    }
}
