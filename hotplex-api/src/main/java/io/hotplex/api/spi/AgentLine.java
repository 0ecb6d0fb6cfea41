package io.hotplex.api.spi;

import java.nio.charset.StandardCharsets;

/**
 * One line that an agent wrote, without its line end.
 *
 * <p>Valid only during the call that hands it over: the array belongs to the reader and is used again. {@link #copy()}
 * keeps it.
 *
 * @param bytes holds the line
 * @param offset where it begins
 * @param length its length in bytes, at most the launcher's line limit
 * @param truncated whether the agent's line was longer and the rest dropped
 */
@SuppressWarnings("ArrayRecordComponent") // a view of a reader's buffer, compared by nobody
public record AgentLine(byte[] bytes, int offset, int length, boolean truncated) {
    /** A complete line of its own. */
    public static AgentLine of(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return new AgentLine(bytes, 0, bytes.length, false);
    }

    /** A line that stays valid. */
    public AgentLine copy() {
        return new AgentLine(java.util.Arrays.copyOfRange(bytes, offset, offset + length), 0, length, truncated);
    }

    /** The line decoded as UTF-8, malformed input replaced. */
    public String text() {
        return new String(bytes, offset, length, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return "AgentLine[" + length + " bytes" + (truncated ? ", truncated" : "") + "]";
    }
}
