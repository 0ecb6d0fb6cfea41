/** Reads shell commands far enough to know which programs they run, on what. */
@NullMarked
package io.hotplex.guard.internal.shell;

import org.jspecify.annotations.NullMarked;
