package io.hotplex.os;

import io.hotplex.api.Confinement.Kind;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.Isolation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What one process is kept in: how to start it there, and what that means for its signals and its end. Immutable; no
 * method blocks.
 *
 * @param plan starts it
 * @param applied what it is kept in, and what is missing
 * @param cgroup its control group, or {@code null}
 */
record Enclosure(
        StartPlan plan, Isolation.Applied applied, @Nullable Cgroup cgroup) {
    /** What shells and wrappers add to the number of the signal that ended their child. */
    private static final int SIGNAL_BASE = 128;

    private static final int LAST_SIGNAL = 64;

    /** A process that is kept in nothing. */
    static Enclosure none(StartPlan plan) {
        return new Enclosure(plan, Isolation.Applied.NONE, null);
    }

    private Kind kind() {
        return applied.confinement();
    }

    /** Whether the kernel kills it when the thread ends that started it. */
    boolean diesWithItsThread() {
        return kind() == Kind.PID_NAMESPACE || kind() == Kind.BUBBLEWRAP;
    }

    /** Ends everything in it, before the group is killed: a member of the group could start more otherwise. */
    void kill() {
        if (cgroup != null) {
            cgroup.kill();
        }
    }

    /** Whether the kernel ends a process with the rest of it: it takes a moment, but needs nobody to find it. */
    boolean ends(int pid) {
        return diesWithItsThread()
                || cgroup != null && Arrays.stream(cgroup.processes()).anyMatch(member -> member == pid);
    }

    /**
     * The process group that is asked to end. {@code bwrap} would just die of it, so there it is the group of its
     * child, in which the agent is. Looked at right before the signal: {@code bwrap} reaps that child itself. While the
     * child has no group yet, there is no agent to ask, and TERM may as well end {@code bwrap}.
     */
    long termGroup(long leader) {
        if (kind() == Kind.BUBBLEWRAP) {
            try {
                String children = Files.readString(
                                Path.of("/proc/" + leader + "/task/" + leader + "/children"), StandardCharsets.US_ASCII)
                        .strip();
                int child = children.isEmpty() ? 0 : Integer.parseInt(children.split(" ", -1)[0]);
                ProcFs.Look look = child == 0 ? null : new ProcFs().look(child);
                boolean group = look != null && !look.dead() && look.parent() == leader && look.group() == child;
                return group ? child : leader;
            } catch (IOException | NumberFormatException e) {
                return leader; // it has ended, or this kernel does not tell: then TERM is a kill
            }
        }
        return leader;
    }

    /** What the end of the process means, which may have been a wrapper around the agent. */
    ExitStatus meaning(ExitStatus status) {
        ExitStatus real = diesWithItsThread() ? unwrapped(status) : status;
        boolean killed = real.signal() != null && real.signal() == LibC.SIGKILL;
        return killed && cgroup != null && cgroup.oomKills() > 0 ? new ExitStatus(null, real.signal(), true) : real;
    }

    private static ExitStatus unwrapped(ExitStatus status) {
        Integer code = status.code();
        return code != null && code > SIGNAL_BASE && code <= SIGNAL_BASE + LAST_SIGNAL
                ? new ExitStatus(null, code - SIGNAL_BASE)
                : status;
    }
}
