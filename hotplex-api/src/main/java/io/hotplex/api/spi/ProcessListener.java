package io.hotplex.api.spi;

import java.util.List;

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

    /** The process was reaped, its group killed, its output read. */
    void onExit(Exit exit);

    /**
     * @param status how it ended
     * @param stderrTail the last lines of its error output, oldest first
     */
    record Exit(ExitStatus status, List<String> stderrTail) {
        public Exit {
            stderrTail = List.copyOf(stderrTail);
        }
    }
}
