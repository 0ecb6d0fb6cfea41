package io.hotplex.os;

import io.hotplex.api.ProcessUsage;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.Isolation;
import io.hotplex.api.spi.ProcessListener.Cleanup;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A started process and its group, for {@link ThreadedProcess}. Each stream is read or written, and closed, by one
 * thread; all other methods are called on the control thread.
 */
interface ThreadedChild {
    /** Process id of the leader. */
    long pid();

    /** What the process reads. */
    OutputStream input();

    InputStream output();

    InputStream errors();

    /** Calls once, on any thread, when the leader has ended. */
    void onExit(Consumer<ExitStatus> told);

    /** Asks all members of the group to end, where that can be asked. */
    void terminate();

    /** Ends all members of the group, also when the leader has ended. */
    void kill();

    /**
     * Searches for what left the group, when the leader has ended and the group was killed.
     *
     * @param told called once, on any thread, with what was found, or with {@code null} where nobody can look
     */
    void cleanUp(Consumer<@Nullable Cleanup> told);

    /** What names it for a later launcher, or {@code null} where nothing does. */
    default @Nullable String identity() {
        return null;
    }

    /** What became of the isolation that was asked for. */
    Isolation.Applied isolation();

    /** What it uses; on any thread, which it may block for some milliseconds. */
    default Optional<ProcessUsage> usage() {
        return Optional.empty();
    }

    /** The exit was told: nothing is called after this. */
    void release();
}
