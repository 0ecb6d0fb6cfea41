package io.hotplex.telemetry.internal.traces;

import io.opentelemetry.api.common.AttributeKey;
import java.util.List;
import java.util.Map;

/**
 * The names of spans and attributes: those of OpenTelemetry's semantic conventions for generative AI, which are still
 * in development and have changed before, so they are here and nowhere else.
 */
final class Conventions {
    static final AttributeKey<String> OPERATION = AttributeKey.stringKey("gen_ai.operation.name");
    static final AttributeKey<String> PROVIDER = AttributeKey.stringKey("gen_ai.provider.name");
    static final AttributeKey<String> AGENT = AttributeKey.stringKey("gen_ai.agent.name");
    static final AttributeKey<String> CONVERSATION = AttributeKey.stringKey("gen_ai.conversation.id");
    static final AttributeKey<String> MODEL = AttributeKey.stringKey("gen_ai.request.model");
    static final AttributeKey<List<String>> FINISH_REASONS =
            AttributeKey.stringArrayKey("gen_ai.response.finish_reasons");
    static final AttributeKey<Long> INPUT_TOKENS = AttributeKey.longKey("gen_ai.usage.input_tokens");
    static final AttributeKey<Long> OUTPUT_TOKENS = AttributeKey.longKey("gen_ai.usage.output_tokens");
    static final AttributeKey<Long> CACHE_READ = AttributeKey.longKey("gen_ai.usage.cache_read.input_tokens");
    static final AttributeKey<Long> CACHE_WRITE = AttributeKey.longKey("gen_ai.usage.cache_creation.input_tokens");
    static final AttributeKey<String> TOOL = AttributeKey.stringKey("gen_ai.tool.name");
    static final AttributeKey<String> TOOL_CALL = AttributeKey.stringKey("gen_ai.tool.call.id");
    static final AttributeKey<String> INPUT = AttributeKey.stringKey("gen_ai.input.messages");
    static final AttributeKey<String> OUTPUT = AttributeKey.stringKey("gen_ai.output.messages");
    static final AttributeKey<String> ERROR = AttributeKey.stringKey("error.type");

    // ---- of HotPlex

    static final AttributeKey<String> TURN = AttributeKey.stringKey("hotplex.turn.id");
    static final AttributeKey<String> ORIGIN = AttributeKey.stringKey("hotplex.turn.origin");
    static final AttributeKey<String> START = AttributeKey.stringKey("hotplex.turn.start");
    static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("hotplex.turn.outcome");
    static final AttributeKey<Double> COST = AttributeKey.doubleKey("hotplex.turn.cost_usd");
    static final AttributeKey<String> RULE = AttributeKey.stringKey("hotplex.guard.rule");
    static final AttributeKey<String> RESOLUTION = AttributeKey.stringKey("hotplex.permission.resolution");

    static final String INVOKE_AGENT = "invoke_agent";
    static final String EXECUTE_TOOL = "execute_tool";
    static final String COLD_START = "cold_start";
    static final String GUARD = "guard";
    static final String PERMISSION_WAIT = "permission_wait";

    /** The vendors that the conventions have names for, by provider; others have the provider's name. */
    static final Map<String, String> VENDORS = Map.of("claude", "anthropic");

    private Conventions() {}
}
