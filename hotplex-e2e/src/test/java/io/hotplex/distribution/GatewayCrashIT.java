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
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A gateway as it is installed, killed with SIGKILL while clients work, and started again: what it accepted has one
 * end, what it showed is there. {@code -Dhotplex.gateway.crash.rounds} says how often.
 */
class GatewayCrashIT {
    private static final int ROUNDS = Integer.getInteger("hotplex.gateway.crash.rounds", 1);
    private static final int SESSIONS = 3;
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Path JAVA = Path.of(System.getProperty("java.home"));
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private final Map<String, Set<String>> accepted = new HashMap<>();
    private final Map<String, Map<Long, String>> seen = new HashMap<>();

    @Test
    void whatItAcceptedHasOneEndAndWhatItShowedIsThere() throws Exception {
        long seed = Long.getLong("hotplex.seed", 20260101L);
        Random random = new Random(seed);
        Installation installation = Installation.in(directory);
        Path work = Files.createDirectory(directory.resolve("work"));
        for (int round = 0; round < ROUNDS; round++) {
            String what = "seed " + seed + ", round " + round;
            try (GatewayProcess gateway = GatewayProcess.start(installation, JAVA)) {
                List<Client> clients = new ArrayList<>();
                for (int s = 0; s < SESSIONS; s++) {
                    Client client = Client.connect(gateway, "s" + s);
                    Map<String, ?> spec = Map.of("id", "s" + s, "provider", "scripted", "work_dir", work.toString());
                    client.ask(Map.of("type", "open", "spec", spec), "opened");
                    client.ask(Map.of("type", "attach", "session", "s" + s, "after", 0), "attached");
                    clients.add(client);
                }
                int enough = clients.stream().mapToInt(c -> c.ended.size()).sum() + 6 + random.nextInt(30);
                for (Client client : clients) {
                    client.keepsAsking = true;
                    client.prompt();
                    client.prompt();
                    client.prompt();
                }
                await(what)
                        .atMost(LIMIT)
                        .until(() ->
                                clients.stream().mapToInt(c -> c.ended.size()).sum() >= enough);
                gateway.kill();
                clients.forEach(this::note);
            }
            try (GatewayProcess gateway = GatewayProcess.start(installation, JAVA)) {
                for (int s = 0; s < SESSIONS; s++) {
                    verify(gateway, "s" + s, what);
                }
            }
        }
    }

    private void note(Client client) {
        accepted.computeIfAbsent(client.session, s -> new HashSet<>()).addAll(client.accepted);
        seen.computeIfAbsent(client.session, s -> new HashMap<>()).putAll(client.types);
    }

    private void verify(GatewayProcess gateway, String session, String what) throws Exception {
        Client client = Client.connect(gateway, session);
        client.ask(Map.of("type", "attach", "session", session, "after", 0), "attached");
        await(what).atMost(LIMIT).until(() -> client.ended.containsAll(accepted.getOrDefault(session, Set.of())));

        assertThat(accepted.get(session)).as(what).isNotEmpty();
        assertThat(client.ended).as(what + ", each once").doesNotHaveDuplicates();
        assertThat(client.holes).as(what).hasValue(0);
        Map<Long, String> types = client.types;
        seen.getOrDefault(session, Map.of()).forEach((offset, type) -> {
            if (types.containsKey(offset)) { // else it is in the middle of a merged record
                assertThat(types.get(offset))
                        .as(what + ", " + session + " " + offset)
                        .isEqualTo(type);
            }
        });
    }

    /** One client of one session. */
    private static final class Client implements WebSocket.Listener {
        final String session;
        final Set<String> accepted = ConcurrentHashMap.newKeySet();
        final List<String> ended = new CopyOnWriteArrayList<>();
        final Map<Long, String> types = new ConcurrentHashMap<>();
        volatile boolean keepsAsking;
        final AtomicInteger holes = new AtomicInteger();

        private final List<String> replies = new CopyOnWriteArrayList<>();
        private final StringBuilder partial = new StringBuilder();
        private volatile @Nullable WebSocket socket;
        private long last;

        private Client(String session) {
            this.session = session;
        }

        static Client connect(GatewayProcess gateway, String session) throws Exception {
            Client client = new Client(session);
            client.socket = HttpClient.newHttpClient()
                    .newWebSocketBuilder()
                    .header("Authorization", "Bearer " + gateway.token())
                    .buildAsync(URI.create("ws://" + gateway.address().getAuthority() + "/ws/v2"), client)
                    .get(30, TimeUnit.SECONDS);
            return client;
        }

        void ask(Map<String, ?> frame, String reply) throws Exception {
            send(frame);
            await().atMost(LIMIT).until(() -> replies.contains(reply));
        }

        void prompt() throws IOException {
            send(Map.of("type", "prompt", "session", session, "text", "SAY 20"));
        }

        private void send(Map<String, ?> frame) throws IOException {
            WebSocket open = socket;
            if (open != null) {
                synchronized (open) { // one message at a time
                    open.sendText(MAPPER.writeValueAsString(frame), true).join();
                }
            }
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean end) {
            partial.append(data);
            if (end) {
                try {
                    hear(MAPPER.readTree(partial.toString()));
                } catch (IOException | RuntimeException e) {
                    // the gateway was killed
                } finally {
                    partial.setLength(0);
                }
            }
            from.request(1);
            return null;
        }

        private void hear(JsonNode frame) throws IOException {
            replies.add(frame.path("type").asText());
            if (frame.path("type").asText().equals("accepted")) {
                accepted.add(frame.path("turn").asText());
            }
            for (JsonNode event : frame.path("events")) {
                long offset = event.path("offset").asLong();
                holes.addAndGet(event.path("first_offset").asLong(offset) == last + 1 ? 0 : 1);
                last = offset;
                String type = event.path("type").asText();
                types.put(offset, type);
                if (type.matches("turn_(completed|failed|cancelled|timed_out|blocked)")) {
                    ended.add(event.path("turn").asText());
                    if (keepsAsking) {
                        prompt();
                    }
                }
            }
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            keepsAsking = false;
        }
    }
}
