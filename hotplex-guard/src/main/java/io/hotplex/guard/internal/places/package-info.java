/** Where paths lead, and what is there. */
@NullMarked
package io.hotplex.guard.internal.places;

import org.jspecify.annotations.NullMarked;
