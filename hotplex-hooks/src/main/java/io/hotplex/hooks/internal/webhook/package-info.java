/** Webhooks: events as signed HTTP requests. */
@NullMarked
package io.hotplex.hooks.internal.webhook;

import org.jspecify.annotations.NullMarked;
