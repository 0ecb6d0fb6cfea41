/** Tests of the checks that tests share. */
@NullMarked
package io.hotplex.testkit;

import org.jspecify.annotations.NullMarked;
