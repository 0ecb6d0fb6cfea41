/** Looks at prompts. */
@NullMarked
package io.hotplex.guard.internal.prompt;

import org.jspecify.annotations.NullMarked;
