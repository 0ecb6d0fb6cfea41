package io.hotplex.benchmarks;

import java.io.BufferedInputStream;
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
    private byte[] line = new byte[BUFFER_BYTES];

    /** @param environment all variables of the child */
    PipeDriver(List<String> command, Path workDir, Map<String, String> environment) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).directory(workDir.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        builder.redirectError(ProcessBuilder.Redirect.DISCARD);
        process = builder.start();
        in = process.getOutputStream();
        out = new BufferedInputStream(process.getInputStream(), BUFFER_BYTES);
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
        int length = readLine();
        while (!endsTurn(line, 0, length)) {
            length = readLine();
        }
    }

    private int readLine() throws IOException {
        int length = 0;
        int next = out.read();
        while (next != '\n') {
            if (next < 0) {
                throw new IOException("the agent ended");
            }
            if (length == line.length) {
                line = Arrays.copyOf(line, 2 * length);
            }
            line[length++] = (byte) next;
            next = out.read();
        }
        return length;
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
