@NullMarked
package io.hotplex.core.internal.redact;

import org.jspecify.annotations.NullMarked;
