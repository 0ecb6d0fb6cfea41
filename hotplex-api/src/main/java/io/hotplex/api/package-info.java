/**
 * What an embedding application sees: engine, sessions, prompts, turns, events, subscribers, errors.
 *
 * <p>Everything is non-null unless marked {@code @Nullable}. Records are immutable and thread-safe. More event kinds,
 * error codes and record components may appear in a minor version; keep a default branch.
 */
@NullMarked
package io.hotplex.api;

import org.jspecify.annotations.NullMarked;
