package io.hotplex.provider.claude;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.hotplex.api.spi.AgentLine;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code content_block_delta} lines, the mass of all lines, without building a tree; most of them without a
 * parser, see {@link PlainDelta}. Keys may come in any order: the scanner collects what it knows while it walks,
 * decides at the end, and gives up at the first sign of another kind of line.
 *
 * <p>Confined to its protocol's caller; its fields hold the last line that was recognized.
 */
final class DeltaScanner {
    /** Kinds of deltas of which the complete block tells all. */
    static final Set<String> WITHOUT_TEXT = Set.of("input_json_delta", "signature_delta", "citations_delta");

    private static final char[] STREAM_EVENT = "stream_event".toCharArray();
    private static final char[] BLOCK_DELTA = "content_block_delta".toCharArray();
    private static final char[] TEXT_DELTA = "text_delta".toCharArray();
    private static final char[] THINKING_DELTA = "thinking_delta".toCharArray();
    private static final List<char[]> WITHOUT_TEXT_CHARS =
            WITHOUT_TEXT.stream().sorted().map(String::toCharArray).toList();

    private final PlainDelta plain = new PlainDelta();

    private boolean streamEvent;
    private boolean blockDelta;
    private Kind kind = Kind.NONE;
    private @Nullable String text;
    private @Nullable String thinking;
    private @Nullable String parent;
    private int index;
    private boolean other;

    /** What a delta is a piece of. */
    enum Kind {
        NONE,
        TEXT,
        THINKING,
        /** One of {@link #WITHOUT_TEXT}. */
        OTHER
    }

    /** Whether the line is a complete {@code content_block_delta}; if so, the accessors tell its content. */
    boolean scan(AgentLine line) {
        if (!plain.read(line)) {
            return walk(line);
        }
        kind = plain.kind();
        text = plain.text();
        thinking = plain.thinking();
        parent = plain.parent();
        index = plain.index();
        return true;
    }

    /** As {@link #scan}, by a parser: slower, and the judge of all lines. */
    boolean walk(AgentLine line) {
        streamEvent = false;
        blockDelta = false;
        kind = Kind.NONE;
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
            return !other && streamEvent && blockDelta && kind != Kind.NONE && index >= 0 && parser.nextToken() == null;
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
        return kind == Kind.TEXT ? text : null;
    }

    /** Reasoning, or {@code null} for another kind of delta. */
    @Nullable
    String thinking() {
        return kind == Kind.THINKING ? thinking : null;
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
                    streamEvent = is(parser, token, STREAM_EVENT);
                    other |= !streamEvent;
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
                    blockDelta = is(parser, token, BLOCK_DELTA);
                    other |= !blockDelta;
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
                case "type" -> kind = kind(parser, token);
                case "text" -> text = string(parser, token);
                case "thinking" -> thinking = string(parser, token);
                default -> parser.skipChildren();
            }
        }
    }

    private static Kind kind(JsonParser parser, JsonToken token) throws IOException {
        if (token != JsonToken.VALUE_STRING) {
            parser.skipChildren();
            return Kind.NONE;
        }
        if (is(parser, token, TEXT_DELTA)) {
            return Kind.TEXT;
        }
        if (is(parser, token, THINKING_DELTA)) {
            return Kind.THINKING;
        }
        for (char[] known : WITHOUT_TEXT_CHARS) {
            if (is(parser, token, known)) {
                return Kind.OTHER;
            }
        }
        return Kind.NONE;
    }

    /** Compares without making a string; there would be three of them per line. */
    private static boolean is(JsonParser parser, JsonToken token, char[] expected) throws IOException {
        if (token != JsonToken.VALUE_STRING) {
            return false;
        }
        int length = parser.getTextLength();
        int from = parser.getTextOffset();
        return length == expected.length
                && Arrays.equals(parser.getTextCharacters(), from, from + length, expected, 0, length);
    }

    private static @Nullable String string(JsonParser parser, JsonToken token) throws IOException {
        if (token == JsonToken.VALUE_STRING) {
            return parser.getText();
        }
        parser.skipChildren();
        return null;
    }
}
