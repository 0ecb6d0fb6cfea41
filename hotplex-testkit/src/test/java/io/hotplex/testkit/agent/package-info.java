/** Tests of the agents, over their real pipes. */
@NullMarked
package io.hotplex.testkit.agent;

import org.jspecify.annotations.NullMarked;
