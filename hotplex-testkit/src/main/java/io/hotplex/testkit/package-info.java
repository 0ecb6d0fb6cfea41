/** Checks that tests of HotPlex, its providers and its launchers share. */
@NullMarked
package io.hotplex.testkit;

import org.jspecify.annotations.NullMarked;
