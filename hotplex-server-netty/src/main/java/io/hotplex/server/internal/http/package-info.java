/** HTTP/1.1 on sockets: connections and their limits, routes, requests, responses, streams, upgrades. */
@NullMarked
package io.hotplex.server.internal.http;

import org.jspecify.annotations.NullMarked;
