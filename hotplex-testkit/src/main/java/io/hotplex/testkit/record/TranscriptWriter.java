package io.hotplex.testkit.record;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.spi.ExitStatus;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** Writes a transcript, one JSON object per line. Guarded by {@code lock}: three streams write into one order. */
final class TranscriptWriter implements AutoCloseable {
    private static final ObjectMapper MAPPER =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private static final Map<Integer, String> SIGNALS =
            Map.of(1, "SIGHUP", 2, "SIGINT", 3, "SIGQUIT", 9, "SIGKILL", 15, "SIGTERM");
    private static final long MICROS_PER_MILLI = 1_000;

    private final long startNanos = System.nanoTime();
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final BufferedWriter out;

    TranscriptWriter(Path file) throws IOException {
        this.out = Files.newBufferedWriter(file, StandardCharsets.UTF_8);
    }

    void spawned(List<String> command, Path directory) throws IOException {
        ObjectNode entry = entry("spawn");
        command.forEach(entry.putArray("argv")::add);
        write(entry.put("cwd", directory.toString()));
    }

    /** A line of the conversation: {@code json} when it is JSON, else {@code raw}. */
    void line(String direction, String line) throws IOException {
        ObjectNode entry = entry(direction);
        try {
            JsonNode json = MAPPER.readTree(line);
            entry.set(json.isMissingNode() ? "raw" : "json", json.isMissingNode() ? entry.textNode(line) : json);
        } catch (JsonProcessingException e) {
            entry.put("raw", line);
        }
        write(entry);
    }

    void text(String direction, String text) throws IOException {
        write(entry(direction).put("text", text));
    }

    void exited(int code) throws IOException {
        write(entry("exit").put("code", code));
    }

    void exited(ExitStatus status) throws IOException {
        ObjectNode entry = entry("exit").put("code", status.code());
        Integer signal = status.signal();
        write(signal == null ? entry : entry.put("signal", SIGNALS.getOrDefault(signal, "SIG" + signal)));
    }

    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            out.close();
        } finally {
            lock.unlock();
        }
    }

    private ObjectNode entry(String direction) {
        long micros = TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - startNanos);
        return MAPPER.createObjectNode()
                .put("ms", (double) micros / MICROS_PER_MILLI)
                .put("dir", direction);
    }

    private void write(ObjectNode entry) throws IOException {
        lock.lock();
        try {
            out.write(entry.toString());
            out.newLine();
            out.flush();
        } finally {
            lock.unlock();
        }
    }
}
