package io.hotplex.testkit.agent;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * A host for one agent process: writes lines, and waits for lines. Used by one test thread; two daemon threads read the
 * agent's output.
 */
public final class AgentDriver implements AutoCloseable {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final int LIMIT_SECONDS = 20;
    private static final String END = "\u0000end";

    private final Process process;
    private final BufferedWriter in;
    private final BlockingQueue<String> out = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> err = new LinkedBlockingQueue<>();

    private AgentDriver(Process process) {
        this.process = process;
        this.in = process.outputWriter(StandardCharsets.UTF_8);
        read(process.getInputStream(), out);
        read(process.getErrorStream(), err);
    }

    public static AgentDriver start(Path directory, List<String> command, String... arguments) throws IOException {
        List<String> all = new ArrayList<>(command);
        all.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(all).directory(directory.toFile());
        builder.environment().remove("HOTPLEX_DEMO_HOME");
        return new AgentDriver(builder.start());
    }

    public Process process() {
        return process;
    }

    public void send(Map<String, ?> message) throws IOException {
        in.write(MAPPER.writeValueAsString(message));
        in.write('\n');
        in.flush();
    }

    public void prompt(String text) throws IOException {
        send(Map.of("type", "user", "message", Map.of("role", "user", "content", text)));
    }

    public void control(String requestId, Map<String, ?> request) throws IOException {
        send(Map.of("type", "control_request", "request_id", requestId, "request", request));
    }

    public void answer(String requestId, Map<String, ?> response) throws IOException {
        send(Map.of(
                "type",
                "control_response",
                "response",
                Map.of("subtype", "success", "request_id", requestId, "response", response)));
    }

    public void endInput() throws IOException {
        in.close();
    }

    /** The next line as it is. */
    public String rawLine() throws InterruptedException {
        String line = out.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
        if (line == null) {
            throw new AssertionError("no line came in " + LIMIT_SECONDS + " s");
        }
        if (line.equals(END)) {
            throw new AssertionError("the output ended; stderr: " + err);
        }
        return line;
    }

    /** Every message up to the first that fits, which is the last of the list. Lines that are no JSON are skipped. */
    public List<JsonNode> until(Predicate<JsonNode> fits) throws InterruptedException {
        List<JsonNode> messages = new ArrayList<>();
        while (messages.isEmpty() || !fits.test(messages.get(messages.size() - 1))) {
            parse(rawLine()).ifPresent(messages::add);
        }
        return messages;
    }

    private static Optional<JsonNode> parse(String line) {
        try {
            return Optional.of(MAPPER.readTree(line));
        } catch (JsonProcessingException e) {
            return Optional.empty(); // the agent may be told to write garbage
        }
    }

    public JsonNode await(Predicate<JsonNode> fits) throws InterruptedException {
        List<JsonNode> messages = until(fits);
        return messages.get(messages.size() - 1);
    }

    public JsonNode awaitResult() throws InterruptedException {
        return await(type("result").and(message -> !message.has("origin")));
    }

    /** Ask for the version and wait for the answer. */
    public void handshake() throws IOException, InterruptedException {
        control("version", Map.of("subtype", "get_binary_version"));
        await(type("control_response"));
    }

    public JsonNode ask(String prompt) throws IOException, InterruptedException {
        prompt(prompt);
        return awaitResult();
    }

    public int awaitExit() throws InterruptedException {
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("the agent still lives after " + LIMIT_SECONDS + " s");
        }
        return process.exitValue();
    }

    /** The first line of standard error. */
    public String errorLine() throws InterruptedException {
        String line = err.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
        return line == null ? "" : line;
    }

    /** Wait until the agent has closed its standard output. */
    public void awaitOutputEnd() throws InterruptedException {
        for (String line = ""; !END.equals(line); line = out.poll(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            if (line == null) {
                throw new AssertionError("the output did not end");
            }
        }
    }

    public static Predicate<JsonNode> type(String type) {
        return message -> type.equals(message.path("type").asText());
    }

    public static Predicate<JsonNode> delta() {
        return message ->
                "content_block_delta".equals(message.path("event").path("type").asText());
    }

    @Override
    public void close() {
        kill();
    }

    public void kill() {
        process.destroyForcibly()
                .onExit()
                .orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS)
                .join();
    }

    private static void read(InputStream stream, BlockingQueue<String> lines) {
        Thread thread = new Thread(() -> {
            try (BufferedReader reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    lines.add(line);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } finally {
                lines.add(END);
            }
        });
        thread.setDaemon(true);
        thread.start();
    }
}
