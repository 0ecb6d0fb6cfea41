package io.hotplex.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A gateway that is told to stop while many turns run. */
class TerminationIT {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final int TURNS = 20;
    private static final Set<String> TERMINAL =
            Set.of("turn_completed", "turn_failed", "turn_cancelled", "turn_timed_out", "turn_blocked");

    /** {@code server.drain-timeout} and {@code shutdown-timeout}, and as much again for a busy machine. */
    private static final Duration GRACE = Duration.ofSeconds(45);

    @TempDir
    Path directory;

    @Test
    void everyTurnEndsOnceEveryClientIsToldAndNothingSurvives() throws Exception {
        Installation installation = Installation.in(directory);
        Path work = Files.createDirectory(directory.resolve("work"));
        List<Client> clients = new ArrayList<>();

        try (GatewayProcess gateway = GatewayProcess.start(installation, Path.of(System.getProperty("java.home")))) {
            for (int i = 0; i < TURNS; i++) {
                clients.add(Client.connect(gateway, "s" + i, work));
            }
            await().atMost(Duration.ofSeconds(90)).until(() -> clients.stream().allMatch(Client::hearsText));

            gateway.terminate();

            assertThat(gateway.awaitExit(GRACE)).as(gateway.log()).isZero();
            await().atMost(Duration.ofSeconds(10)).until(() -> clients.stream().allMatch(c -> c.closeCode != 0));
            assertThat(clients).allSatisfy(client -> {
                assertThat(client.events).filteredOn(TERMINAL::contains).hasSize(1);
                assertThat(client.closeCode).isEqualTo(1001);
            });
            await().atMost(Duration.ofSeconds(10))
                    .until(() -> gateway.survivors().isEmpty());
        }
    }

    /** One client with one session whose turn would take hours. */
    private static final class Client implements WebSocket.Listener {
        /** Types of events, in order. */
        final List<String> events = new CopyOnWriteArrayList<>();

        /** Types of everything that the server said, in order. */
        final List<String> replies = new CopyOnWriteArrayList<>();

        volatile int closeCode;
        private final StringBuilder partial = new StringBuilder();

        static Client connect(GatewayProcess gateway, String session, Path work) throws Exception {
            Client client = new Client();
            URI address = gateway.address();
            WebSocket socket = HttpClient.newHttpClient()
                    .newWebSocketBuilder()
                    .header("Authorization", "Bearer " + gateway.token())
                    .buildAsync(URI.create("ws://" + address.getAuthority() + "/ws/v2"), client)
                    .get(30, TimeUnit.SECONDS);
            Map<String, ?> spec = Map.of("id", session, "provider", "scripted", "work_dir", work.toString());
            client.ask(socket, Map.of("type", "open", "spec", spec), "opened");
            client.ask(socket, Map.of("type", "attach", "session", session, "after", 0), "attached");
            client.ask(socket, Map.of("type", "prompt", "session", session, "text", "SAY 100000 PACE 100"), "accepted");
            return client;
        }

        private void ask(WebSocket socket, Map<String, ?> frame, String reply) throws Exception {
            socket.sendText(MAPPER.writeValueAsString(frame), true).get(30, TimeUnit.SECONDS);
            await().atMost(Duration.ofSeconds(60)).until(() -> replies.contains(reply));
        }

        boolean hearsText() {
            return events.contains("text_delta");
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            partial.append(data);
            if (last) {
                try {
                    JsonNode frame = MAPPER.readTree(partial.toString());
                    replies.add(frame.path("type").asText());
                    frame.path("events")
                            .forEach(event -> events.add(event.path("type").asText()));
                } catch (IOException e) {
                    throw new IllegalStateException("not JSON", e);
                } finally {
                    partial.setLength(0);
                }
            }
            socket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
            closeCode = status;
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            closeCode = -1;
        }
    }
}
