/** Recording what a host and an agent say to each other, so that a test can replay it. */
@NullMarked
package io.hotplex.testkit.record;

import org.jspecify.annotations.NullMarked;
