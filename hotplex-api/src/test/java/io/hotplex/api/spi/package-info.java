@NullMarked
package io.hotplex.api.spi;

import org.jspecify.annotations.NullMarked;
