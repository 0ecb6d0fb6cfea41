/** Spans of turns, made from journals. */
@NullMarked
package io.hotplex.telemetry.internal.traces;

import org.jspecify.annotations.NullMarked;
