package io.hotplex.os;

import io.hotplex.api.spi.ExitStatus;
import org.jspecify.annotations.Nullable;

/**
 * A child and everything it started that stayed in its group: what is signalled and reaped. Confined to the loop's
 * thread.
 *
 * <p>The leader's pid, which is the group's id as well, cannot be given to another process before the leader is reaped.
 * So signals go out before that only, and {@link #reap} kills the group first.
 */
final class ProcessGroup {
    private final int leader;
    private boolean reaped;

    ProcessGroup(int leader) {
        this.leader = leader;
    }

    int leader() {
        return leader;
    }

    /** Asks all members to end. */
    void terminate() {
        signal(LibC.SIGTERM);
    }

    /** Ends all members: the one way in which the processes of a child get killed. */
    void kill() {
        signal(LibC.SIGKILL);
    }

    /**
     * Kills what is left of the group and takes the leader's status, if the leader has ended.
     *
     * @return {@code null} when the leader lives
     */
    @Nullable
    ExitStatus reap() {
        LibC.ChildState state = reaped ? LibC.ChildState.RUNNING : LibC.childState(leader);
        if (state == LibC.ChildState.RUNNING) {
            return null;
        }
        if (state == LibC.ChildState.GONE) { // the id may be another's by now
            reaped = true;
            return new ExitStatus(null, null);
        }
        kill();
        reaped = true;
        int status = LibC.reap(leader);
        if (status < 0) {
            return new ExitStatus(null, null);
        }
        int signal = status & 0x7f;
        return signal == 0 ? new ExitStatus(status >> 8 & 0xff, null) : new ExitStatus(null, signal);
    }

    /**
     * Kills the group and waits for the leader, which takes it well under a millisecond. On any thread, when no loop
     * has it.
     */
    void discard() {
        kill();
        LibC.waitpid(leader, new int[1], 0);
        reaped = true;
    }

    private void signal(int signal) {
        if (!reaped) {
            LibC.kill(-leader, signal);
        }
    }
}
