/** Takes secrets out of events before they are written down. */
@NullMarked
package io.hotplex.core.internal.redact;

import org.jspecify.annotations.NullMarked;
