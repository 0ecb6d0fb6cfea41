package io.hotplex.provider.claude;

import com.fasterxml.jackson.databind.JsonNode;
import io.hotplex.api.TokenUsage;
import org.jspecify.annotations.Nullable;

/**
 * Turns the running total of a process's cost into the cost of each turn. Confined to its protocol's caller.
 *
 * <p>{@code total_cost_usd} counts from the start of the process, also over turns that nobody asked for, so the cost of
 * a turn is a difference. Three things break that: a process that continues a conversation may start above zero by what
 * was spent before; {@code /clear} can set the total back; and a total may be missing.
 */
final class UsageMeter {
    private @Nullable Double total;

    /** @param fresh whether the conversation is new, so that its total starts at zero */
    UsageMeter(boolean fresh) {
        total = fresh ? 0.0 : null;
    }

    /** A result could not be read; what it cost is part of the next total, and of no turn. */
    void lost() {
        total = null;
    }

    /** The cost of the turn that ended with this result, or {@code null} when it cannot be known. */
    @Nullable
    Double cost(JsonNode result) {
        JsonNode value = result.get("total_cost_usd");
        if (value == null || !value.isNumber()) {
            return null;
        }
        double now = value.doubleValue();
        Double before = total;
        total = now;
        if (before == null) {
            return firstAfterResume(result, now);
        }
        // below the last total, the count began anew during this turn: all of it was spent since
        return now < before ? now : rounded(now - before);
    }

    /**
     * The agent may say what was used since the last result; otherwise the total stands for this turn alone only if it
     * covers no more tokens than the turn used.
     */
    private static @Nullable Double firstAfterResume(JsonNode result, double now) {
        JsonNode since = result.get("model_usage_since_last_result");
        if (since != null && since.isObject()) {
            double sum = 0;
            for (JsonNode model : since) {
                sum += model.path("costUSD").asDouble();
            }
            return rounded(sum);
        }
        long counted = 0;
        for (JsonNode model : result.path("modelUsage")) {
            counted += model.path("inputTokens").asLong()
                    + model.path("outputTokens").asLong()
                    + model.path("cacheReadInputTokens").asLong()
                    + model.path("cacheCreationInputTokens").asLong();
        }
        return counted <= tokens(result.get("usage")).total() ? now : null;
    }

    /** A difference of binary fractions has digits that nobody counted. */
    private static double rounded(double dollars) {
        return Math.round(dollars * 1e9) / 1e9;
    }

    /** The figures of an API usage object; missing ones are zero. */
    static TokenUsage tokens(@Nullable JsonNode usage) {
        return new TokenUsage(
                count(usage, "input_tokens"),
                count(usage, "output_tokens"),
                count(usage, "cache_creation_input_tokens"),
                count(usage, "cache_read_input_tokens"));
    }

    /** Figures with those that a later usage object has; the API repeats only some of them, and may write zeros. */
    static TokenUsage updated(TokenUsage before, JsonNode usage) {
        TokenUsage now = tokens(usage);
        return new TokenUsage(
                now.inputTokens() > 0 ? now.inputTokens() : before.inputTokens(),
                now.outputTokens() > 0 ? now.outputTokens() : before.outputTokens(),
                now.cacheWriteTokens() > 0 ? now.cacheWriteTokens() : before.cacheWriteTokens(),
                now.cacheReadTokens() > 0 ? now.cacheReadTokens() : before.cacheReadTokens());
    }

    private static long count(@Nullable JsonNode usage, String field) {
        Long number = ClaudeJson.number(usage, field);
        return number == null || number < 0 ? 0 : number;
    }
}
