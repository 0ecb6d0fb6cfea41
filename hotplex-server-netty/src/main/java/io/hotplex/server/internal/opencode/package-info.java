/** Sessions as OpenCode's own clients see them: its routes, its stream of events, its messages and their parts. */
@NullMarked
package io.hotplex.server.internal.opencode;

import org.jspecify.annotations.NullMarked;
