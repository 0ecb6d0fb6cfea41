package io.hotplex.provider.claude;

import io.hotplex.api.spi.AgentLine;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads a {@code content_block_delta} in the one form in which Claude writes nearly all of them: no blanks, no escapes,
 * nothing nested but the event and its delta. That takes half the time of a JSON parser, and no memory but for the
 * text.
 *
 * <p>Everything else is left to {@link DeltaScanner}, which decides: what this class understands, a parser would
 * understand in the same way; what it does not may still be a delta. Keys may come in any order here, too.
 *
 * <p>Confined to its protocol's caller; its fields hold the last line that was recognized.
 */
final class PlainDelta {
    private static final byte[] TYPE = bytes("type");
    private static final byte[] EVENT = bytes("event");
    private static final byte[] INDEX = bytes("index");
    private static final byte[] DELTA = bytes("delta");
    private static final byte[] TEXT = bytes("text");
    private static final byte[] THINKING = bytes("thinking");
    private static final byte[] PARENT = bytes("parent_tool_use_id");
    private static final byte[] STREAM_EVENT = bytes("stream_event");
    private static final byte[] BLOCK_DELTA = bytes("content_block_delta");
    private static final byte[] TEXT_DELTA = bytes("text_delta");
    private static final byte[] THINKING_DELTA = bytes("thinking_delta");
    private static final List<byte[]> WITHOUT_TEXT =
            DeltaScanner.WITHOUT_TEXT.stream().sorted().map(PlainDelta::bytes).toList();
    private static final byte[] NULL = bytes("null");
    private static final byte[] TRUE = bytes("true");
    private static final byte[] FALSE = bytes("false");

    /** Longer keys are left to the parser, which has a limit for them. */
    private static final int MAX_KEY = 64;

    /** As many digits always fit an {@code int}. */
    private static final int MAX_INDEX_DIGITS = 9;

    private static final int MAX_DIGITS = 18;
    private static final char MALFORMED = '\uFFFD';

    private static final byte[] NONE = {};

    private byte[] bytes = NONE;
    private int at;
    private int end;
    /** The content of the last string lies between these. */
    private int from;

    private int to;

    private boolean streamEvent;
    private boolean blockDelta;
    private DeltaScanner.Kind kind = DeltaScanner.Kind.NONE;
    private int index;
    private @Nullable String text;
    private @Nullable String thinking;
    private @Nullable String parent;

    private enum Level {
        LINE,
        EVENT,
        DELTA
    }

    /** Whether the line is a delta in plain form; if so, the accessors tell its content. */
    boolean read(AgentLine line) {
        bytes = line.bytes();
        at = line.offset();
        end = at + line.length();
        streamEvent = false;
        blockDelta = false;
        kind = DeltaScanner.Kind.NONE;
        index = -1;
        text = null;
        thinking = null;
        parent = null;
        boolean complete = object(Level.LINE) && at == end;
        bytes = NONE; // the array may be large, and is the reader's
        return complete && streamEvent && blockDelta && kind != DeltaScanner.Kind.NONE && index >= 0;
    }

    DeltaScanner.Kind kind() {
        return kind;
    }

    int index() {
        return index;
    }

    @Nullable
    String text() {
        return text;
    }

    @Nullable
    String thinking() {
        return thinking;
    }

    @Nullable
    String parent() {
        return parent;
    }

    private boolean object(Level level) {
        if (!take('{')) {
            return false;
        }
        do {
            if (!plainString() || to - from > MAX_KEY || !take(':') || !field(level)) {
                return false;
            }
        } while (take(','));
        return take('}');
    }

    /** Takes the value of the key that was read last. */
    private boolean field(Level level) {
        return switch (level) {
            case LINE -> lineField();
            case EVENT -> eventField();
            case DELTA -> deltaField();
        };
    }

