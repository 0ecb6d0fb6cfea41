/** Durable journal in SQLite or PostgreSQL. */
@NullMarked
package io.hotplex.journal.jdbc;

import org.jspecify.annotations.NullMarked;
