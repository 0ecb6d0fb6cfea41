package io.hotplex.testkit.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ChatCompletionsTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final FakeModelServer server = FakeModelServer.start(0, true);
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void streamsReasoningTextAndUsage() throws Exception {
        List<JsonNode> chunks = stream("THINK 2 SAY 2");

        assertThat(texts(chunks, "reasoning_content")).isEqualTo("think1 think2 ");
        assertThat(texts(chunks, "content")).isEqualTo("w1 w2 ");
        assertThat(chunks.get(0).at("/choices/0/delta/role").asText()).isEqualTo("assistant");
        assertThat(chunks.get(chunks.size() - 2).at("/choices/0/finish_reason").asText())
                .isEqualTo("stop");
        assertThat(chunks.get(chunks.size() - 1).at("/usage/completion_tokens").asInt())
                .isEqualTo(4);
        assertThat(server.requests().get(0).prompt()).isEqualTo("THINK 2 SAY 2");
    }

    @Test
    void callsToolsAndQuotesWhatTheyGave() throws Exception {
        List<JsonNode> chunks = stream("TOOL bash echo SAY 3");
        JsonNode call = chunks.stream()
                .map(chunk -> chunk.at("/choices/0/delta/tool_calls/0"))
                .filter(JsonNode::isObject)
                .findFirst()
                .orElseThrow();
        JsonNode reply = json(post(body(
                List.of(
                        Map.of("role", "user", "content", "TOOL bash pwd"),
                        Map.of("role", "assistant", "content", ""),
                        Map.of("role", "tool", "tool_call_id", "c", "content", "/srv")),
                false)));

        assertThat(call.at("/function/name").asText()).isEqualTo("bash");
        assertThat(MAPPER.readTree(call.at("/function/arguments").asText())
                        .path("command")
                        .asText())
                .isEqualTo("echo SAY 3");
        assertThat(chunks.get(chunks.size() - 2).at("/choices/0/finish_reason").asText())
                .isEqualTo("tool_calls");
        assertThat(reply.at("/choices/0/message/content").asText()).isEqualTo("Tool said: /srv");
    }

    @Test
    void countsImages() throws Exception {
        Object content = List.of(
                Map.of("type", "text", "text", "look"),
                Map.of("type", "image_url", "image_url", Map.of("url", "data:image/png;base64,AA==")));

        JsonNode reply = json(post(body(List.of(Map.of("role", "user", "content", content)), false)));

        assertThat(reply.at("/choices/0/message/content").asText()).isEqualTo("Echo: look [1 image(s)]");
    }

    @Test
    void failsAsTheApiDoes() throws Exception {
        HttpResponse<String> refused = post(body("ERROR 429 1 RETRYAFTER 2", false));

        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.headers().firstValue("retry-after")).contains("2");
        assertThat(json(refused).at("/error/type").asText()).isEqualTo("rate_limit_exceeded");
        assertThat(post(body("ERROR 429 1 RETRYAFTER 2", false)).statusCode()).isEqualTo(200);
        assertThat(post("[]").statusCode()).isEqualTo(400);
    }

    @Test
    void breaksOffInTheMiddle() throws Exception {
        List<JsonNode> chunks = stream("SAY 9 SSEERROR");

        assertThat(texts(chunks, "content")).isEqualTo("w1 w2 w3 ");
        assertThat(chunks.get(chunks.size() - 1).at("/error/message").asText()).isEqualTo("scripted overloaded_error");
        assertThatThrownBy(() -> post(body("SAY 9 CUT", true))).isInstanceOf(IOException.class);
    }

    @Test
    void givesATitleWithoutFollowingAScript() throws Exception {
        Map<String, Object> request = Map.of(
                "model",
                "m",
                "messages",
                List.of(
                        Map.of("role", "system", "content", "You are a title generator."),
                        Map.of("role", "user", "content", "HANG")));
        server.enqueue("ERROR 500");

        JsonNode reply = json(post(MAPPER.writeValueAsString(request)));

        assertThat(reply.at("/choices/0/message/content").asText()).isEqualTo("Fake title");
    }

    private static String texts(List<JsonNode> chunks, String field) {
        return chunks.stream()
                .map(chunk -> chunk.at("/choices/0/delta").path(field).asText())
                .collect(Collectors.joining());
    }

    private List<JsonNode> stream(String prompt) throws IOException, InterruptedException {
        List<JsonNode> chunks = new ArrayList<>();
        for (String line : post(body(prompt, true)).body().split("\n", -1)) {
            if (line.startsWith("data: {")) {
                chunks.add(MAPPER.readTree(line.substring("data: ".length())));
            }
        }
        return chunks;
    }

    private static String body(Object promptOrMessages, boolean stream) throws IOException {
        Object messages = promptOrMessages instanceof String prompt
                ? List.of(Map.of("role", "user", "content", prompt))
                : promptOrMessages;
        Object tools = List.of(Map.of("type", "function", "function", Map.of("name", "bash")));
        return MAPPER.writeValueAsString(Map.of("model", "m", "stream", stream, "messages", messages, "tools", tools));
    }

    private HttpResponse<String> post(String body) throws IOException, InterruptedException {
        return client.send(
                HttpRequest.newBuilder(server.baseUri().resolve("/v1/chat/completions"))
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static JsonNode json(HttpResponse<String> response) throws IOException {
        return MAPPER.readTree(response.body());
    }
}
