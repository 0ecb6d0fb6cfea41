package io.hotplex.provider.claude;

import io.hotplex.api.spi.AgentLine;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a line is, read from its outermost object alone; for lines that no parser takes, since they are cut off or
 * nested too deep. Needs no memory, whatever the line holds. Confined to its protocol's caller.
 */
final class LineOutline {
    private static final byte[] TYPE = "type".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] REQUEST_ID = "request_id".getBytes(StandardCharsets.US_ASCII);
    private static final int MAX_VALUE = 256;

    private final byte[] bytes;
    private final int end;
    private int at;
    private String type = "";
    private @Nullable String requestId;

    private LineOutline(AgentLine line) {
        bytes = line.bytes();
        at = line.offset();
        end = at + line.length();
    }

    static LineOutline of(AgentLine line) {
        LineOutline outline = new LineOutline(line);
        outline.read();
        return outline;
    }

    /** The line's type; empty when it tells none. */
    String type() {
        return type;
    }

    /** The id of a request; {@code null} when the line tells none. */
    @Nullable
    String requestId() {
        return requestId;
    }

    private void read() {
        if (skipBlanks() != '{') {
            return;
        }
        at++;
        while (skipBlanks() == '"') {
            int key = at + 1;
            int keyEnd = string();
            if (keyEnd < 0 || skipBlanks() != ':') {
                return;
            }
            at++;
            if (skipBlanks() == '"') {
                int value = at + 1;
                int valueEnd = string();
                if (valueEnd >= 0) {
                    field(key, keyEnd, value, valueEnd);
                }
            } else {
                skipValue();
            }
            if (skipBlanks() != ',') {
                return;
            }
            at++;
        }
    }

    private void field(int key, int keyEnd, int value, int valueEnd) {
        if (valueEnd - value > MAX_VALUE) {
            return;
        }
        String text = new String(bytes, value, valueEnd - value, StandardCharsets.UTF_8);
        if (text.indexOf('\\') >= 0) {
            return;
        }
        if (Arrays.equals(bytes, key, keyEnd, TYPE, 0, TYPE.length)) {
            type = text;
        } else if (Arrays.equals(bytes, key, keyEnd, REQUEST_ID, 0, REQUEST_ID.length)) {
            requestId = text;
        }
    }

    /** Goes on to the next byte that is no blank; 0 at the end. */
    private int skipBlanks() {
        while (at < end && (bytes[at] == ' ' || bytes[at] == '\t' || bytes[at] == '\r')) {
            at++;
        }
        return at < end ? bytes[at] : 0;
    }

    /** Skips a string; returns where its content ends, or -1 when the line ends before. */
    private int string() {
        for (at++; at < end; at++) {
            if (bytes[at] == '\\') {
                at++;
            } else if (bytes[at] == '"') {
                return at++;
            }
        }
        return -1;
    }

    /** Skips a value that is no string, up to the comma or brace behind it. */
    private void skipValue() {
        long depth = 0;
        while (at < end) {
            switch (bytes[at]) {
                case '"' -> {
                    string();
                    continue;
                }
                case '{', '[' -> depth++;
                case '}', ']' -> {
                    if (depth == 0) {
                        return;
                    }
                    depth--;
                }
                case ',' -> {
                    if (depth == 0) {
                        return;
                    }
                }
                default -> {
                    // part of the value
                }
            }
            at++;
        }
    }
}
