/** The contract of journals. */
@NullMarked
package io.hotplex.testkit.journal;

import org.jspecify.annotations.NullMarked;
