/** Brings what journals have to hooks: filters, places, retries, what was put aside. */
@NullMarked
package io.hotplex.hooks.internal.delivery;

import org.jspecify.annotations.NullMarked;
