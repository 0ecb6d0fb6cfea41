package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.api.Engine;
import io.hotplex.api.Prompt;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.Turn;
import io.hotplex.api.spi.JournalProvider;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.server.internal.http.WebSocketProbe;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the gateway confirms is as safe as the journal promises, in every dialect: a client may rely on it. */
@Timeout(120)
class AcknowledgementTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String KEY = "test-secret";
    /** So long a client must hear nothing: much longer than a message takes that is on its way. */
    private static final Duration QUIET = Duration.ofMillis(250);

    @TempDir
    Path dir;

    private final HttpClient http = HttpClient.newHttpClient();
    private HeldJournal journal;
    private Engine engine;
    private HotPlexServer server;

    @BeforeEach
    void start() {
        Puppets puppets = new Puppets();
        EngineConfig config = EngineConfig.fromProperties(Map.of(
                "state-directory",
                dir.resolve("state").toString(),
                "journal",
                "sqlite",
                "journal-acknowledgement",
                "synced"));
        journal = new HeldJournal(ServiceLoader.load(JournalProvider.class)
                .findFirst()
                .orElseThrow()
                .open(config.journalConfig()));
        engine = HotPlex.builder()
                .config(config)
                .journal(journal)
                .provider(puppets)
                .launcher(puppets)
                .build();
        engine.open(SessionSpec.builder("s1", dir).build());
        server = HotPlexServer.builder()
                .config(ServerConfig.builder().set(ServerConfig.PORT, 0).build())
                .engine(engine)
                .key(KEY)
                .start();
    }

    @AfterEach
    void stop() {
        journal.release();
        server.close();
        engine.close();
    }

    private WebSocketProbe socket(String path) {
        return WebSocketProbe.connect(server.address(), path, "hotplex.v2", "hotplex.key." + KEY);
    }

    private CompletableFuture<HttpResponse<String>> request(String method, String path, String body) {
        return http.sendAsync(
                HttpRequest.newBuilder(URI.create(
                                "http://localhost:" + server.address().getPort() + path))
                        .header("Authorization", "Bearer " + KEY)
                        .header("Content-Type", "application/json")
                        .method(
                                method,
                                body.isEmpty()
                                        ? HttpRequest.BodyPublishers.noBody()
                                        : HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static JsonNode next(WebSocketProbe probe, String field, String value) throws Exception {
        JsonNode message = MAPPER.readTree(probe.next());
        while (!message.path(field).asText().equals(value)) {
            message = MAPPER.readTree(probe.next());
        }
        return message;
    }

    /** The agent has answered, and the journal has it; only nobody was told yet. */
    private void answered(long before) {
        await().atMost(Duration.ofSeconds(20))
                .until(() -> journal.written() > before + 2
                        && engine.info("s1").orElseThrow().runningTurn() == null);
    }

    @Test
    void theNativeDialectAcceptsAndShowsNothingBeforeItIsSafe() throws Exception {
        try (WebSocketProbe probe = socket("/ws/v2")) {
            next(probe, "type", "hello");
            probe.send("{\"type\":\"attach\",\"session\":\"s1\",\"after\":0}");
            next(probe, "type", "attached");
            long before = journal.written();
            journal.hold();
            probe.send("{\"type\":\"prompt\",\"session\":\"s1\",\"text\":\"say hi\"}");
            answered(before);

            await().during(QUIET).until(probe::isQuiet);
            journal.release();

            boolean accepted = false;
            boolean ended = false;
            while (!accepted || !ended) {
                JsonNode message = MAPPER.readTree(probe.next());
                accepted |= message.path("type").asText().equals("accepted");
                ended |= message.toString().contains("turn_completed");
            }
        }
    }

    /** What the next engine reads of the disk begins where the last one's readers were. */
    @Test
    void aReaderGoesOnWhereItWasWhenEngineAndServerAreOthers() throws Exception {
        Turn turn = engine.session("s1").orElseThrow().submit(Prompt.of("say hi"));
        assertThat(turn.result().toCompletableFuture().get(20, TimeUnit.SECONDS).completed())
                .isTrue();
        stop();
        start();
        long newest = engine.info("s1").orElseThrow().newestOffset();
        List<Long> expected = LongStream.rangeClosed(3, newest).boxed().toList();

        HttpRequest stream = HttpRequest.newBuilder(
                        URI.create("http://localhost:" + server.address().getPort() + "/v1/sessions/s1/events"))
                .header("Authorization", "Bearer " + KEY)
                .header("Last-Event-ID", "2")
                .build();
        try (Stream<String> lines =
                http.send(stream, HttpResponse.BodyHandlers.ofLines()).body()) {
            assertThat(lines.filter(line -> line.startsWith("id: "))
                            .map(line -> Long.parseLong(line.substring(4)))
                            .limit(expected.size()))
                    .containsExactlyElementsOf(expected);
        }
        try (WebSocketProbe probe = socket("/ws/v2")) {
            next(probe, "type", "hello");
            probe.send("{\"type\":\"attach\",\"session\":\"s1\",\"after\":2}");
            next(probe, "type", "attached");
            List<Long> seen = new ArrayList<>();
            while (seen.size() < expected.size()) {
                next(probe, "type", "events")
                        .path("events")
                        .forEach(event -> seen.add(event.path("offset").asLong()));
            }
            assertThat(seen).isEqualTo(expected);
        }
    }

    @Test
    void theClassicDialectSaysNothingBeforeItIsSafe() throws Exception {
        try (WebSocketProbe probe = socket("/ws/v1/agent")) {
            probe.send("{\"type\":\"version\"}");
            probe.next();
            long before = journal.written();
            journal.hold();
            probe.send("{\"request_id\":1,\"type\":\"execute\",\"session_id\":\"s1\",\"prompt\":\"say hi\"}");
            answered(before);

            await().during(QUIET).until(probe::isQuiet);
            journal.release();

            assertThat(MAPPER.readTree(probe.next()).path("event").asText()).isEqualTo("thinking");
            next(probe, "event", "completed");
        }
    }

    @Test
    void restAnswersWhenItIsSafeAndTellsNoResultBefore() throws Exception {
        long before = journal.written();
        journal.hold();
        CompletableFuture<HttpResponse<String>> posted =
                request("POST", "/v1/sessions/s1/turns", "{\"text\":\"say hi\"}");
        answered(before);

        HttpResponse<String> turns = request("GET", "/v1/sessions/s1/turns", "").get(20, TimeUnit.SECONDS);
        assertThat(turns.body()).doesNotContain("turn_completed").doesNotContain("\"hi\"");
        assertThat(posted).isNotDone();
        journal.release();

        HttpResponse<String> response = posted.get(20, TimeUnit.SECONDS);
        assertThat(response.statusCode()).isEqualTo(202);
        String location = response.headers().firstValue("Location").orElseThrow();
        await().until(() ->
                request("GET", location, "").get(20, TimeUnit.SECONDS).body().contains("turn_completed"));
    }
}
