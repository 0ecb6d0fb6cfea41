package io.hotplex.os;

import java.util.concurrent.ThreadLocalRandom;

/**
 * Marks that every process started by one launcher carries and hands on to its descendants, by which they can be found
 * when they have left their group: an environment variable, and on Linux a soft limit on file locks, which survives an
 * emptied environment.
 *
 * <p>The run is in the variable's name, so that a HotPlex started by an agent adds its own and overwrites nothing.
 *
 * @param run a random number of {@link #DIGITS} digits
 */
record RunMarker(long run) {
    /** Length of the run number. */
    static final int DIGITS = 12;

    /** So many children have different limits; with the run the number still fits. */
    static final long CHILDREN = 1_000_000;

    static RunMarker random() {
        return new RunMarker(ThreadLocalRandom.current().nextLong(100_000_000_000L, 1_000_000_000_000L));
    }

    /** Name of the environment variable; its value is the child's number. */
    String variable() {
        return "HOTPLEX_" + run;
    }

    /**
     * The soft limit of a child: the run followed by six digits.
     *
     * @param child number of the child within the run, from 1
     */
    long lockLimit(long child) {
        return run * CHILDREN + child % CHILDREN;
    }

    /** Whether a soft limit is that of a child of this run. */
    boolean isLimit(long limit) {
        return limit / CHILDREN == run;
    }
}
