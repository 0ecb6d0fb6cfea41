package io.hotplex.testkit.agent;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One message of the model as the CLI streams it: the events of the API, and a complete {@code assistant} line for each
 * block, which comes before the block's stop event. Confined to the turn thread.
 */
final class MessageStream {
    private final Wire wire;
    private final String model;
    private final String id = "msg_" + UUID.randomUUID().toString().replace("-", "");
    private final StringBuilder block = new StringBuilder();
    private @Nullable String kind;
    private int index = -1;
    private int words;

    MessageStream(Wire wire, String model) {
        this.wire = wire;
        this.model = model;
    }

    boolean isEmpty() {
        return index < 0;
    }

    /** Begin a block of {@code text} or {@code thinking}. */
    void open(String blockKind) {
        startBlock(
                blockKind.equals("text")
                        ? Json.object("type", "text", "text", "")
                        : Json.object("type", "thinking", "thinking", "", "signature", ""));
        kind = blockKind;
        block.setLength(0);
    }

    void piece(String piece) {
        block.append(piece);
        words++;
        delta(
                "text".equals(kind)
                        ? Json.object("type", "text_delta", "text", piece)
                        : Json.object("type", "thinking_delta", "thinking", piece));
    }

    /** End the open block; what was streamed of it is its text. */
    void close(boolean aborted) {
        String text = block.toString();
        show(
                "text".equals(kind)
                        ? Json.object("type", "text", "text", text)
                        : Json.object("type", "thinking", "thinking", text, "signature", ""),
                aborted);
        kind = null;
        event("content_block_stop", "index", index);
    }

    void toolUse(String toolUseId, String name, Map<String, @Nullable Object> input) {
        startBlock(Json.object("type", "tool_use", "id", toolUseId, "name", name, "input", Map.of()));
        delta(Json.object("type", "input_json_delta", "partial_json", Json.write(input)));
        show(Json.object("type", "tool_use", "id", toolUseId, "name", name, "input", input), false);
        event("content_block_stop", "index", index);
    }

    /** End the message. */
    Usage finish(String stopReason, int wordsRead) {
        Usage usage = new Usage(wordsRead, words);
        event(
                "message_delta",
                "delta",
                Json.object("stop_reason", stopReason, "stop_sequence", null),
                "usage",
                usage.json());
        event("message_stop");
        return usage;
    }

    /** Break the message off where it is. */
    void abort() {
        if (kind != null) {
            close(true);
        }
        if (!isEmpty()) {
            event("message_stop");
        }
    }

    private void startBlock(Map<String, @Nullable Object> contentBlock) {
        if (isEmpty()) {
            event("message_start", "message", message(List.of()));
        }
        index++;
        event("content_block_start", "index", index, "content_block", contentBlock);
    }

    private void delta(Map<String, @Nullable Object> delta) {
        event("content_block_delta", "index", index, "delta", delta);
    }

    private void show(Map<String, @Nullable Object> contentBlock, boolean aborted) {
        wire.assistant(message(List.of(contentBlock)), aborted);
    }

    private Map<String, @Nullable Object> message(List<Map<String, @Nullable Object>> content) {
        return Json.object(
                "id",
                id,
                "type",
                "message",
                "role",
                "assistant",
                "model",
                model,
                "content",
                content,
                "stop_reason",
                null,
                "stop_sequence",
                null,
                "usage",
                Usage.NONE.json());
    }

    private void event(String type, @Nullable Object... members) {
        Map<String, @Nullable Object> event = Json.object("type", type);
        event.putAll(Json.object(members));
        wire.stream(event);
    }
}
