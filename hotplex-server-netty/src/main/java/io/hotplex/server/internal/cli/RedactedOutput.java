package io.hotplex.server.internal.cli;

import io.hotplex.core.LogRedaction;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * An output of text that has no secrets when it comes out. A text is looked at when it is flushed: as a whole, or,
 * where a line may come in several pieces, up to the last end of a line.
 *
 * <p>Thread-safe: guarded by its monitor, under which it is written, so that lines do not mix.
 */
final class RedactedOutput extends OutputStream {
    /** Longer than any line that is logged; one that is longer is looked at as it is. */
    private static final int MOST_BYTES = 1 << 20;

    private final OutputStream out;
    private final LogRedaction redaction;
    private final boolean lines;
    private ByteArrayOutputStream waiting = new ByteArrayOutputStream();

    private RedactedOutput(OutputStream out, LogRedaction redaction, boolean lines) {
        this.out = out;
        this.redaction = redaction;
        this.lines = lines;
    }

    /** An output that is flushed when a text is complete. */
    static OutputStream of(OutputStream out, LogRedaction redaction) {
        return new RedactedOutput(out, redaction, false);
    }

    /** What loggers and the JVM write their lines to. */
    static PrintStream ofLines(OutputStream out, LogRedaction redaction) {
        return new PrintStream(new RedactedOutput(out, redaction, true), true, StandardCharsets.UTF_8);
    }

    @Override
    public synchronized void write(int b) throws IOException {
        waiting.write(b);
        bound();
    }

    @Override
    public synchronized void write(byte[] bytes, int from, int length) throws IOException {
        waiting.write(bytes, from, length);
        bound();
    }

    private void bound() throws IOException {
        if (waiting.size() >= MOST_BYTES) {
            pass(completeLines()); // a secret may stand where they end
            if (waiting.size() >= MOST_BYTES) {
                pass(waiting.size());
            }
        }
    }

    /** How much of what waits are lines with an end. */
    private int completeLines() {
        byte[] all = waiting.toByteArray();
        int complete = all.length;
        while (complete > 0 && all[complete - 1] != '\n') {
            complete--;
        }
        return complete;
    }

    @Override
    public synchronized void flush() throws IOException {
        pass(lines ? completeLines() : waiting.size());
    }

    private void pass(int length) throws IOException {
        if (length > 0) {
            byte[] all = waiting.toByteArray();
            waiting = new ByteArrayOutputStream();
            waiting.write(all, length, all.length - length);
            String text = new String(all, 0, length, StandardCharsets.UTF_8);
            String shown = redaction.text(text);
            if (shown.equals(text)) {
                out.write(all, 0, length); // bytes that are no UTF-8 stay
            } else {
                out.write(shown.getBytes(StandardCharsets.UTF_8));
            }
        }
        out.flush();
    }

    @Override
    public synchronized void close() throws IOException {
        pass(waiting.size());
        out.close();
    }
}
