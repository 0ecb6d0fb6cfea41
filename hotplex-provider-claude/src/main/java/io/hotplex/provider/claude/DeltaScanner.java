package io.hotplex.provider.claude;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.hotplex.api.spi.AgentLine;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code content_block_delta} lines, the mass of all lines, without building a tree. Keys may come in any order:
 * the scanner collects what it knows while it walks, decides at the end, and gives up at the first sign of another kind
 * of line.
 *
 * <p>Confined to its protocol's caller; its fields hold the last line that was recognized.
 */
final class DeltaScanner {
    private @Nullable String type;
    private @Nullable String eventType;
    private @Nullable String deltaType;
    private @Nullable String text;
    private @Nullable String thinking;
    private @Nullable String parent;
    private int index;
    private boolean other;

    /** Whether the line is a complete {@code content_block_delta}; if so, the accessors tell its content. */
    boolean scan(AgentLine line) {
        type = null;
        eventType = null;
        deltaType = null;
        text = null;
        thinking = null;
        parent = null;
        index = -1;
        other = false;
        try (JsonParser parser = ClaudeJson.parser(line)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return false;
            }
            top(parser);
            return !other
                    && "stream_event".equals(type)
                    && "content_block_delta".equals(eventType)
                    && deltaType != null
                    && index >= 0
                    && parser.nextToken() == null;
        } catch (IOException e) {
            return false;
        }
    }

    /** Place of the block in its message. */
    int index() {
        return index;
    }

    /** Answer text, or {@code null} for another kind of delta. */
    @Nullable
    String text() {
        return "text_delta".equals(deltaType) ? text : null;
    }

    /** Reasoning, or {@code null} for another kind of delta. */
    @Nullable
    String thinking() {
        return "thinking_delta".equals(deltaType) ? thinking : null;
    }

    /** The tool call of the subagent that speaks, or {@code null}. */
    @Nullable
    String parent() {
        return parent;
    }

    private void top(JsonParser parser) throws IOException {
        String name;
        while (!other && (name = parser.nextFieldName()) != null) {
            JsonToken token = parser.nextToken();
            switch (name) {
                case "type" -> {
                    type = string(parser, token);
                    other |= !"stream_event".equals(type);
                }
                case "event" -> {
                    if (token == JsonToken.START_OBJECT) {
                        event(parser);
                    } else {
                        other = true;
                    }
                }
                case "parent_tool_use_id" -> parent = string(parser, token);
                default -> parser.skipChildren();
            }
        }
    }

    private void event(JsonParser parser) throws IOException {
        String name;
        while (!other && (name = parser.nextFieldName()) != null) {
            JsonToken token = parser.nextToken();
            switch (name) {
                case "type" -> {
                    eventType = string(parser, token);
                    other |= !"content_block_delta".equals(eventType);
                }
                case "index" -> {
                    if (token == JsonToken.VALUE_NUMBER_INT) {
                        index = parser.getIntValue();
                    } else {
                        other = true;
                    }
                }
                case "delta" -> {
                    if (token == JsonToken.START_OBJECT) {
                        delta(parser);
                    } else {
                        other = true;
                    }
                }
                default -> parser.skipChildren();
            }
        }
    }

    private void delta(JsonParser parser) throws IOException {
        String name;
        while (!other && (name = parser.nextFieldName()) != null) {
            JsonToken token = parser.nextToken();
            switch (name) {
                case "type" -> deltaType = string(parser, token);
                case "text" -> text = string(parser, token);
                case "thinking" -> thinking = string(parser, token);
                default -> parser.skipChildren();
            }
        }
    }

    private static @Nullable String string(JsonParser parser, JsonToken token) throws IOException {
        if (token == JsonToken.VALUE_STRING) {
            return parser.getText();
        }
        parser.skipChildren();
        return null;
    }
}
