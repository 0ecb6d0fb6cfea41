/** Finds patterns in text, in time that grows with the text and nothing else. */
@NullMarked
package io.hotplex.guard.internal.match;

import org.jspecify.annotations.NullMarked;
