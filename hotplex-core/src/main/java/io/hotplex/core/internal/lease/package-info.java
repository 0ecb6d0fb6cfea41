/** Who may drive an agent's conversation. */
@NullMarked
package io.hotplex.core.internal.lease;

import org.jspecify.annotations.NullMarked;
