/** Tests of the durable journal. */
@NullMarked
package io.hotplex.journal.jdbc;

import org.jspecify.annotations.NullMarked;
