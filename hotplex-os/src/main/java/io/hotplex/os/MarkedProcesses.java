package io.hotplex.os;

import java.util.List;

/** The living processes of this machine that carry the marks of one run. Confined to one thread. */
interface MarkedProcesses {
    /** Any process, however old. */
    long ANY = Long.MIN_VALUE;

    /**
     * Looks through all processes once. Dead ones that nobody has reaped are not among them.
     *
     * @param notBefore starts of interest; a descendant never started before its ancestor
     */
    List<Marked> find(long notBefore);

    /**
     * Kills a process if it is still the one that was found.
     *
     * @return {@code false} when it is gone already
     */
    boolean kill(Marked process);

    /**
     * A process with a mark. Id and start together are its identity: ids are given out again.
     *
     * @param start when it started, in the system's unit; 0 where that is not known
     * @param group its process group
     * @param child number of the child that it descends from, as far as the mark tells
     * @param exact whether the mark tells the whole number; otherwise it tells the number's last digits
     */
    record Marked(int pid, long start, int group, long child, boolean exact) {
        boolean descendsFrom(long number) {
            return child == (exact ? number : number % RunMarker.CHILDREN);
        }
    }
}
