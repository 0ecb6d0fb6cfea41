/** Tests of the transcript recorder. */
@NullMarked
package io.hotplex.testkit.record;

import org.jspecify.annotations.NullMarked;
