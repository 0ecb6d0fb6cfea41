/** The command line: arguments, settings, what is shown, what is asked. */
@NullMarked
package io.hotplex.server.internal.cli;

import org.jspecify.annotations.NullMarked;
