package io.hotplex.e2e.opencode.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** The least that can be a client of OpenCode's protocol: follows events from its first moment on. Thread-safe. */
final class EventClient implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI base;
    private final String authorization;
    private final List<JsonNode> seen = new CopyOnWriteArrayList<>();
    private final CompletableFuture<HttpResponse<Stream<String>>> events;

    EventClient(URI base, String key) {
        this.base = base;
        this.authorization =
                "Basic " + Base64.getEncoder().encodeToString(("opencode:" + key).getBytes(StandardCharsets.UTF_8));
        events = http.sendAsync(request("/event").build(), HttpResponse.BodyHandlers.ofLines());
        var unused = events.thenAcceptAsync(response -> response.body().forEach(this::line));
        Awaitility.await().atMost(LIMIT).until(() -> !seen.isEmpty() || events.isCompletedExceptionally());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(base + path)).header("Authorization", authorization);
    }

    private void line(String line) {
        if (line.startsWith("data: ")) {
            seen.add(json(line.substring(6)));
        }
    }

    private static JsonNode json(String text) {
        try {
            return MAPPER.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(text, e);
        }
    }

    List<JsonNode> seen() {
        return seen;
    }

    /** The n-th event of a type after a place. */
    JsonNode await(int after, String type, int count) {
        return Awaitility.await(type)
                .atMost(LIMIT)
                .until(
                        () -> seen.stream()
                                .skip(after)
                                .filter(event -> event.path("type").asText().equals(type))
                                .skip(count - 1L)
                                .findFirst()
                                .orElse(null),
                        found -> found != null);
    }

    JsonNode post(String path, String body) throws IOException, InterruptedException {
        HttpResponse<String> response = http.send(
                request(path)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() >= 300) {
            throw new AssertionError(path + ": " + response.statusCode() + " " + response.body());
        }
        return json(response.body().isEmpty() ? "null" : response.body());
    }

    @Override
    public void close() {
        events.cancel(true);
    }
}
