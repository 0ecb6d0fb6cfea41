/** Looks at tool calls. */
@NullMarked
package io.hotplex.guard.internal.tool;

import org.jspecify.annotations.NullMarked;
