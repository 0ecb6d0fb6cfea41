/** The program's entry. */
@NullMarked
package io.hotplex.server;

import org.jspecify.annotations.NullMarked;
