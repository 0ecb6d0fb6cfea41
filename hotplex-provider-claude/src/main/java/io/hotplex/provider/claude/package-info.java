/** Claude Code, driven over its stream-json protocol. */
@NullMarked
package io.hotplex.provider.claude;

import org.jspecify.annotations.NullMarked;
