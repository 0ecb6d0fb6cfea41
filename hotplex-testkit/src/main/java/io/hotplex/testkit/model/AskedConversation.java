package io.hotplex.testkit.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What a request asks: the last thing that a person typed, and what tools gave since then.
 *
 * @param prompt everything typed since the last reply
 * @param script the last text of it, which scripts the reply
 * @param images how many pictures came with it
 * @param toolResults the results that came after it
 */
record AskedConversation(String prompt, String script, int images, List<JsonNode> toolResults) {
    /** Texts that the CLI puts around what a person typed. */
    private static final Pattern ADDED =
            Pattern.compile("^\\s*<(system-reminder|local-command-caveat|local-command-stdout|command-name)>");

    private static final Pattern INTERRUPTED = Pattern.compile("^\\s*\\[Request interrupted by user");

    static AskedConversation of(JsonNode messages) {
        for (int i = messages.size() - 1; i >= 0; i--) {
            JsonNode message = messages.get(i);
            List<String> typed = isUser(message) ? typedTexts(message) : List.of();
            if (!typed.isEmpty()) {
                return new AskedConversation(
                        String.join("\n", typed).strip(),
                        typed.get(typed.size() - 1),
                        (int) blocks(message).stream()
                                .filter(block -> is(block, "image"))
                                .count(),
                        toolResultsAfter(messages, i));
            }
        }
        return new AskedConversation("", "", 0, List.of());
    }

    /** As if no tool had run yet. */
    AskedConversation withoutToolResults() {
        return new AskedConversation(prompt, script, images, List.of());
    }

    /** The content of a message or a tool result as blocks; a plain text counts as one. */
    static List<JsonNode> blocks(JsonNode holder) {
        JsonNode content = holder.path("content");
        if (content.isTextual()) {
            return List.of(
                    JsonNodeFactory.instance.objectNode().put("type", "text").put("text", content.textValue()));
        }
        List<JsonNode> blocks = new ArrayList<>();
        content.forEach(blocks::add);
        return blocks;
    }

    private static List<JsonNode> toolResultsAfter(JsonNode messages, int index) {
        List<JsonNode> results = new ArrayList<>();
        for (int i = index + 1; i < messages.size(); i++) {
            if (isUser(messages.get(i))) {
                blocks(messages.get(i)).stream()
                        .filter(block -> is(block, "tool_result"))
                        .forEach(results::add);
            }
        }
        return List.copyOf(results);
    }

    /** The texts behind the last tool result or interruption, without what the CLI added. */
    private static List<String> typedTexts(JsonNode message) {
        List<String> typed = new ArrayList<>();
        for (JsonNode block : blocks(message)) {
            String text = block.path("text").asText("");
            if (is(block, "tool_result")
                    || (is(block, "text") && INTERRUPTED.matcher(text).find())) {
                typed.clear();
            } else if (is(block, "text") && !ADDED.matcher(text).find()) {
                typed.add(text);
            }
        }
        return typed;
    }

    private static boolean isUser(JsonNode message) {
        return "user".equals(message.path("role").asText());
    }

    private static boolean is(JsonNode block, String type) {
        return type.equals(block.path("type").asText());
    }
}
