/** Operating system processes behind the launcher contract of {@code io.hotplex.api.spi}. */
@NullMarked
package io.hotplex.os;

import org.jspecify.annotations.NullMarked;
