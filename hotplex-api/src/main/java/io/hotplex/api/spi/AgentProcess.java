package io.hotplex.api.spi;

import io.hotplex.api.ProcessUsage;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A started process and its group. Thread-safe; no method blocks, except for {@link #usage()}. */
public interface AgentProcess {
    /** Process id of the group's leader, as the host sees it. */
    long pid();

    /**
     * What names this process, with everything that it started, for a later launcher on this machine: one line of text
     * for {@link ProcessLauncher#endLeftBehind}. {@code null} where nothing does.
     */
    default @Nullable String identity() {
        return null;
    }

    /**
     * Writes to standard input: what the pipe takes now at once, the rest when there is room.
     *
     * @param data must not be changed afterwards
     * @return {@code false} when the queue of unwritten bytes is full or the pipe is gone; then nothing was taken
     */
    boolean write(byte[] data);

    /** Closes standard input after what is queued was written. Idempotent. */
    void closeInput();

    /**
     * Stops or resumes reading standard output; while stopped the agent blocks when its pipe is full. Lines that were
     * read already still come, and what is in the pipe when the process ends comes before its
     * {@link ProcessListener#onExit}.
     */
    void reading(boolean on);

    /**
     * Ends the whole group: closes standard input, waits for {@code eofGrace}, sends TERM, waits for {@code termGrace},
     * sends KILL. Each step is skipped when its time is zero or the process is gone. A shorter second call shortens the
     * first. The end is told by {@link ProcessListener#onExit}.
     */
    void terminate(Duration eofGrace, Duration termGrace);

    /** What became of the isolation that was asked for. */
    default Isolation.Applied isolation() {
        return Isolation.Applied.NONE;
    }

    /**
     * What it uses now, with everything that it started; empty when it has ended or the system does not tell. Blocks
     * for some milliseconds, since it looks at all processes of the system: not for threads that serve others.
     */
    default Optional<ProcessUsage> usage() {
        return Optional.empty();
    }
}
