/** A hook that writes one line of the log for each event. */
@NullMarked
package io.hotplex.hooks.internal.log;

import org.jspecify.annotations.NullMarked;
