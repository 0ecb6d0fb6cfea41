package io.hotplex.os;

import io.hotplex.api.spi.AgentLine;
import java.util.ArrayDeque;
import java.util.List;

/** The last lines of a process's error output, each cut at 4 KiB. Not thread-safe; confined to the reader. */
final class StderrTail {
    private static final int MAX_LINE_BYTES = 4096;

    private final int maxLines;
    private final LineFramer framer = new LineFramer(MAX_LINE_BYTES);
    private final ArrayDeque<AgentLine> lines = new ArrayDeque<>(0);

    StderrTail(int maxLines) {
        this.maxLines = maxLines;
    }

    void feed(byte[] bytes, int length) {
        framer.feed(bytes, 0, length, this::add);
    }

    /** The stream has ended. */
    void end() {
        framer.end(this::add);
    }

    /** Oldest first. */
    List<String> lines() {
        return lines.stream().map(AgentLine::text).toList();
    }

    private void add(AgentLine line) {
        if (maxLines == 0) {
            return;
        }
        if (lines.size() == maxLines) {
            lines.removeFirst();
        }
        lines.addLast(line.copy());
    }
}
