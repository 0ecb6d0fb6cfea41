package io.hotplex.server.internal.auth;

/**
 * What the holder of one key may use.
 *
 * @param requestsPerSecond how many requests in the long run; as many may come at once
 * @param sessions how many open sessions of its owner
 * @param turns how many turns of its owner that run or wait
 */
public record Quota(int requestsPerSecond, int sessions, int turns) {
    /** As good as none: what the engine and the address of the sender allow counts alone. */
    public static final Quota UNLIMITED = new Quota(Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE);
}
