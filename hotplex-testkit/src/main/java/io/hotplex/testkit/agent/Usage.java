package io.hotplex.testkit.agent;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tokens as the agents count them: words. Nothing is cached and nothing costs anything.
 *
 * @param input words read
 * @param output words written
 */
record Usage(int input, int output) {
    static final Usage NONE = new Usage(0, 0);

    Usage plus(Usage other) {
        return new Usage(input + other.input, output + other.output);
    }

    static int words(String text) {
        return text.isBlank() ? 0 : text.strip().split("\\s+").length;
    }

    Map<String, @Nullable Object> json() {
        return Json.object(
                "input_tokens",
                input,
                "cache_creation_input_tokens",
                0,
                "cache_read_input_tokens",
                0,
                "output_tokens",
                output,
                "server_tool_use",
                Json.object("web_search_requests", 0, "web_fetch_requests", 0),
                "service_tier",
                "standard");
    }

    Map<String, @Nullable Object> modelJson() {
        return Json.object(
                "inputTokens",
                input,
                "outputTokens",
                output,
                "cacheReadInputTokens",
                0,
                "cacheCreationInputTokens",
                0,
                "webSearchRequests",
                0,
                "costUSD",
                0,
                "contextWindow",
                200_000);
    }
}
