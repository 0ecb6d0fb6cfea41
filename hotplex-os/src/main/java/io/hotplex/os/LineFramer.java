package io.hotplex.os;

import io.hotplex.api.spi.AgentLine;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a stream of bytes into lines. Line ends are LF or CRLF; empty lines are skipped; what follows the last line end
 * is a line too when the stream ends. How the stream was cut into pieces makes no difference.
 *
 * <p>A line that lies within one piece is handed out as a slice of it, without a copy. Only the beginning of a line
 * that is still incomplete is kept, in a buffer that exists no longer than that line and never grows above the limit.
 *
 * <p>Not thread-safe; confined to the reader of the stream.
 */
public final class LineFramer {
    private static final int SMALLEST_TAIL = 256;

    /** Little-endian whatever the machine is, so that the first byte is the lowest lane. */
    private static final VarHandle WORDS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final long LOWEST_BITS = 0x0101010101010101L;
    private static final long HIGHEST_BITS = 0x8080808080808080L;
    private static final long LINE_FEEDS = '\n' * LOWEST_BITS;

    private final int maxLineBytes;
    /** The kept beginning of an incomplete line. */
    private byte @Nullable [] tail;

    /** How much of {@link #tail} is used. */
    private int kept;
    /** Bytes of the incomplete line seen so far, kept or dropped. */
    private long seen;
    /** The last of them. */
    private byte last;

    /** @param maxLineBytes longest line without its end, at least 1; the rest of a longer one is dropped */
    public LineFramer(int maxLineBytes) {
        if (maxLineBytes < 1) {
            throw new IllegalArgumentException("maxLineBytes: " + maxLineBytes + " (expected: >= 1)");
        }
        this.maxLineBytes = maxLineBytes;
    }

    /**
     * Takes the next piece of the stream.
     *
     * @param bytes holds the piece; may be changed after the call
     * @param offset where the piece begins
     * @param length its length in bytes
     * @param lines gets each line that is complete now; a line is valid during that call only
     */
    public void feed(byte[] bytes, int offset, int length, Consumer<? super AgentLine> lines) {
        int end = offset + length;
        int start = offset;
        for (int i = lineEnd(bytes, start, end); i < end; i = lineEnd(bytes, start, end)) {
            endLine(bytes, start, i, lines);
            start = i + 1;
        }
        if (start < end) {
            keep(bytes, start, end);
        }
    }

    /**
     * Tells that the stream has ended: an incomplete line is handed out as it is.
     *
     * @param lines gets the line, if there is one
     */
    public void end(Consumer<? super AgentLine> lines) {
        if (seen > 0) {
            endKeptLine(lines);
        }
    }

    /** Bytes of memory held for an incomplete line. */
    public int retainedBytes() {
        return tail == null ? 0 : tail.length;
    }

    /**
     * Index of the next line feed, or {@code end}. Looks at eight bytes at a time: subtracting one from each lane of a
     * word borrows into a lane's highest bit where that was zero, and the lowest such lane is always a true one.
     */
    private static int lineEnd(byte[] bytes, int start, int end) {
        int i = start;
        for (; i <= end - Long.BYTES; i += Long.BYTES) {
            long word = (long) WORDS.get(bytes, i) ^ LINE_FEEDS;
            long zeros = (word - LOWEST_BITS) & ~word & HIGHEST_BITS;
            if (zeros != 0) {
                return i + Long.numberOfTrailingZeros(zeros) / Byte.SIZE;
            }
        }
        while (i < end && bytes[i] != '\n') {
            i++;
        }
        return i;
    }

    private void endLine(byte[] bytes, int start, int end, Consumer<? super AgentLine> lines) {
        if (seen == 0) {
            hand(bytes, start, end - start, end > start ? bytes[end - 1] : 0, lines);
        } else {
            keep(bytes, start, end);
            endKeptLine(lines);
        }
    }

    private void endKeptLine(Consumer<? super AgentLine> lines) {
        byte[] line = tail;
        long length = seen;
        byte end = last;
        tail = null;
        kept = 0;
        seen = 0;
        if (line != null) {
            hand(line, 0, length, end, lines);
        }
    }

    private void hand(byte[] bytes, int start, long rawLength, byte end, Consumer<? super AgentLine> lines) {
        long length = rawLength > 0 && end == '\r' ? rawLength - 1 : rawLength;
        if (length > 0) {
            lines.accept(new AgentLine(bytes, start, (int) Math.min(length, maxLineBytes), length > maxLineBytes));
        }
    }

    private void keep(byte[] bytes, int start, int end) {
        if (start == end) {
            return;
        }
        int taken = Math.min(end - start, maxLineBytes - kept);
        byte[] buffer = tail;
        if (buffer == null || buffer.length < kept + taken) {
            buffer = grown(buffer, kept + taken);
            tail = buffer;
        }
        System.arraycopy(bytes, start, buffer, kept, taken);
        kept += taken;
        seen += end - start;
        last = bytes[end - 1];
    }

    private byte[] grown(byte @Nullable [] buffer, int needed) {
        int size = Math.max(needed, SMALLEST_TAIL);
        if (buffer != null) {
            size = (int) Math.max(size, Math.min(2L * buffer.length, maxLineBytes));
            return Arrays.copyOf(buffer, size);
        }
        return new byte[size];
    }
}
