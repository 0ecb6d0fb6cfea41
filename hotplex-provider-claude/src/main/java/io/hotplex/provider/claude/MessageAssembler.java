package io.hotplex.provider.claude;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.ProtocolSink;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes content events of {@code stream_event}, {@code assistant} and {@code user} lines. Confined to its protocol's
 * caller.
 *
 * <p>Claude sends each block twice: in pieces, and complete in an {@code assistant} line of its own, which comes before
 * the piecewise block is closed. The complete one counts. It does not say which block of its message it is, so it takes
 * the first streamed block of its type that has no complete one yet.
 */
final class MessageAssembler {
    /** Messages and tools of which later lines may speak; older ones are done. */
    private static final int REMEMBERED = 512;
    /** Far more blocks than a message has; bounds what a broken stream makes us keep. */
    private static final int MAX_BLOCKS = 4096;

    private static final String SYNTHETIC = "<synthetic>";
    private static final String NO_CONTENT = "(no content)";

    private final Map<String, Message> messages = new Bounded<>(REMEMBERED);
    /** The message that is being streamed, by the tool call of the subagent; the agent itself has the empty name. */
    private final Map<String, Message> streams = new Bounded<>(REMEMBERED);

    private final Map<String, String> toolNames = new Bounded<>(REMEMBERED);

    private String answer = "";
    private String answerMessage = "";
    private @Nullable String error;
    private TokenUsage used = TokenUsage.ZERO;

    private static final class Message {
        final String id;
        final @Nullable String parent;
        final List<Integer> openIndexes = new ArrayList<>();
        final List<String> openTypes = new ArrayList<>();
        int nextIndex;
        boolean spoke;
        boolean usageReported;

        @Nullable
        String model;

        TokenUsage usage = TokenUsage.ZERO;

        Message(String id, @Nullable String parent) {
            this.id = id;
            this.parent = parent;
        }

        void blockStarted(int index, String type) {
            if (index >= nextIndex && openIndexes.size() < MAX_BLOCKS) {
                openIndexes.add(index);
                openTypes.add(type);
                nextIndex = index + 1;
            }
        }

        int blockCompleted(String type) {
            int open = openTypes.indexOf(type);
            if (open >= 0) {
                openTypes.remove(open);
                return openIndexes.remove(open);
            }
            return nextIndex++;
        }
    }

    /** A turn begins: nothing was answered and nothing went wrong in it yet. */
    void turnStarted() {
        answer = "";
        answerMessage = "";
        error = null;
        used = TokenUsage.ZERO;
    }

    /** A turn ends: reports the usage of a message whose stream was cut off after it said something. */
    void turnEnded(ProtocolSink sink) {
        // subagents in the background stream on
        Message cutOff = streams.remove("");
        if (cutOff != null && cutOff.spoke) {
            reportUsage(cutOff, sink);
        }
    }

    /** The agent's last answer in this turn, as far as it is complete. */
    String answer() {
        return answer;
    }

    /** Tokens of all messages of this turn, subagents included. */
    TokenUsage used() {
        return used;
    }

    /** What the agent says went wrong in this turn, or {@code null}. */
    @Nullable
    String error() {
        return error;
    }

    /** Takes a piece of text; returns whether its message is known. */
    boolean delta(DeltaScanner delta, ProtocolSink sink) {
        String parent = delta.parent();
        Message message = streams.get(parent == null ? "" : parent);
        if (message == null) {
            return false;
        }
        String text = delta.text();
        if (text != null && !text.isEmpty()) {
            sink.event(new AgentEvent.TextDelta(message.id, delta.index(), text, parent));
        }
        String thinking = delta.thinking();
        if (thinking != null && !thinking.isEmpty()) {
            sink.event(new AgentEvent.ThinkingDelta(message.id, delta.index(), thinking, parent));
        }
        return true;
    }

