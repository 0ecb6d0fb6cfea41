package io.hotplex.provider.claude;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.Attachment;
import io.hotplex.api.Prompt;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Prompts as Claude reads them. Immutable.
 *
 * <p>A prompt that begins with {@code /} reaches Claude as it is, so slash commands work; one with instructions is no
 * command, since the instructions come first.
 */
final class PromptWriter {
    private static final Set<String> IMAGES = Set.of("image/png", "image/jpeg", "image/gif", "image/webp");
    private static final Set<String> TEXTS = Set.of(
            "application/json",
            "application/xml",
            "application/yaml",
            "application/x-yaml",
            "application/toml",
            "application/javascript",
            "application/x-sh",
            "application/sql");

    private PromptWriter() {}

    /** Why Claude cannot take this prompt, or {@code null} when it can. */
    static @Nullable String unsupported(Prompt prompt) {
        for (Attachment attachment : prompt.attachments()) {
            String type = attachment.mediaType().toLowerCase(Locale.ROOT);
            if (!IMAGES.contains(type) && !isText(type)) {
                return "attachment of type " + attachment.mediaType()
                        + ": Claude Code takes png, jpeg, gif and webp images and text; save other files in the"
                        + " working directory and name them";
            }
        }
        return null;
    }

    /** The prompt's line. The turn's id is its {@code uuid}; Claude names it in what it says about the prompt. */
    static byte[] line(String turnId, Prompt prompt) {
        ObjectNode message = ClaudeJson.object().put("role", "user");
        if (prompt.attachments().isEmpty()) {
            message.put("content", text(prompt));
        } else {
            message.set("content", blocks(prompt));
        }
        ObjectNode line = ClaudeJson.object();
        line.put("type", "user")
                .put("uuid", turnId)
                .putNull("parent_tool_use_id")
                .put("session_id", "");
        line.set("message", message);
        return ClaudeJson.line(line);
    }

    private static ArrayNode blocks(Prompt prompt) {
        ArrayNode blocks = ClaudeJson.array();
        for (Attachment attachment : prompt.attachments()) {
            String type = attachment.mediaType().toLowerCase(Locale.ROOT);
            if (IMAGES.contains(type)) {
                ObjectNode source = ClaudeJson.object().put("type", "base64").put("media_type", type);
                source.put("data", Base64.getEncoder().encodeToString(attachment.data()));
                blocks.addObject().put("type", "image").set("source", source);
            } else {
                String content = new String(attachment.data(), StandardCharsets.UTF_8);
                blocks.addObject()
                        .put("type", "text")
                        .put("text", element("attachment", ClaudeJson.clean(attachment.name()), content));
            }
        }
        String text = text(prompt);
        if (!text.isEmpty()) {
            blocks.addObject().put("type", "text").put("text", text);
        }
        return blocks;
    }

    private static String text(Prompt prompt) {
        String text = ClaudeJson.clean(prompt.text());
        String instructions = prompt.instructions();
        return instructions == null || instructions.isBlank()
                ? text
                : element("instructions", null, ClaudeJson.clean(instructions)) + "\n\n" + text;
    }

    /** The content cannot close its own element: every end tag in it is defused. */
    private static String element(String tag, @Nullable String name, String content) {
        String attribute = name == null || name.isEmpty()
                ? ""
                : " name=\""
                        + name.replace("&", "&amp;").replace("\"", "&quot;").replace("<", "&lt;") + "\"";
        return "<" + tag + attribute + ">\n" + content.replace("</" + tag, "<\\/" + tag) + "\n</" + tag + ">";
    }

    private static boolean isText(String type) {
        return type.startsWith("text/") || type.endsWith("+json") || type.endsWith("+xml") || TEXTS.contains(type);
    }
}
