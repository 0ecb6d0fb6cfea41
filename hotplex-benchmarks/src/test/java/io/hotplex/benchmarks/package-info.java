@NullMarked
package io.hotplex.benchmarks;

import org.jspecify.annotations.NullMarked;