    /** Takes a {@code stream_event} that is no delta; returns whether it is known. */
    boolean streamEvent(ObjectNode line, ProtocolSink sink) {
        JsonNode event = line.get("event");
        String parent = ClaudeJson.text(line, "parent_tool_use_id");
        String key = parent == null ? "" : parent;
        Message message = streams.get(key);
        switch (ClaudeJson.text(event, "type", "")) {
            case "message_start" -> {
                JsonNode content = event == null ? null : event.get("message");
                String id = ClaudeJson.text(content, "id");
                if (id == null || content == null) {
                    return false;
                }
                Message started = message(id, parent);
                started.model = ClaudeJson.text(content, "model");
                started.usage = UsageMeter.tokens(content.get("usage"));
                streams.put(key, started);
            }
            case "content_block_start" -> {
                Long index = ClaudeJson.number(event, "index");
                if (message == null || index == null || index < 0 || index >= MAX_BLOCKS) {
                    return false;
                }
                JsonNode block = event == null ? null : event.get("content_block");
                message.blockStarted(index.intValue(), ClaudeJson.text(block, "type", ""));
            }
            case "message_delta" -> {
                JsonNode usage = event == null ? null : event.get("usage");
                if (message != null && usage != null && usage.isObject()) {
                    message.usage = UsageMeter.updated(message.usage, usage);
                }
            }
            case "message_stop" -> {
                if (message != null && message.spoke) {
                    reportUsage(message, sink);
                }
                streams.remove(key);
            }
            case "content_block_delta" -> {
                // one with text that comes here is not in order
                String kind =
                        event == null ? "" : event.path("delta").path("type").asText();
                return message != null && DeltaScanner.WITHOUT_TEXT.contains(kind);
            }
            case "content_block_stop", "ping" -> {
                return event != null;
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    /** Takes an {@code assistant} line; returns whether all of it is known. */
    boolean assistant(ObjectNode line, ProtocolSink sink) {
        JsonNode content = line.get("message");
        String id = ClaudeJson.text(content, "id");
        JsonNode blocks = content == null ? null : content.get("content");
        if (id == null || blocks == null || !blocks.isArray()) {
            return false;
        }
        String parent = ClaudeJson.text(line, "parent_tool_use_id");
        String failure = ClaudeJson.text(line, "error");
        if (failure != null) {
            // the text describes a failure of the API; the turn's end tells it, and it is no answer
            error = parent == null ? failure : error;
            return false;
        }
        Message message = message(id, parent);
        boolean known = true;
        for (JsonNode block : blocks) {
            known &= block(message, block, SYNTHETIC.equals(ClaudeJson.text(content, "model")), sink);
        }
        message.spoke = true;
        if (message != streams.get(parent == null ? "" : parent)) {
            message.model = ClaudeJson.text(content, "model");
            message.usage = UsageMeter.tokens(content.get("usage"));
            reportUsage(message, sink);
        }
        return known;
    }

    private boolean block(Message message, JsonNode block, boolean synthetic, ProtocolSink sink) {
        String type = ClaudeJson.text(block, "type", "");
        int index = message.blockCompleted(type);
        switch (type) {
            case "text" -> {
                String text = ClaudeJson.text(block, "text", "");
                if (synthetic && text.equals(NO_CONTENT)) {
                    return false;
                }
                if (message.parent == null) {
                    answer = answerMessage.equals(message.id) ? answer + text : text;
                    answerMessage = message.id;
                }
                sink.event(new AgentEvent.Text(message.id, index, text, message.parent));
            }
            case "thinking" ->
                sink.event(new AgentEvent.Thinking(
                        message.id, index, ClaudeJson.text(block, "thinking", ""), message.parent));
            case "tool_use", "server_tool_use", "mcp_tool_use" -> {
                return toolStarted(block, message.parent, sink);
            }
            default -> {
                return type.endsWith("_tool_result") && toolResult(block, message.parent, sink);
            }
        }
        return true;
    }

    private boolean toolStarted(JsonNode block, @Nullable String parent, ProtocolSink sink) {
        String id = ClaudeJson.text(block, "id");
        String name = ClaudeJson.text(block, "name");
        if (id == null || name == null) {
            return false;
        }
        toolNames.put(id, name);
        Map<String, @Nullable Object> input = ClaudeJson.map(block, "input");
        sink.event(new AgentEvent.ToolStarted(
                id,
                name,
                ToolCatalog.kind(name),
                ToolCatalog.title(name, input),
                input,
                ToolCatalog.paths(input),
                parent));
        return true;
    }

    /** Takes the tool results of a {@code user} line; returns whether it holds nothing else. */
    boolean toolResults(ObjectNode line, ProtocolSink sink) {
        JsonNode blocks = line.path("message").get("content");
        String parent = ClaudeJson.text(line, "parent_tool_use_id");
        boolean known = blocks != null && blocks.isArray() && !blocks.isEmpty();
        if (known) {
            for (JsonNode block : blocks) {
                known &= "tool_result".equals(ClaudeJson.text(block, "type")) && toolResult(block, parent, sink);
            }
        }
        return known;
    }

    private boolean toolResult(JsonNode block, @Nullable String parent, ProtocolSink sink) {
        String id = ClaudeJson.text(block, "tool_use_id");
        if (id == null) {
            return false;
        }
        StringBuilder output = new StringBuilder();
        List<Map<String, @Nullable Object>> rest = new ArrayList<>();
        JsonNode content = block.get("content");
        if (content != null && content.isTextual()) {
            output.append(content.textValue());
        } else if (content != null && content.isArray()) {
            for (JsonNode item : content) {
                String text = "text".equals(ClaudeJson.text(item, "type")) ? ClaudeJson.text(item, "text") : null;
                if (text == null) {
                    rest.add(ClaudeJson.map(item));
                } else {
                    output.append(output.length() == 0 ? "" : "\n").append(text);
                }
            }
        } else if (content != null && content.isObject()) {
            rest.add(ClaudeJson.map(content));
        }
        sink.event(new AgentEvent.ToolCompleted(
                id, toolNames.get(id), ClaudeJson.flag(block, "is_error"), output.toString(), rest, parent));
        return true;
    }

    private Message message(String id, @Nullable String parent) {
        return messages.computeIfAbsent(id, key -> new Message(key, parent));
    }

    private void reportUsage(Message message, ProtocolSink sink) {
        if (!message.usageReported && !SYNTHETIC.equals(message.model)) {
            message.usageReported = true;
            used = used.plus(message.usage);
            sink.event(new AgentEvent.Usage(message.id, message.model, message.usage, message.parent));
        }
    }
}
