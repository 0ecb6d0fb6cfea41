/** Providers and launchers found by ServiceLoader. */
@NullMarked
package io.hotplex.core.internal.spi;

import org.jspecify.annotations.NullMarked;
