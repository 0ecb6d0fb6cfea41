/** Benchmarks: each measures HotPlex and a baseline in turns, in one run. Not published. */
@NullMarked
package io.hotplex.benchmarks;

import org.jspecify.annotations.NullMarked;
