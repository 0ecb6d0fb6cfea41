/** The dialects that are spoken on WebSockets. */
@NullMarked
package io.hotplex.server.internal.ws;

import org.jspecify.annotations.NullMarked;
