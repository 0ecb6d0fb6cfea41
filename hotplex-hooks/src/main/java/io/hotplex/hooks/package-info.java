/** Runs hooks: what happens in sessions, told to the world. */
@NullMarked
package io.hotplex.hooks;

import org.jspecify.annotations.NullMarked;
