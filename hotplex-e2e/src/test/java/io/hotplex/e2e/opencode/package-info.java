/** End-to-end tests with the real OpenCode. */
@NullMarked
package io.hotplex.e2e.opencode;

import org.jspecify.annotations.NullMarked;
