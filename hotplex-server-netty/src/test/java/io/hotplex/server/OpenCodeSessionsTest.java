package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionInfo;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.Launch;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProviderProbe;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.server.internal.opencode.Protocol;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What OpenCode's clients see of sessions that outlive servers and engines, are closed, or change their provider. */
@Timeout(120)
class OpenCodeSessionsTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** A busy machine takes its time. */
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir
    Path dir;

    private final HttpClient http = HttpClient.newHttpClient();
    private final List<String> events = new CopyOnWriteArrayList<>();
    private Stream<String> stream = Stream.empty();
    private Path work;
    private Engine engine;
    private HotPlexServer server;

    @BeforeEach
    void start() throws IOException {
        work = Files.createDirectory(dir.resolve("work")).toRealPath();
        startEngine();
        startServer();
    }

    private void startEngine() {
        Puppets puppets = new Puppets();
        engine = HotPlex.builder()
                .config(EngineConfig.fromProperties(Map.of(
                        "state-directory",
                        dir.resolve("state").toString(),
                        "journal",
                        "sqlite",
                        "default-provider",
                        "puppet")))
                .provider(puppets)
                .provider(new Second(puppets))
                .launcher(puppets)
                .build();
    }

    private void startServer() {
        server = HotPlexServer.builder()
                .config(ServerConfig.fromProperties(ServerRig.properties("server.default-work-dir", work.toString())))
                .engine(engine)
                .start();
    }

    /** The same agents under another name; they take no model {@code bad}. */
    private record Second(Puppets puppets) implements AgentProvider {
        @Override
        public String name() {
            return "second";
        }

        @Override
        public Set<Capability> capabilities() {
            return puppets.capabilities();
        }

        @Override
        public void check(SessionSpec spec) {
            if ("bad".equals(spec.model())) {
                throw new HotPlexException(ErrorCode.INVALID_ARGUMENT, "model is not known");
            }
        }

        @Override
        public Launch launch(LaunchRequest request) {
            return puppets.launch(request);
        }

        @Override
        public ProviderProbe probe(ProcessLauncher launcher, Duration limit) {
            return puppets.probe(launcher, limit);
        }
    }

    @AfterEach
    void stop() {
        stream.close();
        server.close();
        engine.close();
    }

    private static ConditionFactory await() {
        return Awaitility.await().atMost(LIMIT);
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + server.address().getPort() + path))
                .header("Authorization", "Bearer " + ServerRig.OWNER);
    }

    private HttpResponse<String> ask(HttpRequest.Builder request) throws Exception {
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private JsonNode get(String path) throws Exception {
        HttpResponse<String> response = ask(request(path));
        assertThat(response.statusCode()).as("%s: %s", path, response.body()).isEqualTo(200);
        return MAPPER.readTree(response.body());
    }

    private HttpResponse<String> post(String path, String body) throws Exception {
        return ask(request(path)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body.replace('\'', '"'))));
    }

    private Session open(String id, Path directory) {
        return engine.open(SessionSpec.builder(id, directory).owner("owner").build());
    }

    private static void say(Session session, String words) {
        session.submit(Prompt.of(words)).result().toCompletableFuture().join();
    }

    private void follow() {
        stream = http.sendAsync(request("/global/event").build(), HttpResponse.BodyHandlers.ofLines())
                .join()
                .body();
        var unused = CompletableFuture.runAsync(
                () -> stream.filter(line -> line.startsWith("data: ")).forEach(events::add));
        await().until(() -> !events.isEmpty());
    }

    private long heard(String words) {
        return events.stream().filter(event -> event.contains(words)).count();
    }

    @Test
    void aSessionThatCannotBeHadAnyMoreHidesNoOther() throws Exception {
        Files.writeString(work.resolve("a.txt"), "text");
        Path gone = Files.createDirectory(dir.resolve("gone")).toRealPath();
        say(open("stays", work), "say one");
        say(open("lost", gone), "say two");
        server.close();
        engine.close();
        Files.delete(gone);
        startEngine();
        startServer();

        assertThat(get("/session")).hasSize(1);
        assertThat(get("/file/content?path=a.txt").path("content").asText()).isEqualTo("text");
        HttpRequest.Builder late = request("/event").header("Last-Event-ID", "1-1-1");
        stream = http.send(late.build(), HttpResponse.BodyHandlers.ofLines()).body();
        assertThat(stream.takeWhile(line -> !line.contains("\"session.status\"")))
                .anyMatch(l -> l.contains("say one"));
    }

    @Test
    void aSessionThatIsClosedAndOpenedAgainIsNotToldTwice() throws Exception {
        follow();
        Session first = open("trip", work);
        get("/session/ses-trip");
        say(first, "say one");
        await().until(() -> heard("session.idle") == 1);
        first.close().toCompletableFuture().join();
        await().until(() -> heard("session.deleted") == 1);

        Session second = open("trip", work);
        get("/session/ses-trip");
        say(second, "say two");
        await().until(() -> heard("session.idle") == 2);

        assertThat(heard("\"text\":\"say one\"")).isEqualTo(1);
        assertThat(heard("\"text\":\"say two\"")).isEqualTo(1);
        assertThat(heard("session.deleted")).isEqualTo(1);
    }

    @Test
    void whatWaitsIsKnownToAServerThatHasJustBegun() throws Exception {
        Session session = open("trip", work);
        for (int i = 0; i < 40; i++) {
            say(session, "burst 50");
        }
        var turn = session.submit(Prompt.of("ask"));
        await().until(() -> session.pendingRequests().size() == 1);
        server.close();
        startServer();

        JsonNode waiting = get("/permission");
        server.close();
        startServer();
        HttpResponse<String> answered =
                post("/permission/" + waiting.get(0).path("id").asText() + "/reply", "{'reply':'once'}");
        turn.result().toCompletableFuture().join();

        assertThat(answered.statusCode()).isEqualTo(200);
        assertThat(waiting).hasSize(1);
    }

    @Test
    void aSessionThatTakesAnotherProviderHasNotEnded() throws Exception {
        follow();
        String id = MAPPER.readTree(post("/session", "{}").body()).path("id").asText();

        HttpResponse<String> refused = post(
                "/session/" + id + "/message",
                "{'model':{'providerID':'second','modelID':'bad'},'parts':[{'type':'text','text':'say one'}]}");
        HttpResponse<String> answered = post(
                "/session/" + id + "/message",
                "{'model':{'providerID':'second','modelID':'default'},'parts':[{'type':'text','text':'say one'}]}");
        await().until(() -> heard("session.idle") == 1);

        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(answered.statusCode()).isEqualTo(200);
        assertThat(answered.body()).contains("\"providerID\":\"second\"");
        assertThat(heard("session.deleted")).isZero();
    }

    @Test
    void titlesOutliveTheServerAndAListWakesNobody() throws Exception {
        String given = MAPPER.readTree(post("/session", "{'title':'given'}").body())
                .path("id")
                .asText();
        String changed = MAPPER.readTree(post("/session", "{'title':'before'}").body())
                .path("id")
                .asText();
        ask(request("/session/" + changed)
                .header("Content-Type", "application/json")
                .method("PATCH", HttpRequest.BodyPublishers.ofString("{\"title\":\"changed\"}")));
        say(open("asked", work), "say one\nand more");
        say(open("long", work), "say " + "word ".repeat(20));
        server.close();
        engine.close();
        startEngine();
        startServer();

        JsonNode list = get("/session");

        assertThat(engine.sessions()).hasSize(4).allMatch(SessionInfo::asleep);
        assertThat(list)
                .extracting(session -> session.path("title").asText())
                .containsExactlyInAnyOrder("given", "changed", "say one", "say " + "word ".repeat(9) + "w…");
        Protocol.checkResponse("session.list", list);
        assertThat(get("/session?search=CHANG")).hasSize(1);
        assertThat(get("/session?limit=3")).hasSize(3);
        assertThat(engine.sessions()).allMatch(SessionInfo::asleep);
        assertThat(get("/session/" + given).path("title").asText()).isEqualTo("given");
        assertThat(get("/session/" + changed).path("title").asText()).isEqualTo("changed");
    }

    @Test
    void aListTellsWhatSleepingSessionsCostAndWhichModelTheyHave() throws Exception {
        Session session = open("used", work);
        say(session, "say one");
        say(session, "say two");
        session.setModel("large").toCompletableFuture().join();
        JsonNode awake = get("/session").path(0);
        server.close();
        engine.close();
        startEngine();
        startServer();

        JsonNode asleep = get("/session").path(0);

        assertThat(engine.sessions()).allMatch(SessionInfo::asleep);
        assertThat(asleep.path("model").path("id").asText()).isEqualTo("large");
        assertThat(asleep.path("cost").asDouble()).isPositive();
        assertThat(asleep.path("tokens").path("output").asLong()).isPositive();
        for (String field : List.of("cost", "tokens")) {
            assertThat(asleep.path(field)).as(field).isEqualTo(awake.path(field));
        }
        assertThat(asleep.path("model").path("providerID"))
                .isEqualTo(awake.path("model").path("providerID"));
    }

    @Test
    void aForkShowsWhatWasSaidBeforeIt() throws Exception {
        String id = MAPPER.readTree(post("/session", "{}").body()).path("id").asText();
        post("/session/" + id + "/message", "{'parts':[{'type':'text','text':'say one'}]}");
        String fork = MAPPER.readTree(post("/session/" + id + "/fork", "{}").body())
                .path("id")
                .asText();
        String second = MAPPER.readTree(post("/session/" + fork + "/fork", "{}").body())
                .path("id")
                .asText();
        await().until(() -> System.currentTimeMillis()
                > get("/session/" + fork).path("time").path("created").asLong());
        post("/session/" + id + "/message", "{'parts':[{'type':'text','text':'say two'}]}");
        post("/session/" + fork + "/message", "{'parts':[{'type':'text','text':'say three'}]}");
        server.close();
        engine.close();
        startEngine();
        startServer();

        JsonNode messages = get("/session/" + fork + "/message");

        assertThat(texts(messages)).containsExactly("say one", "one", "say three", "three");
        assertThat(messages)
                .allSatisfy(message -> assertThat(message.toString()).doesNotContain("\"" + id + "\""));
        assertThat(texts(get("/session/" + fork + "/message?limit=3"))).containsExactly("one", "say three", "three");
        String answer = messages.get(1).path("info").path("id").asText();
        assertThat(texts(get("/session/" + fork + "/message?before=" + answer))).containsExactly("say one");
        assertThat(texts(get("/session/" + id + "/message"))).containsExactly("say one", "one", "say two", "two");
        assertThat(texts(get("/session/" + second + "/message")))
                .as("a fork of a fork")
                .contains("say one", "one")
                .doesNotContain("say three");
    }

    private static List<String> texts(JsonNode messages) {
        List<String> texts = new ArrayList<>();
        messages.forEach(message -> message.path("parts").forEach(part -> {
            if (part.path("type").asText().equals("text")) {
                texts.add(part.path("text").asText());
            }
        }));
        return texts;
    }

    @Test
    void aPromptThatWaitsIsShownAtOnceAndStaysTheSame() throws Exception {
        follow();
        String id = MAPPER.readTree(post("/session", "{}").body()).path("id").asText();
        post("/session/" + id + "/prompt_async", "{'parts':[{'type':'text','text':'ask'}]}");
        await().until(() -> get("/permission").size() == 1);

        post("/session/" + id + "/prompt_async", "{'messageID':'msg_zz','parts':[{'type':'text','text':'say two'}]}");
        await().until(() -> heard("\"text\":\"say two\"") == 1);
        JsonNode before = get("/session/" + id + "/message");

        String request = get("/permission").get(0).path("id").asText();
        post("/permission/" + request + "/reply", "{'reply':'once'}");
        await().until(() -> heard("session.idle") == 2);
        JsonNode after = get("/session/" + id + "/message");
        JsonNode waiting = before.get(before.size() - 1);
        assertThat(waiting.path("info").path("id").asText()).isEqualTo("msg_zz");
        assertThat(waiting.path("parts")).hasSize(1);
        assertThat(after)
                .filteredOn(message -> message.path("info").path("id").asText().equals("msg_zz"))
                .singleElement()
                .satisfies(message -> assertThat(message.path("parts").get(0).path("id"))
                        .as("clients tell parts apart by their ids")
                        .isEqualTo(waiting.path("parts").get(0).path("id")));
    }

    @Test
    void sessionsAreListedFromATimeOn() throws Exception {
        say(open("trip", work), "say one");
        long now = System.currentTimeMillis();

        assertThat(get("/session?start=" + (now - 1_000_000) + "&path=")).hasSize(1);
        assertThat(get("/session?start=" + (now + 1_000_000))).isEmpty();
    }
}
