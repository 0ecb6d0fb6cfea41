/** Engine, process layer and provider against the real Claude Code and a model server of our own. */
@NullMarked
package io.hotplex.e2e.claude;

import org.jspecify.annotations.NullMarked;
