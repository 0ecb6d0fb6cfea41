/** Configuration: one file, the environment, the command line. */
@NullMarked
package io.hotplex.server.internal.config;

import org.jspecify.annotations.NullMarked;
