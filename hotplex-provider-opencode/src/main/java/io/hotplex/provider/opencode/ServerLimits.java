package io.hotplex.provider.opencode;

import java.time.Duration;

/**
 * When a server ends or is replaced, and how long it is waited for.
 *
 * @param idle how long one lives that no session uses
 * @param turns after how many turns one is replaced; 0 for never
 * @param memoryBytes above which size one is replaced; 0 for never
 * @param silence how long its stream of events may say nothing
 * @param abortPause after which it is looked again whether a turn is aborted
 */
record ServerLimits(Duration idle, int turns, long memoryBytes, Duration silence, Duration abortPause) {}
