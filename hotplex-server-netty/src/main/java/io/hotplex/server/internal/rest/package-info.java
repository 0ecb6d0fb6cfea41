/** Sessions as resources, and their events as server-sent events. */
@NullMarked
package io.hotplex.server.internal.rest;

import org.jspecify.annotations.NullMarked;
