package io.hotplex.testkit.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One exchange: what was asked, and the answer on its way. Confined to the thread that handles it. */
final class Answer {
    private static final Set<String> CREDENTIALS =
            Set.of("x-api-key", "authorization", "cookie", "proxy-authorization");
    private static final int PROMPT_CHARS = 200;

    private final HttpExchange exchange;
    private final RequestLog log;
    private final long startNanos = System.nanoTime();
    private ModelRequest request;

    Answer(HttpExchange exchange, RequestLog log, byte[] body, boolean keepBody) {
        this.exchange = exchange;
        this.log = log;
        this.request = new ModelRequest(
                log.nextSequence(),
                exchange.getRequestMethod(),
                exchange.getRequestURI().toString(),
                0,
                "",
                false,
                "",
                List.of(),
                masked(exchange.getRequestHeaders()),
                body.length,
                keepBody ? Optional.of(new String(body, StandardCharsets.UTF_8)) : Optional.empty(),
                Duration.ZERO,
                false);
        log.put(request);
    }

    static String newId(String prefix) {
        return prefix + UUID.randomUUID().toString().replace("-", "").substring(0, 24);
    }

    /** Note what a request for a message asked. */
    void asked(JsonNode body, String prompt, Set<String> tools) {
        update(
                request.status(),
                body.path("model").asText(""),
                body.path("stream").asBoolean(),
                prompt.substring(0, Math.min(PROMPT_CHARS, prompt.length())),
                List.copyOf(tools),
                Duration.ZERO,
                false);
    }

    void json(int status, JsonNode value, Map<String, String> headers) throws IOException {
        exchange.getResponseHeaders().set("content-type", "application/json");
        headers.forEach(exchange.getResponseHeaders()::set);
        byte[] bytes = value.toString().getBytes(StandardCharsets.UTF_8);
        start(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    void empty(int status) throws IOException {
        start(status, -1);
    }

    void startEvents() throws IOException {
        exchange.getResponseHeaders().set("content-type", "text/event-stream; charset=utf-8");
        exchange.getResponseHeaders().set("cache-control", "no-cache");
        start(200, 0);
    }

    void event(String name, JsonNode data) throws IOException {
        write("event: " + name + "\ndata: " + data + "\n\n");
    }

    /** An event without a name. */
    void data(String data) throws IOException {
        write("data: " + data + "\n\n");
    }

    private void write(String event) throws IOException {
        exchange.getResponseBody().write(event.getBytes(StandardCharsets.UTF_8));
        exchange.getResponseBody().flush();
    }

    /** The answer is complete, or will never be. */
    void end(boolean aborted) {
        update(
                request.status(),
                request.model(),
                request.stream(),
                request.prompt(),
                request.tools(),
                Duration.ofNanos(System.nanoTime() - startNanos),
                aborted);
    }

    private void start(int status, long length) throws IOException {
        exchange.getResponseHeaders().set("request-id", newId("req_"));
        update(status, request.model(), request.stream(), request.prompt(), request.tools(), Duration.ZERO, false);
        exchange.sendResponseHeaders(status, length);
    }

    private void update(
            int status,
            String model,
            boolean stream,
            String prompt,
            List<String> tools,
            Duration took,
            boolean aborted) {
        request = new ModelRequest(
                request.sequence(),
                request.method(),
                request.path(),
                status,
                model,
                stream,
                prompt,
                tools,
                request.headers(),
                request.bytes(),
                request.body(),
                took,
                aborted);
        log.put(request);
    }

    private static Map<String, String> masked(Headers headers) {
        Map<String, String> masked = new TreeMap<>();
        for (Map.Entry<String, @Nullable List<String>> header : headers.entrySet()) {
            String name = header.getKey().toLowerCase(Locale.ROOT);
            List<String> values = header.getValue() == null ? List.of() : header.getValue();
            masked.put(
                    name,
                    CREDENTIALS.contains(name)
                            ? "<masked>"
                            : values.stream().map(String::valueOf).collect(Collectors.joining(", ")));
        }
        return masked;
    }
}
