package io.hotplex.os;

import io.hotplex.api.spi.ExitStatus;

/**
 * A child and everything it started that stayed in its group: what is signalled and reaped. Confined to the loop's
 * thread.
 *
 * <p>The leader's pid, which is the group's id as well, cannot be given to another process before the leader is reaped.
 * So signals go out before that only, and {@link #ended} kills the group.
 */
final class ProcessGroup {
    private final int leader;
    private final Enclosure enclosure;
    private boolean reaped;

    ProcessGroup(int leader, Enclosure enclosure) {
        this.leader = leader;
        this.enclosure = enclosure;
    }

    int leader() {
        return leader;
    }

    /** Asks all members to end. */
    void terminate() {
        int group = (int) enclosure.termGroup(leader);
        if (!signal(group, LibC.SIGTERM) && group != leader) { // it has just ended, and its wrapper may have as well
            signal((int) enclosure.termGroup(leader), LibC.SIGTERM);
        }
    }

    /** Ends all members: the one way in which the processes of a child get killed. */
    void kill() {
        enclosure.kill();
        signal(leader, LibC.SIGKILL);
    }

    /**
     * Looks whether the leader has ended; if so, what is left of the group is killed. The leader stays as it is, so
     * that nobody gets its pid, until {@link #reap}.
     */
    boolean ended() {
        LibC.ChildState state = reaped ? LibC.ChildState.GONE : LibC.childState(leader);
        if (state == LibC.ChildState.RUNNING) {
            return false;
        }
        if (state == LibC.ChildState.GONE) { // the id may be another's by now
            reaped = true;
        } else {
            kill();
        }
        return true;
    }

    /** Takes the status of the leader, which has ended, and with it its pid away. */
    ExitStatus reap() {
        int status = reaped ? -1 : LibC.reap(leader);
        reaped = true;
        if (status < 0) {
            return new ExitStatus(null, null);
        }
        int signal = status & 0x7f;
        return enclosure.meaning(signal == 0 ? new ExitStatus(status >> 8 & 0xff, null) : new ExitStatus(null, signal));
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

    /** @return whether somebody got it */
    private boolean signal(int group, int signal) {
        return !reaped && LibC.kill(-group, signal) == 0;
    }
}
