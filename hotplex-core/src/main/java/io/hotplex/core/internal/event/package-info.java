/** The journal in memory and those who read it. */
@NullMarked
package io.hotplex.core.internal.event;

import org.jspecify.annotations.NullMarked;
