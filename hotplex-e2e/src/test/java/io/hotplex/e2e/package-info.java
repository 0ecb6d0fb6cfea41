/** What end-to-end tests with real command line agents share. */
@NullMarked
package io.hotplex.e2e;

import org.jspecify.annotations.NullMarked;
