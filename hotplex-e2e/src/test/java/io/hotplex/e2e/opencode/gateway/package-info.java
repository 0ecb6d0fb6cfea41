/** OpenCode's own clients with HotPlex as their server. */
@NullMarked
package io.hotplex.e2e.opencode.gateway;

import org.jspecify.annotations.NullMarked;
