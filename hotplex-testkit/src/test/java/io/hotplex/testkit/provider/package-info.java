/** Tests of what providers are tested with. */
@NullMarked
package io.hotplex.testkit.provider;

import org.jspecify.annotations.NullMarked;
