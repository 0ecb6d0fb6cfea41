/** A model without a model: an HTTP server that answers as the Anthropic Messages API does, scripted by the prompt. */
@NullMarked
package io.hotplex.testkit.model;

import org.jspecify.annotations.NullMarked;