    private boolean lineField() {
        if (is(TYPE)) {
            streamEvent = plainString() && is(STREAM_EVENT);
            return streamEvent;
        }
        if (is(EVENT)) {
            return object(Level.EVENT);
        }
        if (is(PARENT)) {
            if (literal(NULL)) {
                parent = null;
                return true;
            }
            parent = plainString() ? new String(bytes, from, to - from, StandardCharsets.ISO_8859_1) : null;
            return parent != null;
        }
        return scalar();
    }

    private boolean eventField() {
        if (is(TYPE)) {
            blockDelta = plainString() && is(BLOCK_DELTA);
            return blockDelta;
        }
        if (is(DELTA)) {
            return object(Level.DELTA);
        }
        if (is(INDEX)) {
            int first = at;
            if (!digits(MAX_INDEX_DIGITS)) {
                return false;
            }
            index = 0;
            for (int i = first; i < at; i++) {
                index = 10 * index + bytes[i] - '0';
            }
            return true;
        }
        return scalar();
    }

    private boolean deltaField() {
        if (is(TYPE)) {
            if (!plainString()) {
                return false;
            }
            kind = kindOfDelta();
            return kind != DeltaScanner.Kind.NONE;
        }
        if (is(TEXT)) {
            text = decoded();
            return text != null;
        }
        if (is(THINKING)) {
            thinking = decoded();
            return thinking != null;
        }
        return scalar();
    }

    private DeltaScanner.Kind kindOfDelta() {
        if (is(TEXT_DELTA)) {
            return DeltaScanner.Kind.TEXT;
        }
        if (is(THINKING_DELTA)) {
            return DeltaScanner.Kind.THINKING;
        }
        for (byte[] known : WITHOUT_TEXT) {
            if (is(known)) {
                return DeltaScanner.Kind.OTHER;
            }
        }
        return DeltaScanner.Kind.NONE;
    }

    /** A string without escapes, or {@code null}. */
    private @Nullable String decoded() {
        if (plainString()) {
            return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
        }
        // stopped inside of a string: goes on from there if it was because of a character that is not ASCII
        if (from > to || at >= end || bytes[at] >= 0) {
            return null;
        }
        while (at < end && bytes[at] != '"') {
            if (bytes[at] == '\\' || (bytes[at] >= 0 && bytes[at] < ' ')) {
                return null;
            }
            at++;
        }
        String found = new String(bytes, from, at - from, StandardCharsets.UTF_8);
        return take('"') && found.indexOf(MALFORMED) < 0 ? found : null;
    }

    /** Takes a string of ASCII characters without escapes; otherwise stops at the first other character. */
    private boolean plainString() {
        to = -1;
        from = at + 1;
        if (!take('"')) {
            return false;
        }
        int i = at;
        // bytes beyond ASCII are negative
        while (i < end && bytes[i] >= ' ' && bytes[i] != '"' && bytes[i] != '\\') {
            i++;
        }
        at = i;
        to = i;
        return take('"');
    }

    private boolean scalar() {
        return at < end
                && switch (bytes[at]) {
                    case '"' -> plainString();
                    case 'n' -> literal(NULL);
                    case 't' -> literal(TRUE);
                    case 'f' -> literal(FALSE);
                    default -> digits(MAX_DIGITS);
                };
    }

    private boolean digits(int most) {
        int first = at;
        while (at < end && bytes[at] >= '0' && bytes[at] <= '9') {
            at++;
        }
        int count = at - first;
        return count == 1 || (count > 1 && count <= most && bytes[first] != '0');
    }

    private boolean literal(byte[] expected) {
        int stop = at + expected.length;
        if (stop > end || !Arrays.equals(bytes, at, stop, expected, 0, expected.length)) {
            return false;
        }
        at = stop;
        return true;
    }

    private boolean take(char expected) {
        if (at < end && bytes[at] == expected) {
            at++;
            return true;
        }
        return false;
    }

    private boolean is(byte[] expected) {
        return to - from == expected.length && Arrays.equals(bytes, from, to, expected, 0, expected.length);
    }

    private static byte[] bytes(String ascii) {
        return ascii.getBytes(StandardCharsets.US_ASCII);
    }
}
