package io.hotplex.provider.opencode;

import io.hotplex.api.spi.AgentLine;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Cuts a stream of server-sent events into the data of its frames, one line each as OpenCode writes them. Confined to
 * the reader of the stream.
 */
final class EventFrames {
    private static final byte[] DATA = {'d', 'a', 't', 'a', ':'};

    private final int limit;
    private final Consumer<AgentLine> receiver;
    private byte[] line = new byte[8 << 10];
    private int length;
    private boolean truncated;

    /**
     * @param limit longest line; the rest of a longer one is dropped and its data marked
     * @param receiver takes the data of each frame, valid during the call
     */
    EventFrames(int limit, Consumer<AgentLine> receiver) {
        this.limit = limit;
        this.receiver = receiver;
    }

    void feed(byte[] bytes, int offset, int count) {
        int end = offset + count;
        int from = offset;
        for (int i = offset; i < end; i++) {
            if (bytes[i] == '\n') {
                append(bytes, from, i - from);
                from = i + 1;
                lineEnded();
            }
        }
        append(bytes, from, end - from);
    }

    private void append(byte[] bytes, int offset, int count) {
        int room = Math.min(count, limit - length);
        truncated |= room < count;
        if (length + room > line.length) {
            line = Arrays.copyOf(line, (int) Math.min(limit, Math.max(line.length * 2L, (long) length + room)));
        }
        System.arraycopy(bytes, offset, line, length, room);
        length += room;
    }

    private void lineEnded() {
        int end = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
        if (end > DATA.length && Arrays.equals(line, 0, DATA.length, DATA, 0, DATA.length)) {
            int start = line[DATA.length] == ' ' ? DATA.length + 1 : DATA.length;
            receiver.accept(new AgentLine(line, start, end - start, truncated));
        }
        length = 0;
        truncated = false;
    }
}
