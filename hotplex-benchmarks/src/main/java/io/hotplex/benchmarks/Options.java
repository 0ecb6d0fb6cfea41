package io.hotplex.benchmarks;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How to run.
 *
 * @param quick only show that it works: so few rounds that the figures mean nothing
 * @param claudes programs for {@link HotTurnClaude}
 * @param distribution what {@link ServerStart} starts, or {@code null} when it was not built
 */
record Options(boolean quick, List<Path> claudes, @Nullable Path distribution) {
    Options {
        claudes = List.copyOf(claudes);
    }
}
