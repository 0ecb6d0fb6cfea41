package io.hotplex.testkit.agent;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The agent's standard output: whole lines, one writer at a time.
 *
 * <p>Thread-safe; guarded by {@code lock}, which is held while a line is written so that lines do not mix. When nobody
 * reads any more, what is written is lost without an error, as with the real CLI.
 */
final class AgentOutput {
    private final OutputStream out;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private boolean silent;

    AgentOutput(OutputStream out) {
        this.out = out;
    }

    /** Write a message as one line. */
    void line(Map<String, @Nullable Object> message) {
        bytes((Json.write(message) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Write bytes as they are. */
    void bytes(byte[] bytes) {
        lock.lock();
        try {
            if (!silent) {
                out.write(bytes);
                out.flush();
            }
        } catch (IOException e) {
            silent = true; // the reader is gone
        } finally {
            lock.unlock();
        }
    }

    /** Write nothing from now on. */
    void silence() {
        lock.lock();
        try {
            silent = true;
        } finally {
            lock.unlock();
        }
    }

    /** Give the stream back to the operating system, and write nothing from now on. */
    void close() {
        lock.lock();
        try {
            silent = true;
            out.close();
        } catch (IOException e) {
            // closed all the same
        } finally {
            lock.unlock();
        }
    }
}
