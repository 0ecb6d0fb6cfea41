package io.hotplex.provider.opencode;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.Attachment;
import io.hotplex.api.Prompt;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** Writes the body of a prompt. Stateless. */
final class PromptWriter {
    private PromptWriter() {}

    /**
     * @param agent is always said: without it OpenCode takes that of the last prompt
     * @param system is added to the system prompt, or {@code null}
     */
    static ObjectNode body(String messageId, Prompt prompt, ModelChoice model, String agent, @Nullable String system) {
        ObjectNode body = OpenCodeJson.object().put("messageID", messageId);
        model.write(body);
        body.put("agent", OpenCodeJson.clean(agent));
        if (system != null) {
            body.put("system", OpenCodeJson.clean(system));
        }
        ArrayNode parts = body.putArray("parts");
        String instructions = prompt.instructions();
        if (instructions != null && !instructions.isEmpty()) {
            parts.addObject().put("type", "text").put("text", OpenCodeJson.clean(instructions));
        }
        if (!prompt.text().isEmpty()) {
            parts.addObject().put("type", "text").put("text", OpenCodeJson.clean(prompt.text()));
        }
        for (Attachment attachment : prompt.attachments()) {
            String data = Base64.getEncoder().encodeToString(attachment.data());
            ObjectNode file = parts.addObject()
                    .put("type", "file")
                    .put("mime", attachment.mediaType())
                    .put("url", "data:" + attachment.mediaType() + ";base64," + data);
            if (!attachment.name().isEmpty()) {
                file.put("filename", OpenCodeJson.clean(attachment.name()));
            }
        }
        return body;
    }
}
