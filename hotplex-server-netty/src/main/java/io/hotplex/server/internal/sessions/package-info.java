/** The one door from the gateway to the engine. */
@NullMarked
package io.hotplex.server.internal.sessions;

import org.jspecify.annotations.NullMarked;
