/**
 * Agents without a model, as programs of their own: one that greets people who have no agent installed, and one that
 * fails on command. Both speak the stream-json dialect of Claude Code, so the {@code claude} provider drives them
 * unchanged.
 */
@NullMarked
package io.hotplex.testkit.agent;

import org.jspecify.annotations.NullMarked;
