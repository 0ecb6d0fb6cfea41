/** Which sessions exist and which of them have a process. */
@NullMarked
package io.hotplex.core.internal.pool;

import org.jspecify.annotations.NullMarked;
