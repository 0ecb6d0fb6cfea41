package io.hotplex.benchmarks;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Answers one question by measuring HotPlex and a baseline in turns, so that both meet the same machine. */
interface Benchmark {
    /** The name on the command line. */
    String name();

    /** The question in one line. */
    String question();

    /** What it lacks here, and what to do about that, for people; {@code null} when it measures all that it can. */
    default @Nullable String missing(Options options) {
        return null;
    }

    /**
     * Measures.
     *
     * @return one result per comparison; empty when something that it needs is not there
     * @throws Exception when a measurement failed; it says nothing then
     */
    List<Result> run(Options options) throws Exception;
}
