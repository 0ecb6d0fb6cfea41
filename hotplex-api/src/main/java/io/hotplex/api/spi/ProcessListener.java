package io.hotplex.api.spi;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Hears of one process. The calls for one process never overlap and come in order: lines, then {@link #onOutputEnd()},
 * then {@link #onExit} exactly once and last. They run on a thread that serves other processes as well: they must be
 * short and never block. A throw is logged, the process is killed.
 */
public interface ProcessListener {
    /** A line of standard output; valid during the call only. */
    void onLine(AgentLine line);

    /** Standard output has ended; the process may live on. */
    void onOutputEnd();

    /** The process was reaped, its group and what had left it killed, its output read. */
    void onExit(Exit exit);

    /**
     * @param status how it ended
     * @param stderrTail the last lines of its error output, oldest first
     * @param cleanup what was found of its descendants after its group was killed, or {@code null} where this launcher
     *     cannot look for them
     */
    record Exit(
            ExitStatus status,
            List<String> stderrTail,
            @Nullable Cleanup cleanup) {
        public Exit {
            stderrTail = List.copyOf(stderrTail);
        }
    }

    /**
     * What the search for descendants that outlived their group came to.
     *
     * @param survivorsFound how many there were; all of them were killed, or tried to
     * @param survivorsLeft how many were still there when the search had to end
     * @param took from the kill of the group to the end of the search
     */
    record Cleanup(int survivorsFound, int survivorsLeft, Duration took) {}
}
