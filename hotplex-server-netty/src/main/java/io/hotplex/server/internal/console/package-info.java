/** The page that shows sessions. */
@NullMarked
package io.hotplex.server.internal.console;

import org.jspecify.annotations.NullMarked;
