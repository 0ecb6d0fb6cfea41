package io.hotplex.benchmarks;

import java.io.IOException;

/**
 * Two sides that were measured in turn: each came after the other, and after itself, equally often.
 *
 * @param ours of the first side
 * @param theirs of the second
 */
record InTurn(Samples ours, Samples theirs) {
    /** Does one thing once. */
    interface Side {
        /** How long it took, in nanoseconds. */
        long nanos() throws IOException;
    }

    static InTurn measure(int rounds, Side ours, Side theirs) throws IOException {
        InTurn measured = new InTurn(new Samples(), new Samples());
        for (int i = 0; i < rounds; i++) {
            if (i % 2 == 0) {
                measured.ours.add(ours.nanos());
                measured.theirs.add(theirs.nanos());
            } else {
                measured.theirs.add(theirs.nanos());
                measured.ours.add(ours.nanos());
            }
        }
        return measured;
    }
}
