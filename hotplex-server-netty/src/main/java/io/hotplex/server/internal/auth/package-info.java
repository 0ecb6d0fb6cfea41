/** Who may do what: keys, principals, tickets, rates. Knows nothing of HTTP. */
@NullMarked
package io.hotplex.server.internal.auth;

import org.jspecify.annotations.NullMarked;
