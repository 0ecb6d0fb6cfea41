package io.hotplex.os;

import io.hotplex.api.ProcessUsage;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.Isolation;
import io.hotplex.api.spi.ProcessListener.Cleanup;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Process}, its group, and what it is kept in. Immutable.
 *
 * @param inRun how the run knows it, or {@code null} for the guardian
 */
record PortableChild(
        Process process, PortableGroup group, Run.@Nullable Child inRun, Enclosure enclosure, Confiner confiner)
        implements ThreadedChild {
    /** What a {@link Process} adds to the number of the signal that ended it. */
    private static final int SIGNAL_BASE = 128;

    private static final int LAST_SIGNAL = 64;

    @Override
    public long pid() {
        return process.pid();
    }

    @Override
    public OutputStream input() {
        return process.getOutputStream();
    }

    @Override
    public InputStream output() {
        return process.getInputStream();
    }

    @Override
    public InputStream errors() {
        return process.getErrorStream();
    }

    @Override
    public @Nullable String identity() {
        return inRun == null ? null : inRun.identity();
    }

    @Override
    public void onExit(Consumer<ExitStatus> told) {
        var unused = process.onExit().thenRun(() -> told.accept(enclosure.meaning(statusOf(process.exitValue()))));
    }

    @Override
    public void terminate() {
        long agent = enclosure.termGroup(process.pid());
        if (agent != process.pid() || inRun == null || !inRun.signal("TERM")) {
            group.terminate(process, agent);
        }
    }

    @Override
    public void kill() {
        enclosure.kill();
        if (inRun != null && inRun.signal("KILL")) {
            process.destroyForcibly();
        } else if (process.isAlive() || inRun != null && !inRun.searchable()) {
            group.kill(List.of(process));
        } // else the search finds the group's members too, and looks whose pid it is that it signals
    }

    @Override
    public void cleanUp(Consumer<@Nullable Cleanup> told) {
        if (inRun == null) {
            told.accept(null);
        } else {
            inRun.sweep(enclosure, found -> {
                inRun.forget();
                inRun.reaped(); // by the JDK
                told.accept(found);
            });
        }
    }

    /** Ends a process that nobody watches, and what it started. */
    void discard() {
        kill();
        if (inRun != null) {
            inRun.sweepNow();
            inRun.forget();
            inRun.reaped();
        }
        release();
    }

    @Override
    public Isolation.Applied isolation() {
        return enclosure.applied();
    }

    @Override
    public Optional<ProcessUsage> usage() {
        return inRun == null ? Optional.empty() : UsageReader.read(process.pid(), enclosure.cgroup(), inRun.family());
    }

    @Override
    public void release() {
        // the JDK has reaped the process, and the threads close its streams
        confiner.left(enclosure.cgroup());
    }

    /** A {@link Process} does not tell an exit status above 128 from a signal; signals are what such values mean. */
    private static ExitStatus statusOf(int value) {
        return value > SIGNAL_BASE && value <= SIGNAL_BASE + LAST_SIGNAL
                ? new ExitStatus(null, value - SIGNAL_BASE)
                : new ExitStatus(value, null);
    }
}
