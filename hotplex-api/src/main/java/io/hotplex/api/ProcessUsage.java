package io.hotplex.api;

import java.time.Duration;

/**
 * What an agent process and everything that it started use at one moment.
 *
 * @param processes how many there are, the agent's own included
 * @param rssBytes memory that they hold; pages that they share count for each. 0 where the system does not tell
 * @param cpu processor time that the living ones have used, and as far as the system tells, the ended ones
 */
public record ProcessUsage(int processes, long rssBytes, Duration cpu) {}
