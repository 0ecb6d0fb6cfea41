/** Rules that hold for all modules together. */
@NullMarked
package io.hotplex.architecture;

import org.jspecify.annotations.NullMarked;
