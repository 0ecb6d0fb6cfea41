package io.hotplex.benchmarks;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How to run.
 *
 * @param quick only show that it works: so few rounds that the figures mean nothing
 * @param claudes programs of Claude Code
 * @param distribution what {@link ServerStart} starts, or {@code null} when it was not built
 * @param postgresql a database that {@link JournalThroughput} may write to and empty, or {@code null}
 * @param opencode program for {@link HotTurnOpenCode}, or {@code null} when it is not installed
 */
record Options(
        boolean quick,
        List<Path> claudes,
        @Nullable Path distribution,
        @Nullable String postgresql,
        @Nullable Path opencode) {
    Options {
        claudes = List.copyOf(claudes);
    }

    /** What to do for Claude Code to be there, or {@code null} when it is. */
    @Nullable
    String missingClaude() {
        return claudes.isEmpty()
                ? "Claude Code: run npm ci in hotplex-e2e, and this below the repository; or name programs with --claude"
                : null;
    }
}
