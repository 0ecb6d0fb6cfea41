@NullMarked
package io.hotplex.provider.opencode;

import org.jspecify.annotations.NullMarked;
