/** What engines and gateways do, as metrics and traces. */
@NullMarked
package io.hotplex.telemetry;

import org.jspecify.annotations.NullMarked;
