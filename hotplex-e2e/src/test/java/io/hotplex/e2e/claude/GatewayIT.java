package io.hotplex.e2e.claude;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.api.Engine;
import io.hotplex.server.HotPlexServer;
import io.hotplex.server.ServerConfig;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Claude Code behind the gateway: a turn over each dialect, two clients, and a disconnect in the middle of a turn. */
class GatewayIT extends RealClaude {
    /** One for all tests: its descriptors go with the garbage collector alone, and would look like a leak. */
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private static final String KEY = "e2e-secret";
    private static final ObjectMapper MAPPER = new ObjectMapper();

    GatewayIT(ClaudeVersion version) {
        super(version);
    }

    @Test
    void answersOverEachDialectInOneSession() throws Exception {
        try (HotPlexServer server = server(rig.engine());
                Client v2 = new Client(server.address(), "/ws/v2");
                Client other = new Client(server.address(), "/ws/v2");
                Client v1 = new Client(server.address(), "/ws/v1/agent")) {
            v2.send("{\"type\":\"open\",\"spec\":{\"id\":\"s1\",\"work_dir\":\"" + rig.work + "\"}}");
            v2.next("type", "opened");
            for (Client client : List.of(v2, other)) {
                client.send("{\"type\":\"attach\",\"session\":\"s1\",\"after\":0}");
                client.next("type", "attached");
            }

            v2.send("{\"type\":\"prompt\",\"session\":\"s1\",\"text\":\"SAY 1\"}");
            assertThat(v2.untilEnd().path("type").asText()).isEqualTo("turn_completed");
            assertThat(other.untilEnd().path("type").asText()).isEqualTo("turn_completed");

            v1.send("{\"request_id\":1,\"type\":\"execute\",\"session_id\":\"s1\",\"prompt\":\"SAY 2\"}");
            assertThat(v1.next("event", "completed").path("request_id").asInt()).isEqualTo(1);
            assertThat(v2.untilEnd().path("type").asText()).isEqualTo("turn_completed");

            HttpResponse<String> submitted = post(server.address(), "/v1/sessions/s1/turns", "{\"text\":\"SAY 3\"}");
            assertThat(submitted.statusCode()).isEqualTo(202);
            String turn = MAPPER.readTree(submitted.body()).path("id").asText();
            assertThat(v2.untilEnd().path("turn").asText()).isEqualTo(turn);
        }
    }

    @Test
    void whoComesBackInTheMiddleOfATurnGetsExactlyWhatWasMissed() throws Exception {
        List<Long> seen = new ArrayList<>();
        try (HotPlexServer server = server(rig.engine())) {
            try (Client first = new Client(server.address(), "/ws/v2")) {
                first.send("{\"type\":\"open\",\"spec\":{\"id\":\"s1\",\"work_dir\":\"" + rig.work + "\"}}");
                first.send("{\"type\":\"attach\",\"session\":\"s1\",\"after\":0}");
                first.send("{\"type\":\"prompt\",\"session\":\"s1\",\"text\":\"SAY 300\"}");
                while (seen.size() < 2) {
                    first.offsets(seen);
                }
            }
            try (Client second = new Client(server.address(), "/ws/v2")) {
                second.send("{\"type\":\"attach\",\"session\":\"s1\",\"after\":" + seen.get(seen.size() - 1) + "}");
                String last = "";
                while (!last.equals("turn_completed")) {
                    last = second.offsets(seen);
                }
            }
        }

        for (int i = 0; i < seen.size(); i++) {
            assertThat(seen.get(i)).as("no hole, nothing twice").isEqualTo(i + 1L);
        }
    }

    private static HotPlexServer server(Engine engine) {
        return HotPlexServer.builder()
                .config(ServerConfig.builder().set(ServerConfig.PORT, 0).build())
                .engine(engine)
                .key(KEY)
                .start();
    }

    private static HttpResponse<String> post(InetSocketAddress server, String path, String body)
            throws IOException, InterruptedException {
        return HTTP.send(
                HttpRequest.newBuilder(URI.create("http://localhost:" + server.getPort() + path))
                        .header("Authorization", "Bearer " + KEY)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    /** A WebSocket client whose messages can be waited for. */
    private static final class Client implements WebSocket.Listener, AutoCloseable {
        private final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
        private final StringBuilder partial = new StringBuilder();
        private final List<JsonNode> events = new ArrayList<>();
        private final WebSocket socket;

        Client(InetSocketAddress server, String path) {
            socket = HTTP.newWebSocketBuilder()
                    .header("Authorization", "Bearer " + KEY)
                    .buildAsync(URI.create("ws://localhost:" + server.getPort() + path), this)
                    .join();
        }

        void send(String message) {
            socket.sendText(message, true).join();
        }

        JsonNode next() throws InterruptedException, JsonProcessingException {
            String message = messages.poll(45, TimeUnit.SECONDS);
            if (message == null) {
                throw new AssertionError("no message came");
            }
            return MAPPER.readTree(message);
        }

        JsonNode next(String field, String value) throws InterruptedException, JsonProcessingException {
            JsonNode message = next();
            while (!message.path(field).asText().equals(value)) {
                message = next();
            }
            return message;
        }

        /** Takes the offsets of the next events; returns the type of the last one. */
        String offsets(List<Long> into) throws InterruptedException, JsonProcessingException {
            String type = "";
            for (JsonNode event : next("type", "events").path("events")) {
                long last = event.path("offset").asLong();
                for (long i = event.path("first_offset").asLong(last); i <= last; i++) {
                    into.add(i);
                }
                type = event.path("type").asText();
            }
            return type;
        }

        /** The next terminal event. */
        JsonNode untilEnd() throws InterruptedException, JsonProcessingException {
            while (true) {
                if (events.isEmpty()) {
                    next("type", "events").path("events").forEach(events::add);
                }
                JsonNode event = events.remove(0);
                if (event.path("type").asText().matches("turn_(completed|failed|cancelled|timed_out|blocked)")) {
                    return event;
                }
            }
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            partial.append(data);
            if (last) {
                messages.add(partial.toString());
                partial.setLength(0);
            }
            from.request(1);
            return null;
        }

        @Override
        public void close() {
            socket.abort();
        }
    }
}
