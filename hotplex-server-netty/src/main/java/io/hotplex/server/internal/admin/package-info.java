/** For operators: health, metrics, what runs. */
@NullMarked
package io.hotplex.server.internal.admin;

import org.jspecify.annotations.NullMarked;
