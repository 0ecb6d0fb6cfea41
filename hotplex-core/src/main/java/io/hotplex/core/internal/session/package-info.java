/** A session, its turns and its agent process. */
@NullMarked
package io.hotplex.core.internal.session;

import org.jspecify.annotations.NullMarked;
