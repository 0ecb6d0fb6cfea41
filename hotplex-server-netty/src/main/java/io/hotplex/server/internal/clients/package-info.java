/** What clients of sessions use, put together. */
@NullMarked
package io.hotplex.server.internal.clients;

import org.jspecify.annotations.NullMarked;
