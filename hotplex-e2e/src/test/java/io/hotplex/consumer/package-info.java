/** What a project gets that depends on HotPlex. */
@NullMarked
package io.hotplex.consumer;

import org.jspecify.annotations.NullMarked;
