package io.hotplex.api;

/**
 * Tokens that one turn, message or session used.
 *
 * @param inputTokens tokens read without cache
 * @param outputTokens tokens written
 * @param cacheWriteTokens tokens written to the vendor's prompt cache
 * @param cacheReadTokens tokens read from the vendor's prompt cache
 */
public record TokenUsage(long inputTokens, long outputTokens, long cacheWriteTokens, long cacheReadTokens) {
    /** No tokens. */
    public static final TokenUsage ZERO = new TokenUsage(0, 0, 0, 0);

    /** The sum of both. */
    public TokenUsage plus(TokenUsage other) {
        return new TokenUsage(
                inputTokens + other.inputTokens,
                outputTokens + other.outputTokens,
                cacheWriteTokens + other.cacheWriteTokens,
                cacheReadTokens + other.cacheReadTokens);
    }

    /** All tokens, cached or not. */
    public long total() {
        return inputTokens + outputTokens + cacheWriteTokens + cacheReadTokens;
    }
}
