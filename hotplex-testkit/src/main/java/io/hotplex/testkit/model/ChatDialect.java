package io.hotplex.testkit.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * OpenAI's chat completions. A request that only wants a conversation's title, as some CLIs send before the one that
 * matters, gets {@code Fake title} and follows no script.
 */
final class ChatDialect implements Dialect {
    /** What no prompt can be, since those are stripped. */
    static final String TITLE_SCRIPT = " TITLE ";

    @Override
    public Set<String> offeredTools(JsonNode body) {
        Set<String> offered = new LinkedHashSet<>();
        body.path("tools")
                .forEach(tool -> offered.add(tool.path("function").path("name").asText()));
        return offered;
    }

    @Override
    public AskedConversation asked(JsonNode body) {
        JsonNode messages = body.path("messages");
        int last = messages.size() - 1;
        while (last >= 0 && !role(messages.path(last)).equals("user")) {
            last--;
        }
        JsonNode message = messages.path(last);
        List<String> texts = new ArrayList<>();
        int images = 0;
        for (JsonNode block : AskedConversation.blocks(message)) {
            switch (block.path("type").asText()) {
                case "text" -> texts.add(block.path("text").asText());
                case "image_url" -> images++;
                default -> {
                    // what else a vendor's models take is nothing that a script can speak of
                }
            }
        }
        List<JsonNode> results = new ArrayList<>();
        for (int i = last + 1; i < messages.size(); i++) {
            if (role(messages.get(i)).equals("tool")) {
                results.add(messages.get(i));
            }
        }
        String prompt = String.join("\n", texts).strip();
        return wantsTitle(body)
                ? new AskedConversation(prompt, TITLE_SCRIPT, 0, List.of())
                : new AskedConversation(prompt, prompt, images, List.copyOf(results));
    }

    private static boolean wantsTitle(JsonNode body) {
        if (!body.path("tools").isEmpty()) {
            return false;
        }
        for (JsonNode message : body.path("messages")) {
            if (role(message).equals("system")) {
                String system = message.path("content").toString().toLowerCase(Locale.ROOT);
                if (system.contains("title generator") || system.contains("thread title")) {
                    return true;
                }
            }
        }
        return false;
    }

    private static String role(JsonNode message) {
        return message.path("role").asText();
    }

    @Override
    public ObjectNode error(int status, String message) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.putObject("error")
                .put("message", message)
                .put(
                        "type",
                        status == 429 ? "rate_limit_exceeded" : status < 500 ? "invalid_request_error" : "server_error")
                .putNull("param")
                .put("code", status);
        return body;
    }

    @Override
    public Reply reply(Answer answer, Script script, ReplyPlan plan, String model, ObjectNode usage, Pauses pauses) {
        return new ChatReply(answer, script, plan, model, usage, pauses);
    }
}
