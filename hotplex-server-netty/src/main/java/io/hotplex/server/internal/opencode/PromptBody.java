package io.hotplex.server.internal.opencode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.Attachment;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Prompt;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a client says to an agent.
 *
 * @param message the id of the message that it is: the client's, or else one that was made for it
 * @param provider the provider of the model that it wants; {@code null} for any
 * @param model the model that it wants; {@code null} for the session's
 */
record PromptBody(
        String message, @Nullable String provider, @Nullable String model, Prompt prompt) {

    /** What clients may ask for in a prompt, and no session of ours can do. Not asking for it is fine. */
    private static final List<String> NOT_SUPPORTED = List.of("format", "variant");

    /** @throws HotPlexException INVALID_ARGUMENT, or NOT_SUPPORTED for what would be lost otherwise */
    static PromptBody read(ObjectNode json, Instant now) {
        JsonNode parts = json.get("parts");
        if (!(parts instanceof ArrayNode list)) {
            throw Clients.invalid("parts is missing (expected: a list)");
        }
        return read(json, list, now);
    }

    /** A command of the agent's own. */
    static PromptBody ofCommand(ObjectNode json, String name, String arguments, Instant now) {
        ArrayNode parts = JsonNodeFactory.instance.arrayNode();
        parts.addObject().put("type", "text").put("text", ("/" + name + " " + arguments).strip());
        if (json.get("parts") instanceof ArrayNode more) {
            parts.addAll(more);
        }
        ObjectNode prompt = json.deepCopy();
        String model = Clients.text(json, "model"); // here, and only here, one text
        if (model != null) {
            int slash = model.indexOf('/');
            prompt.putObject("model")
                    .put("providerID", slash < 0 ? model : model.substring(0, slash))
                    .put("modelID", slash < 0 ? Projection.DEFAULT_MODEL : model.substring(slash + 1));
        }
        return read(prompt, parts, now);
    }

    private static PromptBody read(ObjectNode json, ArrayNode parts, Instant now) {
        check(json);
        String message = id(json, "messageID", "msg");
        Reader reader = new Reader(Clients.text(json, "system"));
        parts.forEach(reader::add);
        String given = Objects.requireNonNullElseGet(message, () -> Ids.fresh("msg", now));
        Prompt.Builder prompt = Prompt.builder(reader.text.toString())
                .clientId(new ClientPrompt(
                                given, Objects.requireNonNullElseGet(reader.textId, () -> Ids.fresh("prt", now)))
                        .text());
        if (!reader.instructions.isEmpty()) {
            prompt.instructions(reader.instructions.toString());
        }
        reader.attachments.forEach(prompt::attach);
        reader.inlined.forEach(prompt::inline);
        ObjectNode model = Clients.object(json, "model");
        return new PromptBody(
                given,
                model == null ? null : Clients.text(model, "providerID"),
                model == null ? null : Clients.text(model, "modelID"),
                prompt.build());
    }

    private static void check(ObjectNode json) {
        SessionOperations.checkAgent(Clients.text(json, "agent"));
        if (json.path("noReply").asBoolean(false)) {
            throw Clients.unsupported("noReply: what is said to an agent is answered");
        }
        for (String name : NOT_SUPPORTED) {
            if (json.hasNonNull(name) && !"default".equals(Clients.text(json, name))) {
                throw Clients.unsupported(name + " is not supported");
            }
        }
        json.path("tools").forEach(use -> {
            if (!use.asBoolean(true)) {
                throw Clients.unsupported("tools: they are chosen when a session is opened (see permission there)");
            }
        });
    }

    private static @Nullable String id(JsonNode json, String name, String prefix) {
        String id = Clients.text(json, name);
        if (id != null && !Ids.mayBeGiven(id, prefix)) {
            throw Clients.invalid(
                    name + " is not an id (expected: " + prefix + " and at most 96 characters of A-Z a-z 0-9 _ -)");
        }
        return id;
    }

    /** Collects what parts say. */
    private static final class Reader {
        private final StringBuilder text = new StringBuilder();
        private final StringBuilder instructions = new StringBuilder();
        private final List<Attachment> attachments = new ArrayList<>();
        private final List<AgentEvent.Attached> inlined = new ArrayList<>();
        private @Nullable String textId;
        private boolean begun;

        Reader(@Nullable String system) {
            if (system != null) {
                instructions.append(system);
            }
        }

        void add(JsonNode part) {
            String type = Objects.requireNonNullElse(Clients.text(part, "type"), "");
            switch (type) {
                case "text" -> text(part);
                case "file" -> file(part);
                case "agent" -> {} // the text names it as well
                default ->
                    throw Clients.unsupported("parts: '" + cut(type) + "' is not supported (expected: text or file)");
            }
        }

        private void text(JsonNode part) {
            if (!begun) {
                textId = id(part, "id", "prt");
                begun = true;
            } else {
                text.append('\n');
            }
            text.append(Objects.requireNonNullElse(Clients.text(part, "text"), ""));
        }

        /**
         * An image is attached; a text goes before the prompt, since every agent takes that; of a file here, the text
         * has the name.
         */
        private void file(JsonNode part) {
            String url = Objects.requireNonNullElse(Clients.text(part, "url"), "");
            if (url.toLowerCase(Locale.ROOT).startsWith("file:")) {
                return;
            }
            int comma = url.indexOf(',');
            if (!url.startsWith("data:") || comma < 0) {
                throw Clients.invalid("parts: the url of a file is neither data: nor file:");
            }
            String mime = Objects.requireNonNullElse(Clients.text(part, "mime"), "application/octet-stream");
            String name = Objects.requireNonNullElse(Clients.text(part, "filename"), "");
            byte[] data = data(url, comma);
            if (mime.startsWith("text/")) {
                instructions
                        .append(instructions.isEmpty() ? "" : "\n\n")
                        .append("File ")
                        .append(name)
                        .append(":\n")
                        .append(new String(data, StandardCharsets.UTF_8));
                inlined.add(new AgentEvent.Attached(name, mime, data.length));
            } else {
                attachments.add(new Attachment(name, mime, data));
            }
        }

        private static byte[] data(String url, int comma) {
            String content = url.substring(comma + 1);
            if (!url.substring(0, comma).endsWith(";base64")) {
                return unescaped(content).getBytes(StandardCharsets.UTF_8);
            }
            try {
                return Base64.getDecoder().decode(content);
            } catch (IllegalArgumentException e) {
                throw Clients.invalid("parts: a file is not Base64");
            }
        }

        private static String unescaped(String content) {
            try {
                return URLDecoder.decode(content.replace("+", "%2B"), StandardCharsets.UTF_8);
            } catch (IllegalArgumentException e) {
                throw Clients.invalid("parts: a file has a malformed escape sequence");
            }
        }

        private static String cut(String type) {
            return type.substring(0, Math.min(type.length(), 32));
        }
    }
}
