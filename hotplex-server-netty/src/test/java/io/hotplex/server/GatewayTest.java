package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.api.Engine;
import io.hotplex.api.Session;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.server.internal.http.RawClient;
import io.hotplex.server.internal.http.WebSocketProbe;
import io.hotplex.testkit.agent.DemoAgent;
import io.hotplex.testkit.agent.ScriptedAgent;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sessions through real sockets: every dialect, with agents in processes of their own and with puppets. */
@Timeout(120)
class GatewayTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String KEY = "test-secret";

    @TempDir
    Path dir;

    private final HttpClient http = HttpClient.newHttpClient();
    private final Puppets puppets = new Puppets();
    private @Nullable Engine engine;
    private @Nullable HotPlexServer server;

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
        if (engine != null) {
            engine.close();
        }
    }

    private void start(HotPlex builder, String... settings) {
        engine = builder.config(EngineConfig.fromProperties(
                        Map.of("state-directory", dir.resolve("state").toString())))
                .build();
        ServerConfig.Builder config = ServerConfig.builder()
                .set(ServerConfig.PORT, 0)
                .set(ServerConfig.DEFAULT_WORK_DIR, dir.resolve("work"));
        for (int i = 0; i < settings.length; i += 2) {
            config.set(settings[i], settings[i + 1]);
        }
        server = HotPlexServer.builder()
                .config(config.build())
                .engine(engine)
                .key(KEY)
                .start();
    }

    private Engine engine() {
        return Objects.requireNonNull(engine, "not started");
    }

    private HotPlexServer server() {
        return Objects.requireNonNull(server, "not started");
    }

    private void startWithPuppets(String... settings) {
        start(HotPlex.builder().provider(puppets).launcher(puppets), settings);
    }

    private static ProviderConfig claude(List<String> command) {
        Map<String, String> options = new LinkedHashMap<>();
        options.put("command", command.get(0));
        options.put("command-args", String.join(",", command.subList(1, command.size())));
        return ProviderConfig.of("claude", "claude", options);
    }

    // ---- WebSocket

    @Test
    void theDemoAgentAnswersOverBothDialectsInOneSession() throws Exception {
        List<String> command = new ArrayList<>(DemoAgent.command());
        command.add("--demo-pace-ms=0");
        command.add("--state-dir=" + dir.resolve("demo"));
        start(HotPlex.builder().provider(claude(command)));
        try (WebSocketProbe v2 = socket("/ws/v2");
                WebSocketProbe v1 = socket("/ws/v1/agent")) {
            next(v2, "hello");
            v2.send("{\"type\":\"open\",\"spec\":{\"id\":\"s1\"}}");
            next(v2, "opened");
            v2.send("{\"type\":\"attach\",\"session\":\"s1\",\"after\":0}");
            next(v2, "attached");
            v2.send("{\"type\":\"prompt\",\"session\":\"s1\",\"id\":\"c1\",\"text\":\"hello\"}");
            JsonNode end = untilEnd(v2);
            assertThat(end.path("type").asText()).isEqualTo("turn_completed");
            assertThat(end.path("data").path("text").asText()).isNotEmpty();

            v1.send("{\"request_id\":1,\"type\":\"execute\",\"session_id\":\"s1\",\"prompt\":\"and again\"}");
            List<String> kinds = new ArrayList<>();
            while (!kinds.contains("completed")) {
                kinds.add(read(v1).path("event").asText());
            }
            assertThat(kinds).startsWith("thinking").contains("answer").endsWith("session_stats", "completed");
            assertThat(untilEnd(v2).path("type").asText())
                    .as("the other client sees it")
                    .isEqualTo("turn_completed");
            v1.send("{\"request_id\":2,\"type\":\"version\"}");
            assertThat(read(v1).path("data").path("version").asText()).matches("[\\d.]+\n");
        }
    }

    @Test
    void aScriptedAgentsTurnIsResumedAfterADisconnectInItsMiddle() throws Exception {
        List<String> command =
                ScriptedAgent.command().stateDirectory(dir.resolve("agent")).build();
        start(HotPlex.builder().provider(claude(command)));
        List<Long> seen = new ArrayList<>();
        try (WebSocketProbe first = socket("/ws/v2")) {
            next(first, "hello");
            first.send("{\"type\":\"open\",\"spec\":{\"id\":\"s1\"}}");
            first.send("{\"type\":\"attach\",\"session\":\"s1\",\"after\":0}");
            first.send("{\"type\":\"prompt\",\"session\":\"s1\",\"text\":\"SAY 10000\"}");
            offsets(next(first, "events"), seen);
        }
        try (WebSocketProbe second = socket("/ws/v2")) {
            second.send("{\"type\":\"attach\",\"session\":\"s1\",\"after\":" + seen.get(seen.size() - 1) + "}");
            boolean ended = false;
            while (!ended) {
                JsonNode frame = next(second, "events");
                offsets(frame, seen);
                ended = frame.toString().contains("\"turn_completed\"");
            }
        }

        for (int i = 0; i < seen.size(); i++) {
            assertThat(seen.get(i)).as("no hole, nothing twice").isEqualTo(i + 1L);
        }
        assertThat(seen).hasSizeGreaterThan(4);
    }

    @Test
    void everyMessageOfASessionIsValid() throws Exception {
        startWithPuppets();
        try (WebSocketProbe client = socket("/ws/v2")) {
            next(client, "hello");
            client.send("{\"type\":\"open\",\"spec\":{\"id\":\"s1\"}}");
            client.send("{\"type\":\"attach\",\"session\":\"s1\",\"after\":0,\"window\":10}");
            for (String prompt : List.of("say hi", "tool", "fail", "burst 3", "ask")) {
                client.send("{\"type\":\"prompt\",\"session\":\"s1\",\"text\":\"" + prompt + "\"}");
                client.send("{\"type\":\"ack\",\"session\":\"s1\",\"offset\":1000}");
            }
            client.send("{\"type\":\"answer\",\"session\":\"s1\",\"request\":\"p1\",\"allow\":true}");
            client.send("{\"type\":\"nonsense\"}");
            client.send("{\"type\":\"detach\",\"session\":\"s1\"}");
            client.send("{\"type\":\"close\",\"session\":\"s1\"}");

            next(client, "closed"); // next() checks each message on the way
        }
    }

    @Test
    void eachDialectChoosesItsOwnSubProtocol() {
        startWithPuppets();
        for (String[] pair : new String[][] {{"/ws/v1/agent", "hotplex.v1"}, {"/ws/v2", "hotplex.v2"}}) {
            try (WebSocketProbe client = WebSocketProbe.connect(
                    server().address(), pair[0], "hotplex.key." + KEY, "hotplex.v1", "hotplex.v2")) {
                assertThat(client.subProtocol()).isEqualTo(pair[1]);
            }
        }
    }

    // ---- REST and server-sent events

    @Test
    void aSessionLivesItsLifeOverRest() throws Exception {
        startWithPuppets();
        HttpResponse<String> opened = call("POST", "/v1/sessions", "{\"id\":\"s1\"}");
        assertThat(opened.statusCode()).isEqualTo(201);
        assertThat(opened.headers().firstValue("Location")).contains("/v1/sessions/s1");
        assertThat(call("POST", "/v1/sessions", "{\"id\":\"s1\"}").statusCode()).isEqualTo(200);

        HttpResponse<String> submitted = call("POST", "/v1/sessions/s1/turns", "{\"id\":\"c1\",\"text\":\"say hi\"}");
        assertThat(submitted.statusCode()).isEqualTo(202);
        String turn = json(submitted).path("id").asText();
        assertThat(json(call("POST", "/v1/sessions/s1/turns", "{\"id\":\"c1\",\"text\":\"say hi\"}"))
                        .path("id")
                        .asText())
                .isEqualTo(turn);
        await().until(() -> json(call("GET", "/v1/sessions/s1/turns/" + turn, null))
                .path("state")
                .asText()
                .equals("ended"));
        JsonNode ended = json(call("GET", "/v1/sessions/s1/turns/" + turn, null));
        assertThat(ended.path("end").path("type").asText()).isEqualTo("turn_completed");
        assertThat(ended.path("end").path("data").path("text").asText()).isEqualTo("hi");
        assertThat(ended.path("client_id").asText()).isEqualTo("c1");
        assertThat(json(call("GET", "/v1/sessions/s1/turns", null)).path("turns"))
                .hasSize(1);
        assertThat(json(call("GET", "/v1/sessions/s1/stats", null))
                        .path("turns")
                        .asInt())
                .isEqualTo(1);

        call("POST", "/v1/sessions/s1/turns", "{\"text\":\"ask\"}");
        JsonNode requests = await().until(
                        () -> json(call("GET", "/v1/sessions/s1/requests", null))
                                .path("requests"),
                        waiting -> waiting.size() == 1);
        assertThat(requests.get(0).path("data").path("request_id").asText()).isEqualTo("p1");
        assertThat(call("POST", "/v1/sessions/s1/requests/p1", "{\"allow\":false,\"message\":\"no\"}")
                        .statusCode())
                .isEqualTo(204);
        HttpResponse<String> late = call("POST", "/v1/sessions/s1/requests/p1", "{\"allow\":true}");
        assertThat(late.statusCode()).isEqualTo(409);
        assertThat(json(late).path("code").asText()).isEqualTo("REQUEST_ALREADY_ANSWERED");

        JsonNode changed = json(call("PATCH", "/v1/sessions/s1", "{\"model\":\"m2\"}"));
        assertThat(changed.path("model").asText()).isEqualTo("m2");
        String held = json(call("POST", "/v1/sessions/s1/turns", "{\"text\":\"hold\"}"))
                .path("id")
                .asText();
        String later = json(call("POST", "/v1/sessions/s1/turns", "{\"text\":\"hold\"}"))
                .path("id")
                .asText();
        Session session = engine().session("s1").orElseThrow();
        await().until(() -> held.equals(session.info().runningTurn()));
        assertThat(call("POST", "/v1/sessions/s1/turns/" + later + "/cancel", "{}")
                        .statusCode())
                .isEqualTo(202);
        assertThat(call("POST", "/v1/sessions/s1/interrupt", "{}").statusCode()).isEqualTo(202);
        for (String id : List.of(held, later)) {
            await().until(() -> json(call("GET", "/v1/sessions/s1/turns/" + id, null))
                    .path("end")
                    .path("type")
                    .asText()
                    .equals("turn_cancelled"));
        }
        assertThat(json(call("GET", "/v1/sessions", null))
                        .path("sessions")
                        .get(0)
                        .path("id")
                        .asText())
                .isEqualTo("s1");
        assertThat(json(call("GET", "/v1/sessions/s1", null)).path("turns")).isEmpty();
        assertThat(call("DELETE", "/v1/sessions/s1", null).statusCode()).isEqualTo(204);
        assertThat(call("GET", "/v1/sessions/s1", null).statusCode()).isEqualTo(404);
        assertThat(json(call("GET", "/v1/openapi.json", null)).path("openapi").asText())
                .isEqualTo("3.1.0");
    }

    @Test
    void aSessionTellsWhatItIsCalledAndWhereItWorks() throws Exception {
        startWithPuppets();
        String opened = call("POST", "/v1/sessions", "{\"id\":\"s1\"}").body();
        assertThat(opened).doesNotContain("\"title\"");
        engine().session("s1")
                .orElseThrow()
                .rename("A list of files", "test")
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);

        for (JsonNode session : List.of(
                json(call("GET", "/v1/sessions", null)).path("sessions").path(0),
                json(call("GET", "/v1/sessions/s1", null)))) {
            assertThat(session.path("title").asText()).isEqualTo("A list of files");
            assertThat(session.path("work_dir").asText())
                    .isEqualTo(dir.resolve("work").toString());
        }
    }

    @Test
    void whatIsWrongIsAProblemWithACode() throws Exception {
        startWithPuppets();
        call("POST", "/v1/sessions", "{\"id\":\"s1\"}");

        assertProblem(call("GET", "/v1/sessions/none", null), 404, "SESSION_NOT_FOUND");
        assertProblem(call("GET", "/v1/sessions/s1/turns/none", null), 404, "TURN_NOT_FOUND");
        assertProblem(call("POST", "/v1/sessions/s1/requests/none", "{\"allow\":true}"), 404, "REQUEST_NOT_FOUND");
        assertProblem(call("POST", "/v1/sessions/s1/turns", "{\"text\":\"\"}"), 400, "PROMPT_EMPTY");
        assertProblem(call("POST", "/v1/sessions/s1/turns", "{\"more\":1}"), 400, "INVALID_ARGUMENT");
        assertProblem(call("POST", "/v1/sessions", "{\"environment\":{\"A\":\"b\"}}"), 403, "FORBIDDEN");
        assertProblem(call("POST", "/v1/sessions", "{\"work_dir\":\"/does/not/exist\"}"), 422, "WORK_DIR_NOT_FOUND");
        assertProblem(call("GET", "/v1/sessions/s1/events?after=x", null), 400, "INVALID_ARGUMENT");
        assertProblem(call("GET", "/v1/sessions/s1/events?after=-1", null), 400, "INVALID_ARGUMENT");
    }

    @Test
    void aStreamGoesOnAfterTheLastEventThatItsReaderHas() throws Exception {
        startWithPuppets("server.heartbeat-interval", "20ms");
        call("POST", "/v1/sessions", "{\"id\":\"s1\"}");
        call("POST", "/v1/sessions/s1/turns", "{\"text\":\"say hi\"}");
        await().until(() -> engine().session("s1").orElseThrow().info().newestOffset() == 6);

        try (RawClient all = stream("/v1/sessions/s1/events");
                RawClient after = stream("/v1/sessions/s1/events?after=4");
                RawClient last = stream("/v1/sessions/s1/events?after=2", "Last-Event-ID: 5")) {
            assertThat(frames(all, "id: 6")).contains("id: 1\n", "id: 5\n", "retry: ");
            assertThat(frames(after, "id: 6")).contains("id: 5\n").doesNotContain("id: 4\n");
            assertThat(frames(last, "id: 6")).doesNotContain("id: 5\n");
            assertThat(frames(last, "\n:\n")).as("a heartbeat").doesNotContain("id: ");
            call("DELETE", "/v1/sessions/s1", null);
            String end = frames(all, "event: ended");
            assertThat(end).contains("\"session_closed\"");
        }
    }

    @Test
    void aStreamIsToldWhenItsCursorIsTooOld() throws Exception {
        startWithPuppets();
        call("POST", "/v1/sessions", "{\"id\":\"s1\"}");
        call("POST", "/v1/sessions/s1/turns", "{\"text\":\"say hi\"}");
        await().until(() -> engine().session("s1").orElseThrow().info().newestOffset() == 6);

        try (RawClient ahead = stream("/v1/sessions/s1/events?after=5000")) {
            String frames = frames(ahead, "id: 6");
            assertThat(frames).contains("event: reset\ndata: {\"oldest\":1,\"newest\":6}", "id: 1\n");
            assertThat(frames.indexOf("event: reset")).isLessThan(frames.indexOf("id: "));
        }
    }

    @Test
    void theTurnsOfASessionThatNobodyFollowsAnyMoreAreInterruptedWhenConfigured() throws Exception {
        startWithPuppets("server.disconnect-policy", "interrupt", "server.disconnect-grace", "10ms");
        call("POST", "/v1/sessions", "{\"id\":\"s1\"}");
        String turn = json(call("POST", "/v1/sessions/s1/turns", "{\"text\":\"hold\"}"))
                .path("id")
                .asText();

        try (RawClient reader = stream("/v1/sessions/s1/events")) {
            frames(reader, "id: 2");
        }

        await().until(() -> json(call("GET", "/v1/sessions/s1/turns/" + turn, null))
                .path("end")
                .path("type")
                .asText()
                .equals("turn_cancelled"));
    }

    @Test
    void clientsSeeHowTheirSessionsEndWhenTheServerStops() throws Exception {
        startWithPuppets();
        try (WebSocketProbe client = socket("/ws/v2")) {
            next(client, "hello");
            client.send("{\"type\":\"open\",\"spec\":{\"id\":\"s1\"}}");
            client.send("{\"type\":\"attach\",\"session\":\"s1\",\"after\":0}");
            client.send("{\"type\":\"prompt\",\"session\":\"s1\",\"text\":\"hold\"}");
            next(client, "accepted");
            Thread stopping = new Thread(server()::close);
            stopping.start();
            next(client, "draining");

            engine().close();

            assertThat(untilEnd(client).path("type").asText()).isEqualTo("turn_cancelled");
            next(client, "ended");
            assertThat(client.next()).startsWith("closed 1001");
            stopping.join();
        }
    }

    // ---- small things

    private WebSocketProbe socket(String path) {
        return WebSocketProbe.connect(server().address(), path, "hotplex.v2", "hotplex.key." + KEY);
    }

    private static JsonNode read(WebSocketProbe probe) throws InterruptedException {
        String message = probe.next();
        try {
            return MAPPER.readTree(message);
        } catch (JsonProcessingException e) {
            throw new AssertionError(message, e);
        }
    }

    /** The next message of a kind; all on the way have to be valid. */
    private static JsonNode next(WebSocketProbe probe, String type) throws InterruptedException {
        while (true) {
            JsonNode message = read(probe);
            assertThat(io.hotplex.server.internal.wire.ProtocolSchemas.faults("server-message", message.toString()))
                    .isEmpty();
            if (message.path("type").asText().equals(type)) {
                return message;
            }
        }
    }

    /** The next terminal event. */
    private static JsonNode untilEnd(WebSocketProbe probe) throws InterruptedException {
        while (true) {
            for (JsonNode event : next(probe, "events").path("events")) {
                if (List.of("turn_completed", "turn_failed", "turn_cancelled")
                        .contains(event.path("type").asText())) {
                    return event;
                }
            }
        }
    }

    private static void offsets(JsonNode frame, List<Long> into) {
        for (JsonNode event : frame.path("events")) {
            long last = event.path("offset").asLong();
            for (long i = event.path("first_offset").asLong(last); i <= last; i++) {
                into.add(i);
            }
        }
    }

    private HttpResponse<String> call(String method, String path, @Nullable String body)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://localhost:" + server().address().getPort() + path))
                .header("Authorization", "Bearer " + KEY)
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        if (body != null) {
            request.header("Content-Type", "application/json");
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static JsonNode json(HttpResponse<String> response) throws JsonProcessingException {
        return MAPPER.readTree(response.body());
    }

    private static void assertProblem(HttpResponse<String> response, int status, String code)
            throws JsonProcessingException {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        assertThat(response.headers().firstValue("Content-Type")).contains("application/problem+json");
        assertThat(json(response).path("code").asText()).isEqualTo(code);
    }

    private RawClient stream(String path, String... headers) throws IOException {
        RawClient client = RawClient.connect(server().address());
        List<String> all = new ArrayList<>(List.of(headers));
        all.add("Authorization: Bearer " + KEY);
        client.send(RawClient.request("GET", path, all.toArray(String[]::new)));
        RawClient.Answer head = client.readHead();
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.headers().get("content-type")).startsWith("text/event-stream");
        return client;
    }

    /** Frames up to one that has this in it. */
    private static String frames(RawClient client, String last) throws IOException {
        StringBuilder frames = new StringBuilder("\n");
        while (frames.indexOf(last) < 0) {
            frames.append(client.chunk());
        }
        return frames.toString();
    }
}
