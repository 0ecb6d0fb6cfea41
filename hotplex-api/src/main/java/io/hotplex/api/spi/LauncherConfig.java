package io.hotplex.api.spi;

import java.time.Duration;
import java.util.List;

/**
 * Limits of a process launcher.
 *
 * @param kind {@code auto}, {@code posix} or {@code portable}
 * @param ioThreads I/O loops, 1 to 64
 * @param maxLineBytes longest line of an agent; the rest of a longer one is dropped and the line marked
 * @param stdinQueueBytes how much may wait to be written to one agent
 * @param stderrTailLines how many of the last lines of error output are kept
 * @param drainTimeout how long output is read after a process ended while others hold its pipes
 * @param inherit names of further variables that every child takes over when they are set; a trailing {@code *} matches
 *     a prefix
 */
public record LauncherConfig(
        String kind,
        int ioThreads,
        int maxLineBytes,
        int stdinQueueBytes,
        int stderrTailLines,
        Duration drainTimeout,
        List<String> inherit) {
    /** One loop, lines of 64 MiB, 64 MiB of queued input, 20 lines of error output. */
    public static final LauncherConfig DEFAULT =
            new LauncherConfig("auto", 1, 64 << 20, 64 << 20, 20, Duration.ofSeconds(1), List.of());

    public LauncherConfig {
        inherit = List.copyOf(inherit);
    }
}
