package io.hotplex.server.internal.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** An output stream of text that is written at once, and knows whether it is at the start of a line. Confined. */
final class Lane {
    private final OutputStream stream;
    private boolean atLineStart = true;

    Lane(OutputStream stream) {
        this.stream = stream;
    }

    boolean atLineStart() {
        return atLineStart;
    }

    /** @throws OutputClosedException when nobody reads any more */
    void write(String text) {
        if (!text.isEmpty()) {
            send(text);
            atLineStart = text.endsWith("\n");
        }
    }

    /** Writes what does not move the cursor for good, for example a line that is erased later. */
    void writeTransient(String text) {
        send(text);
    }

    /** Somebody else moved the cursor to the start of a line. */
    void moved() {
        atLineStart = true;
    }

    void line(String text) {
        write(text + "\n");
    }

    /** Ends the line that was begun, if one was. */
    void endLine() {
        if (!atLineStart) {
            write("\n");
        }
    }

    private void send(String text) {
        try {
            stream.write(text.getBytes(StandardCharsets.UTF_8));
            stream.flush();
        } catch (IOException e) {
            throw new OutputClosedException(e);
        }
    }
}
