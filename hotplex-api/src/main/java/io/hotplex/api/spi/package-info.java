/** Contracts for those who extend HotPlex: agents, process launchers, journals, guards, listeners. */
@NullMarked
package io.hotplex.api.spi;

import org.jspecify.annotations.NullMarked;
