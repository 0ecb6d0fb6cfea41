/**
 * What an engine knows of guards besides their rules: all guards as one, the lists of sessions, remembered approvals.
 */
@NullMarked
package io.hotplex.core.internal.guard;

import org.jspecify.annotations.NullMarked;
