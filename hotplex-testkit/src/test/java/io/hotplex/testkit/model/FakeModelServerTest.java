package io.hotplex.testkit.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FakeModelServerTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final FakeModelServer server = FakeModelServer.start(0, true);
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void streamsInTheOrderOfTheApi() throws Exception {
        List<JsonNode> events = stream("THINK 1 then SAY 2");

        assertThat(events.stream().map(event -> event.path("type").asText()))
                .containsExactly(
                        "message_start",
                        "ping",
                        "content_block_start",
                        "content_block_delta",
                        "content_block_delta",
                        "content_block_stop",
                        "content_block_start",
                        "content_block_delta",
                        "content_block_delta",
                        "content_block_stop",
                        "message_delta",
                        "message_stop");
        assertThat(events.get(0).at("/message/id").asText()).matches("msg_[0-9a-f]{24}");
        assertThat(events.get(0).at("/message/usage/output_tokens").asInt()).isEqualTo(1);
        assertThat(events.get(4).at("/delta/type").asText()).isEqualTo("signature_delta");
        assertThat(events.get(10).at("/delta/stop_reason").asText()).isEqualTo("end_turn");
        assertThat(events.get(10).at("/usage/output_tokens").asInt()).isEqualTo(3);
    }

    @Test
    void repeatsAPromptWithoutDirectives() throws Exception {
        JsonNode reply = json(post(body("hello there", false)));

        assertThat(reply.at("/content/0/text").asText()).isEqualTo("Echo: hello there");
        assertThat(reply.path("stop_reason").asText()).isEqualTo("end_turn");
        assertThat(reply.path("model").asText()).isEqualTo("m");
    }

    @Test
    void callsATool() throws Exception {
        List<JsonNode> events = stream("TOOL Bash echo SAY 3; pwd");
        String input = events.stream()
                .map(event -> event.at("/delta/partial_json").asText())
                .reduce("", String::concat);

        assertThat(MAPPER.readTree(input).path("command").asText()).isEqualTo("echo SAY 3; pwd");
        assertThat(events.get(events.size() - 2).at("/delta/stop_reason").asText())
                .isEqualTo("tool_use");
    }

    @Test
    void quotesWhatTheToolGave() throws Exception {
        Object messages = List.of(
                Map.of("role", "user", "content", "TOOL Bash pwd"),
                Map.of("role", "assistant", "content", List.of()),
                Map.of(
                        "role",
                        "user",
                        "content",
                        List.of(Map.of("type", "tool_result", "tool_use_id", "t", "content", "/srv"))));

        JsonNode reply = json(post(body(messages, false)));

        assertThat(reply.at("/content/0/text").asText()).isEqualTo("Tool said: /srv");
    }

    @Test
    void ignoresAToolThatIsNotOffered() throws Exception {
        assertThat(json(post(body("TOOL Write {}", false))).path("stop_reason").asText())
                .isEqualTo("end_turn");
        assertThat(json(post(body("FORCE TOOL Write {}", false)))
                        .path("stop_reason")
                        .asText())
                .isEqualTo("tool_use");
    }

    @Test
    void failsTheFirstAttempts() throws Exception {
        String body = body("ERROR 529 2 RETRYAFTER 1", false);

        HttpResponse<String> first = post(body);
        assertThat(first.statusCode()).isEqualTo(529);
        assertThat(first.headers().firstValue("retry-after")).contains("1");
        assertThat(json(first).at("/error/type").asText()).isEqualTo("overloaded_error");
        assertThat(post(body).statusCode()).isEqualTo(529);
        assertThat(post(body).statusCode()).isEqualTo(200);
    }

    @Test
    void letsQueuedScriptsMakeOneReplyEach() throws Exception {
        Object inTheMiddle = List.of(
                Map.of("role", "user", "content", "TOOL Bash pwd"),
                Map.of("role", "assistant", "content", List.of()),
                Map.of(
                        "role",
                        "user",
                        "content",
                        List.of(Map.of("type", "tool_result", "tool_use_id", "t", "content", "/srv"))));
        server.enqueue("ERROR 529 2");
        server.enqueue("TOOL Bash ls");
        server.enqueue("SAY 1");

        assertThat(post(body(inTheMiddle, false)).statusCode()).isEqualTo(529);
        assertThat(json(post(body(inTheMiddle, false))).path("stop_reason").asText())
                .isEqualTo("tool_use");
        assertThat(json(post(body(inTheMiddle, false))).at("/content/0/text").asText())
                .isEqualTo("w1 ");
        assertThat(json(post(body(inTheMiddle, false))).at("/content/0/text").asText())
                .isEqualTo("Tool said: /srv");
    }

    @Test
    void endsAStreamWithNoMoreFiguresThanTheApiPromises() throws Exception {
        List<JsonNode> events = stream("SAY 3");

        assertThat(events.get(0).at("/message/usage/input_tokens").asInt()).isPositive();
        assertThat(events.get(events.size() - 2).path("usage").toString()).isEqualTo("{\"output_tokens\":3}");
    }

    @Test
    void knowsAConversationAgain() throws Exception {
        JsonNode first = json(post(body("one", false)));
        JsonNode second = json(post(body("one", false)));

        assertThat(first.at("/usage/cache_read_input_tokens").asInt()).isZero();
        assertThat(second.at("/usage/cache_read_input_tokens").asInt()).isPositive();
    }

    @Test
    void cutsTheConnection() {
        assertThatThrownBy(() -> post(body("CUT SAY 9", true))).isInstanceOf(IOException.class);
    }

    @Test
    void endsAStreamWithAnErrorEvent() throws Exception {
        List<JsonNode> events = stream("SSEERROR rate_limit_error SAY 9");

        assertThat(events.get(events.size() - 1).at("/error/type").asText()).isEqualTo("rate_limit_error");
    }

    @Test
    void hangsWithoutHoldingUpOthers() throws Exception {
        List<CompletableFuture<HttpResponse<String>>> hanging = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            hanging.add(client.sendAsync(
                    request(body(i % 2 == 0 ? "HANG" : "STALL SAY 9", true)), HttpResponse.BodyHandlers.ofString()));
        }
        await().atMost(Duration.ofSeconds(20)).until(() -> server.requests().size() == hanging.size());

        assertThat(post(body("hello", false)).statusCode()).isEqualTo(200);
        assertThat(hanging).noneMatch(CompletableFuture::isDone);
        server.close();
        assertThat(hanging).allSatisfy(answer -> assertThat(answer).failsWithin(Duration.ofSeconds(20)));
    }

    @Test
    void prefersQueuedScripts() throws Exception {
        server.enqueue("SAY 1");

        assertThat(json(post(body("hello", false))).at("/content/0/text").asText())
                .isEqualTo("w1 ");
        assertThat(json(post(body("hello", false))).at("/content/0/text").asText())
                .isEqualTo("Echo: hello");
    }

    @Test
    void recordsRequestsWithoutTheirCredentials() throws Exception {
        post(body("hello", false));

        ModelRequest request = server.requests().get(0);
        assertThat(request.prompt()).isEqualTo("hello");
        assertThat(request.status()).isEqualTo(200);
        assertThat(request.tools()).containsExactly("Bash");
        assertThat(request.headers()).containsEntry("x-api-key", "<masked>");
        assertThat(request.body()).hasValueSatisfying(body -> assertThat(body).contains("hello"));
        server.reset();
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void servesTheSmallEndpoints() throws Exception {
        assertThat(json(get("/v1/models")).path("data")).hasSize(3);
        assertThat(json(get("/v1/models/any")).path("id").asText()).isEqualTo("any");
        assertThat(get("/").statusCode()).isEqualTo(200);
        assertThat(get("/v1/elsewhere").statusCode()).isEqualTo(404);
        assertThat(post("[]").statusCode()).isEqualTo(400);
        assertThat(json(client.send(
                                HttpRequest.newBuilder(server.baseUri().resolve("/v1/messages/count_tokens"))
                                        .POST(HttpRequest.BodyPublishers.ofString("x".repeat(400)))
                                        .build(),
                                HttpResponse.BodyHandlers.ofString()))
                        .path("input_tokens")
                        .asInt())
                .isEqualTo(100);
    }

    private List<JsonNode> stream(String prompt) throws IOException, InterruptedException {
        List<JsonNode> events = new ArrayList<>();
        for (String line : post(body(prompt, true)).body().split("\n", -1)) {
            if (line.startsWith("data: ")) {
                events.add(MAPPER.readTree(line.substring("data: ".length())));
            }
        }
        return events;
    }

    private static String body(Object promptOrMessages, boolean stream) throws IOException {
        Object messages = promptOrMessages instanceof String prompt
                ? List.of(Map.of("role", "user", "content", prompt))
                : promptOrMessages;
        return MAPPER.writeValueAsString(
                Map.of("model", "m", "stream", stream, "messages", messages, "tools", List.of(Map.of("name", "Bash"))));
    }

    private HttpResponse<String> post(String body) throws IOException, InterruptedException {
        return client.send(request(body), HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return client.send(
                HttpRequest.newBuilder(server.baseUri().resolve(path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest request(String body) {
        return HttpRequest.newBuilder(server.baseUri().resolve("/v1/messages?beta=true"))
                .header("x-api-key", "sk-secret")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
    }

    private static JsonNode json(HttpResponse<String> response) throws IOException {
        return MAPPER.readTree(response.body());
    }
}
