/** A guard that decides by rules; the engine finds it on the class path. */
@NullMarked
package io.hotplex.guard;

import org.jspecify.annotations.NullMarked;
