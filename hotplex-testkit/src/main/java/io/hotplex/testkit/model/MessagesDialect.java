package io.hotplex.testkit.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** The Anthropic Messages API. */
final class MessagesDialect implements Dialect {
    private static final Map<Integer, String> ERROR_TYPES = Map.of(
            400, "invalid_request_error",
            401, "authentication_error",
            403, "permission_error",
            404, "not_found_error",
            413, "request_too_large",
            429, "rate_limit_error",
            529, "overloaded_error");

    @Override
    public Set<String> offeredTools(JsonNode body) {
        Set<String> offered = new LinkedHashSet<>();
        body.path("tools").forEach(tool -> offered.add(tool.path("name").asText()));
        return offered;
    }

    @Override
    public AskedConversation asked(JsonNode body) {
        return AskedConversation.of(body.path("messages"));
    }

    @Override
    public ObjectNode error(int status, String message) {
        ObjectNode body = JsonNodeFactory.instance.objectNode().put("type", "error");
        body.putObject("error")
                .put("type", ERROR_TYPES.getOrDefault(status, "api_error"))
                .put("message", message);
        return body.put("request_id", Answer.newId("req_"));
    }

    @Override
    public Reply reply(Answer answer, Script script, ReplyPlan plan, String model, ObjectNode usage, Pauses pauses) {
        return new MessageReply(answer, script, plan, model, usage, pauses);
    }
}
