/** Internet addresses as text. */
@NullMarked
package io.hotplex.server.internal.net;

import org.jspecify.annotations.NullMarked;
