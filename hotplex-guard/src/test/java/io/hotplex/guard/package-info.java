/** What the guard says to commands, prompts, files and hosts. */
@NullMarked
package io.hotplex.guard;

import org.jspecify.annotations.NullMarked;
