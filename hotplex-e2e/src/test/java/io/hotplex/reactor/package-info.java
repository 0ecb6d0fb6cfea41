/** What the tests know of the build: its modules, where they lie, what they publish. */
@NullMarked
package io.hotplex.reactor;

import org.jspecify.annotations.NullMarked;
