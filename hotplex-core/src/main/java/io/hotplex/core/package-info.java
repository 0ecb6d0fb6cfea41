/** The engine and its configuration. Begin with {@link io.hotplex.core.HotPlex#builder()}. */
@NullMarked
package io.hotplex.core;

import org.jspecify.annotations.NullMarked;
