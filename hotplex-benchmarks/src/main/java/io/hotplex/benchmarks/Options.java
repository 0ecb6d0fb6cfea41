package io.hotplex.benchmarks;

import java.nio.file.Path;
import java.util.List;

/**
 * How to run.
 *
 * @param quick only show that it works: so few rounds that the figures mean nothing
 * @param claudes programs for {@link HotTurnClaude}
 */
record Options(boolean quick, List<Path> claudes) {
    Options {
        claudes = List.copyOf(claudes);
    }
}
