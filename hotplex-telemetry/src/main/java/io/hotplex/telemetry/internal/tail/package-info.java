/** Follows the journals of all sessions. */
@NullMarked
package io.hotplex.telemetry.internal.tail;

import org.jspecify.annotations.NullMarked;
