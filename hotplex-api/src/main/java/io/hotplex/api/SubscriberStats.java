package io.hotplex.api;

/**
 * Those who follow sessions of an engine, at one moment; the engine's own readers are not among them.
 *
 * @param subscriptions that have not ended
 * @param behindRecords records that they have not been given, together
 * @param furthestBehindRecords those of the one that has most before it
 * @param mergedRecords records that were told as a part of another, because a subscriber was far behind, since the
 *     engine opened
 * @param resets how often one was told that the journal did not keep what it came for, since the engine opened
 */
public record SubscriberStats(
        int subscriptions, long behindRecords, long furthestBehindRecords, long mergedRecords, long resets) {}
