/** How sessions, turns and events are written as JSON, and how what clients ask is read. */
@NullMarked
package io.hotplex.server.internal.wire;

import org.jspecify.annotations.NullMarked;
