package io.hotplex.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The least that somebody would write without HotPlex: a {@link Process}, one thread that writes a line and blocks
 * until the answer came. Confined to its caller.
 */
final class PipeDriver implements AutoCloseable {
    private static final byte[] RESULT = "\"type\":\"result\"".getBytes(StandardCharsets.UTF_8);
    private static final int BUFFER_BYTES = 64 << 10;

    private final Process process;
    private final OutputStream in;
    private final InputStream out;
    private byte[] buffer = new byte[BUFFER_BYTES];

    /** @param environment all variables of the child */
    PipeDriver(List<String> command, Path workDir, Map<String, String> environment) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).directory(workDir.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        builder.redirectError(ProcessBuilder.Redirect.DISCARD);
        process = builder.start();
        in = process.getOutputStream();
        out = process.getInputStream();
    }

    /** A prompt as the Claude provider writes it. */
    static byte[] prompt(String uuid, String text) {
        return ("{\"type\":\"user\",\"uuid\":\"" + uuid + "\",\"parent_tool_use_id\":null,\"session_id\":\"\","
                        + "\"message\":{\"role\":\"user\",\"content\":\"" + text + "\"}}\n")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** Writes a prompt and waits for the line that ends its turn. */
    void turn(byte[] prompt) throws IOException {
        in.write(prompt);
        in.flush();
        boolean ended = false;
        int lineStart = 0;
        int length = 0;
        while (!ended) {
            if (length == buffer.length) {
                buffer = Arrays.copyOf(buffer, 2 * length);
            }
            int count = out.read(buffer, length, buffer.length - length);
            if (count < 0) {
                throw new IOException("the agent ended");
            }
            for (int i = length; i < length + count; i++) {
                if (buffer[i] == '\n') {
                    ended |= endsTurn(buffer, lineStart, i - lineStart);
                    lineStart = i + 1;
                }
            }
            length += count;
            if (lineStart == length) {
                lineStart = 0;
                length = 0;
            }
        }
    }

    /** Whether a line of Claude's is the last one of a turn; the text of an answer has its quotes escaped. */
    static boolean endsTurn(byte[] bytes, int offset, int length) {
        for (int i = offset; i <= offset + length - RESULT.length; i++) {
            if (bytes[i] == '"' && Arrays.equals(bytes, i, i + RESULT.length, RESULT, 0, RESULT.length)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void close() throws IOException {
        try {
            in.close();
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }
}
