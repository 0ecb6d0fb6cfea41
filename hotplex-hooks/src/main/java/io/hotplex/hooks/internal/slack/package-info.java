/** Slack: turns as messages, and answers to permission requests from there. */
@NullMarked
package io.hotplex.hooks.internal.slack;

import org.jspecify.annotations.NullMarked;
