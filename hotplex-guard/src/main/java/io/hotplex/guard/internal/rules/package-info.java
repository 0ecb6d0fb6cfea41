/** Rules: what they are, how they are read from files, and what they say. */
@NullMarked
package io.hotplex.guard.internal.rules;

import org.jspecify.annotations.NullMarked;
