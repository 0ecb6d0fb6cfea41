package io.hotplex.provider.opencode;

import java.time.Duration;

/**
 * When a server ends or is replaced.
 *
 * @param idle how long one lives that no session uses
 * @param turns after how many turns one is replaced; 0 for never
 * @param memoryBytes above which size one is replaced; 0 for never
 */
record ServerLimits(Duration idle, int turns, long memoryBytes) {}
