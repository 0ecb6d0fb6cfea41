/** Commands and prompts for testing guards: dangerous and harmless ones, and other spellings of each. */
@NullMarked
package io.hotplex.testkit.guard;

import org.jspecify.annotations.NullMarked;
