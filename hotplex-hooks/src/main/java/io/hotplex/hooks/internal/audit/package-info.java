/** The audit trail: what happened, written so that a change of it shows. */
@NullMarked
package io.hotplex.hooks.internal.audit;

import org.jspecify.annotations.NullMarked;
