/** What every provider must do, and tools to test it: recorded conversations, a sink that records, a contract. */
@NullMarked
package io.hotplex.testkit.provider;

import org.jspecify.annotations.NullMarked;
