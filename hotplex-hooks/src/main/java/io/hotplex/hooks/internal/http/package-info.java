/** HTTP for hooks: whom a request may reach, and how its answer counts. */
@NullMarked
package io.hotplex.hooks.internal.http;

import org.jspecify.annotations.NullMarked;
