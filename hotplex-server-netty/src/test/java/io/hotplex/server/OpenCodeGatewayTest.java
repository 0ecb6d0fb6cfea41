package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.server.internal.http.Route;
import io.hotplex.server.internal.opencode.Protocol;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What OpenCode's clients use, over real sockets, with agents that do what they are told. */
@Timeout(120)
class OpenCodeGatewayTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** A busy machine takes its time. */
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir
    Path dir;

    private final Puppets puppets = new Puppets();
    private final List<Events> streams = new ArrayList<>();
    private HttpClient http;
    private HotPlexServer server;
    private Path work;

    @BeforeEach
    void start() throws IOException {
        work = Files.createDirectory(dir.resolve("work")).toRealPath();
        http = HttpClient.newHttpClient();
        server = started();
    }

    private HotPlexServer started(String... settings) {
        return builder(settings).start();
    }

    private HotPlexServer.Builder builder(String... settings) {
        List<String> all = new ArrayList<>(List.of("server.default-work-dir", work.toString()));
        all.addAll(List.of(settings));
        return ServerRig.builder(dir, all.toArray(String[]::new))
                .engine(HotPlex.builder()
                        .config(EngineConfig.fromProperties(Map.of(
                                "state-directory", dir.resolve("state").toString(), "default-provider", "puppet")))
                        .provider(puppets)
                        .provider(new Puppets("other"))
                        .launcher(puppets));
    }

    @AfterEach
    void stop() {
        streams.forEach(Events::close);
        server.close();
    }

    // ---- a client

    private record Answer(int status, String type, JsonNode body) {}

    private static ConditionFactory await() {
        return Awaitility.await().atMost(LIMIT);
    }

    private HttpRequest.Builder request(String path, String key) {
        String pair = Base64.getEncoder().encodeToString(("opencode:" + key).getBytes(StandardCharsets.UTF_8));
        return HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + server.address().getPort() + path))
                .header("Authorization", "Basic " + pair);
    }

    private Answer ask(String method, String path, String body) throws Exception {
        return ask(method, path, body, ServerRig.OWNER);
    }

    private Answer ask(String method, String path, String body, String key) throws Exception {
        HttpRequest.Builder request = request(path, key);
        if (!body.isEmpty()) {
            request.header("Content-Type", "application/json");
        }
        request.method(
                method,
                body.isEmpty()
                        ? HttpRequest.BodyPublishers.noBody()
                        : HttpRequest.BodyPublishers.ofString(body.replace('\'', '"')));
        HttpResponse<String> response = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        return new Answer(
                response.statusCode(),
                response.headers().firstValue("Content-Type").orElse(""),
                MAPPER.readTree(response.body().isEmpty() ? "null" : response.body()));
    }

    private JsonNode get(String path) throws Exception {
        Answer answer = ask("GET", path, "");
        assertThat(answer.status()).as("%s: %s", path, answer.body()).isEqualTo(200);
        return answer.body();
    }

    private JsonNode post(String path, String body) throws Exception {
        Answer answer = ask("POST", path, body);
        assertThat(answer.status()).as("%s: %s", path, answer.body()).isEqualTo(200);
        return answer.body();
    }

    private String created() throws Exception {
        JsonNode session = post("/session", "{'title':'mine'}");
        Protocol.checkResponse("session.create", session);
        return session.path("id").asText();
    }

    private static String prompt(String text) {
        return "{'parts':[{'type':'text','text':'" + text + "'}]}";
    }

    private static String encoded(Object text) {
        return URLEncoder.encode(text.toString(), StandardCharsets.UTF_8);
    }

    /** A stream of events, read in the background. */
    private final class Events {
        private final List<JsonNode> seen = new CopyOnWriteArrayList<>();
        private final List<String> ids = new CopyOnWriteArrayList<>();
        private final CompletableFuture<HttpResponse<Stream<String>>> response;
        private volatile Stream<String> lines = Stream.empty();

        Events(String path, String key, String lastId) {
            HttpRequest.Builder request = request(path, key);
            if (!lastId.isEmpty()) {
                request.header("Last-Event-ID", lastId);
            }
            response = http.sendAsync(request.build(), HttpResponse.BodyHandlers.ofLines());
            var unused = response.thenAcceptAsync(answered -> {
                lines = answered.body();
                lines.forEach(this::line);
            });
            streams.add(this);
            OpenCodeGatewayTest.await().until(() -> !seen.isEmpty());
        }

        private void line(String line) {
            if (line.startsWith("id: ")) {
                ids.add(line.substring(4));
            } else if (line.startsWith("data: ")) {
                try {
                    seen.add(MAPPER.readTree(line.substring(6)));
                } catch (IOException e) {
                    throw new AssertionError(line, e);
                }
            }
        }

        JsonNode event(int i) {
            JsonNode event = seen.get(i);
            return event.has("payload") ? event.path("payload") : event;
        }

        List<String> types() {
            List<String> types = new ArrayList<>();
            for (int i = 0; i < seen.size(); i++) {
                types.add(event(i).path("type").asText());
            }
            return types;
        }

        JsonNode await(String type) {
            return await(event -> event.path("type").asText().equals(type)).path("properties");
        }

        JsonNode await(Predicate<JsonNode> wanted) {
            return OpenCodeGatewayTest.await()
                    .until(
                            () -> {
                                for (int i = 0; i < seen.size(); i++) {
                                    if (wanted.test(event(i))) {
                                        return event(i);
                                    }
                                }
                                return null;
                            },
                            found -> found != null);
        }

        void close() {
            lines.close();
            response.cancel(true);
        }
    }

    private Events follow(String path) {
        return new Events(path, ServerRig.OWNER, "");
    }

    // ---- conversations

    @Test
    void aPromptIsAnsweredAndEveryEventOfItCameBefore() throws Exception {
        String id = created();
        Events events = follow("/event");

        JsonNode answer = post("/session/" + id + "/message", prompt("say hello"));

        assertThat(events.types())
                .containsSubsequence("server.connected", "message.updated", "message.part.delta", "session.idle");
        Protocol.checkResponse("session.prompt", answer);
        assertThat(answer.path("parts").toString()).contains("\"text\":\"hello\"", "\"end\":");
        for (int i = 0; i < events.seen.size(); i++) {
            Protocol.checkEvent(events.event(i));
        }
        JsonNode messages = get("/session/" + id + "/message");
        Protocol.checkResponse("session.messages", messages);
        assertThat(messages).hasSize(2);
        assertThat(messages.get(0).path("parts").get(0).path("text").asText()).isEqualTo("say hello");
        assertThat(get("/session/" + id + "/message?limit=1")).hasSize(1);
        String first = messages.get(0).path("info").path("id").asText();
        Protocol.checkResponse("session.message", get("/session/" + id + "/message/" + first));
        assertThat(ask("GET", "/session/" + id + "/message/msg_none", "").status())
                .isEqualTo(404);
    }

    @Test
    void idsThatAClientGivesAreKept() throws Exception {
        String id = created();
        Events events = follow("/event");

        Answer accepted = ask(
                "POST",
                "/session/" + id + "/prompt_async",
                "{'messageID':'msg_mine','parts':[{'id':'prt_mine','type':'text','text':'say hi'}]}");
        events.await("session.idle");

        assertThat(accepted.status()).isEqualTo(204);
        JsonNode messages = get("/session/" + id + "/message");
        assertThat(messages.get(0).path("info").path("id").asText()).isEqualTo("msg_mine");
        assertThat(messages.get(0).path("parts").get(0).path("id").asText()).isEqualTo("prt_mine");
        assertThat(messages.get(1).path("info").path("parentID").asText()).isEqualTo("msg_mine");
    }

    @Test
    void permissionsAreAnsweredInBothSpellings() throws Exception {
        String id = created();
        Events events = follow("/global/event");
        ask("POST", "/session/" + id + "/prompt_async", prompt("ask"));
        String request = events.await("permission.asked").path("id").asText();
        JsonNode waiting = get("/permission");
        Protocol.checkResponse("permission.list", waiting);
        assertThat(waiting).hasSize(1);
        assertThat(get("/session/status").path(id).path("type").asText()).isEqualTo("busy");

        assertThat(post("/permission/" + request + "/reply", "{'reply':'once'}").asBoolean())
                .isTrue();
        events.await("permission.replied");
        events.await("session.idle");
        assertThat(get("/permission")).isEmpty();
        assertThat(ask("POST", "/permission/" + request + "/reply", "{'reply':'once'}")
                        .status())
                .isEqualTo(404);

        ask("POST", "/session/" + id + "/prompt_async", prompt("ask"));
        await().until(() -> get("/permission").size() == 1);
        String second = get("/permission").get(0).path("id").asText();
        post("/session/" + id + "/permissions/" + second, "{'response':'reject'}");
        events.await(event -> event.path("properties").path("reply").asText().equals("reject"));
    }

    @Test
    void questionsAreAnsweredOrDeclined() throws Exception {
        String id = created();
        Events events = follow("/event");
        ask("POST", "/session/" + id + "/prompt_async", prompt("question"));
        String question = events.await("question.asked").path("id").asText();
        Protocol.checkResponse("question.list", get("/question"));

        post("/question/" + question + "/reply", "{'answers':[['a']]}");

        assertThat(events.await("question.replied").path("answers").toString()).isEqualTo("[[\"a\"]]");
        ask("POST", "/session/" + id + "/prompt_async", prompt("question"));
        await().until(() -> get("/question").size() == 1);
        post("/question/" + get("/question").get(0).path("id").asText() + "/reject", "");
        events.await("question.rejected");
    }

    @Test
    void abortCancelsWhatRunsAndWhatWaits() throws Exception {
        String id = created();
        Events events = follow("/event");
        ask("POST", "/session/" + id + "/prompt_async", prompt("hold"));
        ask("POST", "/session/" + id + "/prompt_async", prompt("hold"));
        events.await("message.part.updated");

        assertThat(post("/session/" + id + "/abort", "").asBoolean()).isTrue();

        assertThat(events.await("session.error").path("error").path("name").asText())
                .isEqualTo("MessageAbortedError");
        await().until(() -> get("/session/status").isEmpty());
    }

    @Test
    void aFailureIsAnAnswerWithAnError() throws Exception {
        JsonNode answer = post("/session/" + created() + "/message", prompt("fail"));

        Protocol.checkResponse("session.prompt", answer);
        assertThat(answer.path("info").path("error").path("name").asText()).isEqualTo("APIError");
    }

    @Test
    void sessionsAreListedChangedForkedAndDeleted() throws Exception {
        String id = created();
        post("/session/" + id + "/message", prompt("say one"));
        Events events = follow("/event");

        JsonNode renamed = ask("PATCH", "/session/" + id, "{'title':'other'}").body();
        JsonNode fork = post("/session/" + id + "/fork", "");
        JsonNode list = get("/session");

        assertThat(renamed.path("title").asText()).isEqualTo("other");
        Protocol.checkResponse("session.fork", fork);
        assertThat(fork.path("title").asText()).isEqualTo("other (fork)");
        Protocol.checkResponse("session.list", list);
        assertThat(list).hasSize(2);
        assertThat(get("/session?search=fork")).hasSize(1);
        assertThat(get("/session?limit=1")).hasSize(1);
        for (String view : List.of("children", "todo", "diff")) {
            Protocol.checkResponse("session." + view, get("/session/" + id + "/" + view));
        }
        assertThat(ask("DELETE", "/session/" + id, "").body().asBoolean()).isTrue();
        events.await("session.deleted");
        assertThat(ask("GET", "/session/" + id, "").status()).isEqualTo(404);
    }

    @Test
    void aSessionThatWasOpenedByOtherWaysIsOneAsWell() throws Exception {
        Session session = server.engine()
                .open(SessionSpec.builder("trip", work).owner("owner").build());
        Events events = follow("/event");
        session.submit(io.hotplex.api.Prompt.of("say hello"))
                .result()
                .toCompletableFuture()
                .join();

        JsonNode messages = get("/session/ses-trip/message");

        assertThat(messages).hasSize(2);
        Protocol.checkResponse("session.messages", messages);
        Protocol.checkResponse("session.get", get("/session/ses-trip"));
        post("/session/ses-trip/message", prompt("say again"));
        assertThat(events.types()).contains("session.idle");
    }

    @Test
    void aPromptMayChooseTheProviderAsLongAsNothingWasSaid() throws Exception {
        String id = created();
        String demo = "{'model':{'providerID':'nobody','modelID':'default'},'parts':[]}";
        Answer unknown = ask("POST", "/session/" + id + "/message", demo);
        assertThat(unknown.body().path("code").asText()).isEqualTo("PROVIDER_UNKNOWN");

        Events events = follow("/event");
        JsonNode first = post(
                "/session/" + id + "/message",
                "{'model':{'providerID':'other','modelID':'default'},'parts':[{'type':'text','text':'say one'}]}");
        assertThat(first.path("info").path("providerID").asText()).isEqualTo("other");
        assertThat(get("/session/" + id).path("title").asText()).isEqualTo("mine");
        assertThat(events.types()).contains("session.idle").doesNotContain("session.deleted");
        Answer late = ask(
                "POST",
                "/session/" + id + "/message",
                "{'model':{'providerID':'puppet','modelID':'default'},'parts':[{'type':'text','text':'say'}]}");
        assertThat(late.body().path("code").asText()).isEqualTo("NOT_SUPPORTED");
        post(
                "/session/" + id + "/message",
                "{'model':{'providerID':'other','modelID':'other'},'parts':[{'type':'text','text':'say two'}]}");
        assertThat(get("/session/" + id).path("model").path("id").asText()).isEqualTo("other");
    }

    @Test
    void commandsAreGivenAndAFileGoesWithAPrompt() throws Exception {
        String id = created();
        Events events = follow("/event");

        CompletableFuture<Answer> answer = CompletableFuture.supplyAsync(() -> {
            try {
                return ask("POST", "/session/" + id + "/command", "{'command':'init','arguments':'now'}");
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        puppets.tell("say done");

        assertThat(answer.join().status()).isEqualTo(200);
        assertThat(events.await("command.executed").path("name").asText()).isEqualTo("init");
        assertThat(get("/session/" + id + "/message").get(0).toString()).contains("/init now");
        post(
                "/session/" + id + "/message",
                "{'parts':[{'type':'file','mime':'image/png','filename':'a.png','url':'data:image/png;base64,aGk='},"
                        + "{'type':'file','mime':'text/plain','url':'data:text/plain;base64,aGk='},"
                        + "{'type':'text','text':'say look'}]}");
        post(
                "/session/" + id + "/message",
                "{'parts':[{'type':'file','mime':'text/markdown','filename':'n.md','url':'data:text/plain,a%20b+c'},"
                        + "{'type':'text','text':'say look'}]}");
        assertThat(puppets.prompts.get(puppets.prompts.size() - 1).instructions())
                .endsWith("a b+c");
        JsonNode told = get("/session/" + id + "/message");
        assertThat(told.findValuesAsText("filename")).containsExactly("a.png", "n.md");
        assertThat(told.findValuesAsText("mime")).containsExactly("text/plain", "image/png", "text/markdown");
        assertThat(told.toString()).doesNotContain("a b+c");
        assertThat(ask(
                                "POST",
                                "/session/" + id + "/message",
                                "{'parts':[{'type':'file','mime':'image/png','url':'https://evil.example'}]}")
                        .status())
                .isEqualTo(400);
    }

    @Test
    void whatNoAgentCanDoIsRefusedAndWhatIsUnknownIsNotFound() throws Exception {
        String id = created();
        for (String path : List.of("share", "summarize", "revert", "unrevert", "shell")) {
            Answer refused = ask("POST", "/session/" + id + "/" + path, "{}");
            assertThat(refused.status()).as(path).isEqualTo(422);
            assertThat(refused.type()).isEqualTo("application/problem+json");
            assertThat(refused.body().path("code").asText()).isEqualTo("NOT_SUPPORTED");
            assertThat(refused.body().path("data").path("message").asText()).isNotEmpty();
        }
        for (String body : List.of(
                "{'noReply':true,'parts':[]}",
                "{'tools':{'bash':false},'parts':[]}",
                "{'variant':'high','parts':[]}",
                "{'parts':[{'type':'subtask'}]}")) {
            assertThat(ask("POST", "/session/" + id + "/message", body).status())
                    .as(body)
                    .isEqualTo(422);
        }
        for (String body : List.of("{}", "{'messageID':'x','parts':[]}", "{'agent':'other','parts':[]}")) {
            assertThat(ask("POST", "/session/" + id + "/message", body).status())
                    .as(body)
                    .isEqualTo(400);
        }
        Answer unknown = ask("GET", "/pty", "");
        assertThat(unknown.status()).isEqualTo(404);
        assertThat(unknown.type()).isEqualTo("application/problem+json");
    }

    @Test
    void rulesForToolsAreKeptOrRefused() throws Exception {
        post(
                "/session",
                "{'permission':[{'permission':'question','action':'deny','pattern':'*'},"
                        + "{'permission':'bash','action':'ask','pattern':'*'},"
                        + "{'permission':'edit','action':'allow','pattern':'*'}]}");
        Session session = server.engine()
                .session(get("/session").get(0).path("id").asText())
                .orElseThrow();

        assertThat(session.spec().tools().denied()).containsExactly("question", "AskUserQuestion");
        assertThat(session.spec().tools().allowed()).contains("edit", "Write").doesNotContain("bash");
        String allowed = "{'permission':'bash','action':'allow','pattern':'*'}";
        String id = post("/session", "{'permission':[" + allowed + ",{'permission':'*','action':'ask','pattern':'*'}]}")
                .path("id")
                .asText();
        assertThat(server.engine().session(id).orElseThrow().spec().tools().allowed())
                .isEmpty();
        String denied = "{'permission':'bash','action':'deny','pattern':'*'}";
        for (String rules : List.of(
                "{'permission':'bash','action':'deny','pattern':'rm *'}",
                "{'permission':'mcp_*','action':'deny','pattern':'*'}",
                denied + ",{'permission':'bash','action':'allow','pattern':'ls *'}")) {
            assertThat(ask("POST", "/session", "{'permission':[" + rules + "]}").status())
                    .as(rules)
                    .isEqualTo(422);
        }
        assertThat(ask("POST", "/session", "{'permission':[{'permission':'bash','action':'Deny','pattern':'*'}]}")
                        .status())
                .isEqualTo(400);
    }

    // ---- streams

    @Test
    void whoComesBackGetsWhatWasMissedAndNothingTwice() throws Exception {
        String id = created();
        Events first = follow("/event");
        post("/session/" + id + "/message", prompt("say one"));
        first.await("session.idle");
        int seen = first.seen.size();
        String last = first.ids.get(first.ids.size() - 1);
        first.close();
        post("/session/" + id + "/message", prompt("say two"));

        Events second = new Events("/event", ServerRig.OWNER, last);
        second.await("session.idle");

        assertThat(second.types()).startsWith("server.connected", "message.updated", "message.part.updated");
        assertThat(second.types().stream().filter("session.idle"::equals)).hasSize(1);
        assertThat(second.seen.toString()).contains("say two").doesNotContain("\"say one\"");
        assertThat(seen).isPositive();
    }

    @Test
    void whoComesBackTooLateIsToldHowThingsAre() throws Exception {
        String id = created();
        follow("/event").close();
        post("/session/" + id + "/message", prompt("say one"));

        Events late = new Events("/event", ServerRig.OWNER, "1-1-1");

        JsonNode part = late.await(event -> event.toString().contains("\"text\":\"one\""));
        assertThat(part.path("type").asText()).isEqualTo("message.part.updated");
        late.await("session.status");
        assertThat(late.types()).contains("session.updated");
        HttpRequest malformed = request("/event", ServerRig.OWNER)
                .header("Last-Event-ID", "nonsense")
                .build();
        assertThat(http.send(malformed, HttpResponse.BodyHandlers.ofString()).statusCode())
                .isEqualTo(400);
    }

    @Test
    void whoComesBackTooLateHearsWhichTurnsEndedAndWhatWasAnswered() throws Exception {
        String ended = created();
        Events first = follow("/event");
        ask("POST", "/session/" + ended + "/prompt_async", prompt("ask"));
        String request = first.await("permission.asked").path("id").asText();
        post("/permission/" + request + "/reply", "{'reply':'once'}");
        first.await("session.idle");
        String runs = created();
        ask("POST", "/session/" + runs + "/prompt_async", prompt("hold"));
        first.await(event -> of(runs, "session.status", event));
        first.close();

        Events late = new Events("/event", ServerRig.OWNER, "1-1-1");

        assertThat(late.await("permission.replied").path("requestID").asText()).isEqualTo(request);
        late.await(event -> of(ended, "session.idle", event));
        JsonNode status = late.await(event -> of(runs, "session.status", event));
        assertThat(status.path("properties").path("status").path("type").asText())
                .isEqualTo("busy");
        assertThat(late.seen).noneMatch(event -> of(runs, "session.idle", event)); // it comes before the other one
    }

    private static boolean of(String session, String type, JsonNode event) {
        return event.path("type").asText().equals(type)
                && event.path("properties").path("sessionID").asText().equals(session);
    }

    @Test
    void anOwnerHearsOfOwnSessionsAloneAndADirectoryOfItsOwn() throws Exception {
        Path elsewhere = Files.createDirectory(dir.resolve("elsewhere")).toRealPath();
        Events other = new Events("/global/event", ServerRig.OTHER, "");
        Events there = follow("/event?directory=" + encoded(elsewhere));
        Events all = follow("/global/event");
        String id = created();
        String far = post("/session?directory=" + encoded(elsewhere), "{}")
                .path("id")
                .asText();
        post("/session/" + id + "/message", prompt("say one"));
        post("/session/" + far + "/message", prompt("say two"));

        there.await("session.idle");
        all.await(event ->
                event.toString().contains(far) && event.path("type").asText().equals("session.idle"));

        assertThat(there.seen.toString()).contains(far).doesNotContain(id);
        assertThat(all.seen.toString()).contains(far, id);
        assertThat(all.seen.get(1).path("directory").asText()).isEqualTo(work.toString());
        assertThat(other.types()).containsExactly("server.connected");
        assertThat(get("/session?directory=" + encoded(elsewhere))).hasSize(1);
    }

    @Test
    void aStreamIsHeardOfWhenNothingHappens() throws Exception {
        server.close();
        server = started("server.heartbeat-interval", "50ms");

        follow("/event").await("server.heartbeat");
    }

    @Test
    void aServerThatStopsTellsHowTurnsEnd() throws Exception {
        String id = created();
        Events events = follow("/event");
        ask("POST", "/session/" + id + "/prompt_async", prompt("hold"));
        events.await("session.status");

        server.close();

        events.await("session.error");
        await().until(() -> events.response.isDone());
    }

    // ---- catalogs and files

    @Test
    void everyCatalogHasTheShapeOfTheProtocol() throws Exception {
        for (String operation : List.of(
                "app.agents",
                "app.skills",
                "command.list",
                "config.get",
                "config.providers",
                "experimental.capabilities.get",
                "experimental.console.get",
                "experimental.resource.list",
                "experimental.workspace.list",
                "experimental.workspace.status",
                "formatter.status",
                "global.config.get",
                "global.health",
                "lsp.status",
                "mcp.status",
                "path.get",
                "permission.list",
                "project.current",
                "project.list",
                "provider.auth",
                "provider.list",
                "question.list",
                "session.list",
                "session.status",
                "v2.agent.list",
                "v2.command.list",
                "v2.health.get",
                "v2.integration.list",
                "v2.location.get",
                "v2.model.list",
                "v2.provider.list",
                "v2.reference.list",
                "v2.skill.list",
                "vcs.get")) {
            String route = Protocol.route(operation);
            assertThat(route).as(operation).startsWith("GET /");
            Protocol.checkResponse(operation, get(route.substring(4)));
        }
        Protocol.checkResponse("project.directories", get("/project/global/directories"));
        assertThat(get("/provider").path("all").get(0).path("id").asText()).isEqualTo("puppet");
        assertThat(get("/config").toString() + get("/provider") + get("/path"))
                .doesNotContain("the-key-of", dir.resolve("state").toString());
    }

    @Test
    void filesAreShownOfOwnDirectoriesAndOfNoOther() throws Exception {
        Files.writeString(work.resolve("a.txt"), "first\nneedle here\n");
        Files.createDirectories(work.resolve("sub/deep"));
        Files.write(work.resolve("sub/deep/b.bin"), new byte[] {0, (byte) 0xff, 1});
        Path secret = Files.writeString(dir.resolve("secret.txt"), "needle of others");
        Files.createSymbolicLink(work.resolve("link.txt"), secret);
        assertThat(ask("GET", "/file/content?path=a.txt", "").status()).isEqualTo(403);
        created();

        JsonNode list = get("/file?path=");
        Protocol.checkResponse("file.list", list);
        JsonNode content = get("/file/content?path=a.txt");
        Protocol.checkResponse("file.read", content);
        assertThat(content.path("content").asText()).contains("needle");
        JsonNode binary = get("/file/content?path=sub/deep/b.bin");
        Protocol.checkResponse("file.read", binary);
        assertThat(binary.path("encoding").asText()).isEqualTo("base64");
        JsonNode found = get("/find/file?query=B.BIN");
        Protocol.checkResponse("find.files", found);
        assertThat(found.get(0).asText()).isEqualTo("sub/deep/b.bin");
        JsonNode lines = get("/find?pattern=needle");
        Protocol.checkResponse("find.text", lines);
        assertThat(lines).hasSize(1);
        assertThat(lines.get(0).path("line_number").asInt()).isEqualTo(2);
        Protocol.checkResponse("find.symbols", get("/find/symbol?query=x"));

        for (String path : List.of("link.txt", "../secret.txt", secret.toString(), "sub/../../secret.txt")) {
            Answer refused = ask("GET", "/file/content?path=" + encoded(path), "");
            assertThat(refused.status()).as(path).isEqualTo(403);
            assertThat(refused.body().toString()).doesNotContain("needle");
        }
        assertThat(ask("GET", "/file/content?path=none", "").status()).isEqualTo(404);
        assertThat(ask("GET", "/file/content?path=a.txt&directory=" + encoded(dir), "")
                        .status())
                .isEqualTo(403);
        assertThat(ask("GET", "/file/content?path=a.txt", "", ServerRig.OTHER).status())
                .isEqualTo(403);
    }

    @Test
    void whatIsTheServersOwnIsShownNowhere() throws Exception {
        server.close();
        Path own = Files.createDirectory(work.resolve("own"));
        Files.writeString(own.resolve("token"), "needle");
        Files.writeString(work.resolve("other.txt"), "needle");
        Path key = Files.writeString(work.resolve("another.key"), "needle-of-another");
        server = builder("server.keys.another.file", key.toString(), "server.keys.another.scopes", "session:read")
                .tokenDirectory(own)
                .start();
        created();

        for (String path : List.of("own/token", "another.key")) {
            assertThat(ask("GET", "/file/content?path=" + path, "").status())
                    .as(path)
                    .isEqualTo(403);
        }
        assertThat(ask("GET", "/file?path=own", "").status()).isEqualTo(403);
        assertThat(get("/file?path=").findValuesAsText("name")).containsExactly("other.txt");
        assertThat(get("/find?pattern=needle")).hasSize(1);
        assertThat(get("/find/file?query=token")).isEmpty();

        server.close();
        server = builder().tokenDirectory(dir).start(); // by default agents work below it
        created();
        assertThat(get("/file/content?path=other.txt").path("content").asText()).isEqualTo("needle");
    }

    @Test
    void theDescriptionIsOfWhatIsServedAndNamesItAsTheOriginalDoes() throws Exception {
        JsonNode document = get("/doc");
        List<String> described = new ArrayList<>();
        document.path("paths")
                .properties()
                .forEach(path -> path.getValue().properties().forEach(operation -> {
                    String route = operation.getKey().toUpperCase(java.util.Locale.ROOT) + " " + path.getKey();
                    described.add(route);
                    assertThat(plain(Protocol.route(
                                    operation.getValue().path("operationId").asText())))
                            .as(route)
                            .isEqualTo(plain(route));
                }));

        List<String> others = List.of("/v1", "/ws", "/health", "/metrics", "/admin", "/console", "/doc");
        assertThat(server.routes().stream()
                        .filter(route -> !route.template().equals("/")
                                && others.stream().noneMatch(route.template()::startsWith))
                        .map(Route::toString))
                .containsExactlyInAnyOrderElementsOf(described);
    }

    private static String plain(String route) {
        return route.replaceAll("\\{[A-Za-z]+}", "{}");
    }

    @Test
    void itCanBePutElsewhereOrLeftOut() throws Exception {
        server.close();
        server = started("server.opencode-path", "/oc");
        assertThat(get("/oc/global/health").path("healthy").asBoolean()).isTrue();
        assertThat(ask("GET", "/global/health", "").status()).isEqualTo(404);
        server.close();

        server = started("server.opencode-path", "none");
        assertThat(ask("GET", "/global/health", "").status()).isEqualTo(404);
        assertThat(server.routes()).noneMatch(route -> route.template().startsWith("/session"));
    }
}
