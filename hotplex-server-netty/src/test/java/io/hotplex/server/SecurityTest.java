package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.Turn;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.server.internal.auth.ApiKey;
import io.hotplex.server.internal.http.Access;
import io.hotplex.server.internal.http.Kind;
import io.hotplex.server.internal.http.RawClient;
import io.hotplex.server.internal.http.RawClient.Answer;
import io.hotplex.server.internal.http.Route;
import io.hotplex.server.internal.http.WebSocketProbe;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every route, attacked in every way. A route that is not in the table fails the build: say what protects it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SecurityTest {
    private static final long MAX_BODY = 5000;

    /**
     * Each route, and a path that it serves; one that belongs to {@link ServerRig#OWNER} where paths belong to
     * somebody.
     */
    private static final Map<String, String> ROWS = rows(
            "GET /health",
            "GET /health/live",
            "GET /health/ready",
            "GET /metrics",
            "GET /admin/pool",
            "GET /admin/sessions",
            "GET /admin/processes",
            "GET /admin/config",
            "GET /admin/hooks",
            "POST /admin/drain",
            "POST /admin/sessions/{session}/guard-bypass",
            "DELETE /admin/sessions/{session}/guard-bypass",
            "POST /v1/tickets",
            "GET /",
            "GET /console/console.css",
            "GET /console/icon.svg",
            "GET /console/gateway.mjs",
            "GET /console/main.mjs",
            "GET /console/model.mjs",
            "GET /console/text.mjs",
            "GET /console/view.mjs",
            "GET /v1/sessions",
            "POST /v1/sessions",
            "GET /v1/sessions/{session}",
            "PATCH /v1/sessions/{session}",
            "DELETE /v1/sessions/{session}",
            "GET /v1/sessions/{session}/stats",
            "POST /v1/sessions/{session}/interrupt",
            "GET /v1/sessions/{session}/events",
            "GET /v1/sessions/{session}/turns",
            "POST /v1/sessions/{session}/turns",
            "GET /v1/sessions/{session}/turns/{turn}",
            "POST /v1/sessions/{session}/turns/{turn}/cancel",
            "GET /v1/sessions/{session}/requests",
            "POST /v1/sessions/{session}/requests/{request}",
            "GET /v1/approvals",
            "GET /v1/approvals/remembered",
            "DELETE /v1/approvals/remembered/{approval}",
            "GET /v1/openapi.json",
            "GET /ws/v1/agent",
            "GET /ws/v2",
            "GET /session",
            "POST /session",
            "GET /session/status",
            "GET /session/{session}",
            "PATCH /session/{session}",
            "DELETE /session/{session}",
            "GET /session/{session}/children",
            "GET /session/{session}/todo",
            "GET /session/{session}/diff",
            "POST /session/{session}/fork",
            "POST /session/{session}/abort",
            "POST /session/{session}/share",
            "DELETE /session/{session}/share",
            "POST /session/{session}/summarize",
            "POST /session/{session}/revert",
            "POST /session/{session}/unrevert",
            "GET /session/{session}/message",
            "GET /session/{session}/message/{message}",
            "POST /session/{session}/message",
            "POST /session/{session}/prompt_async",
            "POST /session/{session}/command",
            "POST /session/{session}/shell",
            "GET /permission",
            "POST /permission/{request}/reply",
            "POST /session/{session}/permissions/{request}",
            "GET /question",
            "POST /question/{request}/reply",
            "POST /question/{request}/reject",
            "GET /event",
            "GET /global/event",
            "GET /global/health",
            "GET /config",
            "GET /global/config",
            "GET /config/providers",
            "GET /provider",
            "GET /provider/auth",
            "GET /agent",
            "GET /command",
            "GET /skill",
            "GET /lsp",
            "GET /formatter",
            "GET /mcp",
            "GET /path",
            "GET /project",
            "GET /project/current",
            "GET /project/{project}/directories",
            "GET /vcs",
            "GET /experimental/capabilities",
            "GET /experimental/console",
            "GET /experimental/resource",
            "GET /experimental/workspace",
            "GET /experimental/workspace/status",
            "GET /api/health",
            "GET /api/location",
            "GET /api/agent",
            "GET /api/command",
            "GET /api/integration",
            "GET /api/model",
            "GET /api/provider",
            "GET /api/reference",
            "GET /api/skill",
            "GET /file",
            "GET /file/content",
            "GET /find/file",
            "GET /find",
            "GET /find/symbol",
            "GET /doc");

    @TempDir
    static Path state;

    private final Puppets puppets = new Puppets();
    private final AtomicInteger sessions = new AtomicInteger();
    private HotPlexServer server;

    private static Map<String, String> rows(String... routes) {
        Map<String, String> rows = new LinkedHashMap<>();
        for (String route : routes) {
            rows.put(route, route.substring(route.indexOf(' ') + 1));
        }
        return rows;
    }

    @BeforeAll
    void start() {
        server = ServerRig.builder(
                        state,
                        "server.max-body-bytes",
                        Long.toString(MAX_BODY),
                        "server.requests-per-second-per-address",
                        "100000",
                        "server.allowed-origins",
                        "https://friend.example")
                .engine(HotPlex.builder()
                        .config(EngineConfig.builder()
                                .set(EngineConfig.STATE_DIRECTORY, state)
                                .build())
                        .provider(puppets)
                        .launcher(puppets))
                .start();
    }

    @AfterAll
    void stop() {
        server.close();
    }

    @Test
    void everyRouteIsInTheTable() {
        assertThat(server.routes()).extracting(Route::toString).containsExactlyInAnyOrderElementsOf(ROWS.keySet());
    }

    @TestFactory
    Stream<DynamicTest> everyRouteWithEveryAttack() {
        return server.routes().stream()
                .flatMap(route -> attacks(route).entrySet().stream()
                        .map(attack -> DynamicTest.dynamicTest(
                                route + ", " + attack.getKey(),
                                () -> attack.getValue().run())));
    }

    private interface Attack {
        void run() throws IOException;
    }

    private Map<String, Attack> attacks(Route route) {
        String key = "Authorization: Bearer " + (route.access() == Access.ADMIN ? ServerRig.ADMIN : ServerRig.OWNER);
        boolean open = route.access() == Access.PUBLIC;
        Map<String, Attack> attacks = new LinkedHashMap<>();
        if (!open) {
            attacks.put("no token", () -> assertRefused(route, 401, "UNAUTHENTICATED"));
            attacks.put(
                    "wrong token",
                    () -> assertRefused(
                            route, 401, "UNAUTHENTICATED", "Authorization: Bearer " + ServerRig.OWNER + "x"));
            attacks.put("other owner", () -> assertNotForOthers(route));
        }
        attacks.put("bad Host", () -> {
            Answer answer = ask(request(route, "evil.example:80", key));
            assertThat(answer.status()).isEqualTo(403);
        });
        attacks.put("bad Origin", () -> assertRefused(route, 403, "FORBIDDEN", key, "Origin: https://evil.example"));
        attacks.put("null Origin", () -> assertRefused(route, 403, "FORBIDDEN", key, "Origin: null"));
        attacks.put(
                "text/plain",
                () -> assertRefused(
                        route, 415, "MEDIA_TYPE_UNSUPPORTED", key, "Content-Type: text/plain", "Content-Length: 2"));
        attacks.put(
                "oversize",
                () -> assertRefused(
                        route,
                        413,
                        "REQUEST_TOO_LARGE",
                        key,
                        "Content-Type: application/json",
                        "Content-Length: " + (MAX_BODY + 1)));
        return attacks;
    }

    /** A key of another owner finds nothing; one without the scope is told so. */
    private void assertNotForOthers(Route route) throws IOException {
        if (route.access() == Access.ADMIN) {
            assertRefused(route, 403, "FORBIDDEN", "Authorization: Bearer " + ServerRig.OTHER);
        } else if (path(route).contains("{session}")) {
            Theirs theirs = theirs();
            String path = theirs.in(path(route));
            Answer other = head(requestTo(path, route, "localhost", "Authorization: Bearer " + ServerRig.OTHER));
            assertThat(other.status()).as("%s of somebody else", path).isEqualTo(404);
            assertThat(theirs.isUntouched()).as("%s of somebody else", path).isTrue();
            Answer owner = head(requestTo(path, route, "localhost", "Authorization: Bearer " + ServerRig.OWNER));
            assertThat(owner.status()).as("%s, by its owner", path).isNotIn(401, 403, 404);
            theirs.session().close();
        } else {
            assertRefused(route, 403, "FORBIDDEN", "Authorization: Bearer " + ServerRig.ADMIN);
        }
    }

    /** A session of {@link ServerRig#OWNER} in the middle of a turn that asks for a permission. */
    private record Theirs(Session session, Turn turn, long offset, String shownRequest) {
        private static final String MESSAGE = "msg_theirs";

        String in(String text) {
            boolean shown = text.startsWith("/session/");
            return text.replace("{session}", shown ? "ses-" + session.id() : session.id())
                    .replace("{turn}", turn.id())
                    .replace("{message}", MESSAGE)
                    .replace("{request}", shown ? shownRequest : "p1");
        }

        boolean isUntouched() {
            return session.info().newestOffset() == offset
                    && session.pendingRequests().size() == 1;
        }
    }

    private Theirs theirs() throws IOException {
        Session session = server.engine()
                .open(SessionSpec.builder("theirs-" + sessions.incrementAndGet(), state)
                        .owner("owner")
                        .provider("puppet")
                        .build());
        Turn turn =
                session.submit(Prompt.builder("ask").clientId(Theirs.MESSAGE).build());
        await().until(() -> session.pendingRequests().size() == 1);
        return new Theirs(session, turn, session.info().newestOffset(), shownRequest(session));
    }

    /** The id by which OpenCode's clients know what a session waits for. */
    private String shownRequest(Session session) throws IOException {
        String list = RawClient.request(
                "GET", "/permission?directory=" + session.spec().workDir(), "Authorization: Bearer " + ServerRig.OWNER);
        Pattern wanted = Pattern.compile("\"id\":\"(per_[0-9A-Za-z]+)\",\"sessionID\":\"ses-" + session.id() + "\"");
        return await().until(() -> wanted.matcher(ask(list).body()), Matcher::find)
                .group(1);
    }

    /** Each message of a dialect, for a session; the last one is a question whose answer shows that all were heard. */
    private static final Map<String, List<String>> FRAMES = Map.of(
            "/ws/v2",
            List.of(
                    "{'type':'open','spec':{'id':'{session}','work_dir':'/'}}",
                    "{'type':'attach','session':'{session}','after':0}",
                    "{'type':'prompt','session':'{session}','text':'say hello'}",
                    "{'type':'cancel','session':'{session}','turn':'{turn}'}",
                    "{'type':'interrupt','session':'{session}'}",
                    "{'type':'answer','session':'{session}','request':'{request}','decision':'allow'}",
                    "{'type':'set','session':'{session}','model':'other'}",
                    "{'type':'ack','session':'{session}','offset':1}",
                    "{'type':'detach','session':'{session}'}",
                    "{'type':'close','session':'{session}'}",
                    "{'type':'ping','ref':'last'}"),
            "/ws/v1/agent",
            List.of(
                    "{'request_id':1,'type':'execute','session_id':'{session}','prompt':'say hello','work_dir':'/'}",
                    "{'request_id':2,'type':'stop','session_id':'{session}'}",
                    "{'request_id':3,'type':'version'}",
                    "{'request_id':4,'type':'stats','session_id':'{session}'}",
                    "{'request_id':99,'type':'stats','session_id':'last'}"));

    @TestFactory
    Stream<DynamicTest> everyMessageOfAWebSocketAboutTheSessionOfAnother() {
        return FRAMES.entrySet().stream()
                .flatMap(dialect -> dialect.getValue().stream()
                        .map(frame -> DynamicTest.dynamicTest(
                                dialect.getKey() + " " + frame, () -> assertNotHeard(dialect.getKey(), frame))));
    }

    private void assertNotHeard(String path, String frame) throws InterruptedException, IOException {
        Theirs theirs = theirs();
        String other = replies(path, ServerRig.OTHER, theirs.in(frame));

        assertThat(theirs.isUntouched()).as("untouched after %s", frame).isTrue();
        assertThat(other).doesNotContain("snapshot", "ask", "\"created\"", "session_stats");
        if (!frame.contains("'open'") && !frame.contains("'execute'")) { // an id that is free is another's to take
            assertThat(other.replace(theirs.session().id(), "nobodys"))
                    .as("as if there were none")
                    .isEqualTo(replies(
                            path,
                            ServerRig.OTHER,
                            frame.replace("{session}", "nobodys")
                                    .replace("{turn}", theirs.turn().id())
                                    .replace("{request}", "p1")));
        } else {
            assertThat(other).contains("SESSION_CONFLICT");
        }
        if (frame.contains("'stop'")) { // whoever sends it is told the same
            var unused = replies(path, ServerRig.OWNER, theirs.in(frame));
            assertThat(server.engine().session(theirs.session().id())).isEmpty();
        } else if (frame.contains("'{session}'")
                && !frame.contains("'open'")
                && !frame.contains("'ack'")
                && !frame.contains("'detach'")) {
            String owner = replies(path, ServerRig.OWNER, theirs.in(frame));
            assertThat(owner).as("by its owner").isNotEqualTo(other).doesNotContain("SESSION_NOT_FOUND");
        }
        theirs.session().close();
    }

    /** What is answered to one message, and to the last of the dialect's, which shows that there is no more. */
    private String replies(String path, String key, String frame) throws InterruptedException {
        List<String> frames = Objects.requireNonNull(FRAMES.get(path));
        try (WebSocketProbe client =
                WebSocketProbe.connect(server.address(), path, "hotplex.v2", "hotplex.key." + key)) {
            String last = frames.get(frames.size() - 1).replace('\'', '"');
            if (!path.equals("/ws/v2")) { // which says hello
                client.send(last);
            }
            client.next();
            client.send(frame.replace('\'', '"'));
            StringBuilder all = new StringBuilder();
            if (!frame.contains("'ack'")) { // which is not answered
                all.append(client.next()).append('\n');
            }
            client.send(last);
            String reply = client.next();
            while (!reply.contains("\"last\"") && !reply.contains("\"request_id\":99")) {
                all.append(reply).append('\n');
                reply = client.next();
            }
            return all.toString();
        }
    }

    @Test
    void everyMessageOfTheDialectsIsInTheTable() throws InterruptedException {
        for (Map.Entry<String, List<String>> dialect : FRAMES.entrySet()) {
            String refusal = replies(dialect.getKey(), ServerRig.OWNER, "{'type':'nonsense'}");
            Matcher known = Pattern.compile("expected: ([a-z, ]+)\\)").matcher(refusal);
            assertThat(known.find()).as(refusal).isTrue();
            assertThat(known.group(1).split(", | or "))
                    .allSatisfy(type ->
                            assertThat(dialect.getValue()).anyMatch(frame -> frame.contains("'type':'" + type + "'")));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "13, , 400",
        "13, bm90IDE2IGJ5dGVz, 400",
        "13, !, 400",
        "8, dGhlIHNhbXBsZSBub25jZQ==, 426",
        ", dGhlIHNhbXBsZSBub25jZQ==, 426"
    })
    void anUpgradeThatCannotBeIsRefusedAndTheConnectionGoesOn(
            @Nullable String version, @Nullable String nonce, int status) throws IOException {
        List<String> headers = new ArrayList<>(
                List.of("Authorization: Bearer " + ServerRig.OWNER, "Connection: Upgrade", "Upgrade: websocket"));
        if (version != null) {
            headers.add("Sec-WebSocket-Version: " + version);
        }
        if (nonce != null) {
            headers.add("Sec-WebSocket-Key: " + nonce);
        }
        try (RawClient client = RawClient.connect(server.address())) {
            Answer answer = client.send(RawClient.request("GET", "/ws/v2", headers.toArray(String[]::new)))
                    .read();
            assertThat(answer.status()).as(answer.body()).isEqualTo(status);
            assertThat(answer.body()).contains("\"status\":" + status);
            if (status == 426) {
                assertThat(answer.headers())
                        .containsEntry("sec-websocket-version", "13")
                        .containsEntry("upgrade", "websocket");
            }
            assertThat(client.send(RawClient.request("GET", "/health/live"))
                            .read()
                            .status())
                    .isEqualTo(200);
        }
    }

    private void assertRefused(Route route, int status, String code, String... headers) throws IOException {
        Answer answer = ask(request(route, "localhost", headers));

        assertThat(answer.status()).as("%s: %s", route, answer.body()).isEqualTo(status);
        assertThat(answer.headers()).containsEntry("content-type", "application/problem+json");
        assertThat(answer.body()).contains("\"code\":\"" + code + "\"").doesNotContain("the-key-of");
    }

    private static String request(Route route, String host, String... headers) {
        return requestTo(path(route), route, host, headers);
    }

    private static String requestTo(String path, Route route, String host, String... headers) {
        List<String> lines = new ArrayList<>(List.of(headers));
        if (route.kind() == Kind.WEBSOCKET) {
            lines.addAll(List.of(
                    "Connection: Upgrade",
                    "Upgrade: websocket",
                    "Sec-WebSocket-Version: 13",
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="));
        }
        return route.method() + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\n" + String.join("\r\n", lines)
                + "\r\n\r\n" + (String.join("", headers).contains("Content-Length: 2") ? "{}" : "");
    }

    private static String path(Route route) {
        return Objects.requireNonNull(ROWS.get(route.toString()), () -> route + " is not in the table");
    }

    private Answer head(String text) throws IOException {
        try (RawClient client = RawClient.connect(server.address())) {
            return client.send(text).readHead();
        }
    }

    private Answer ask(String text) throws IOException {
        return ask(server.address(), text);
    }

    private static Answer ask(InetSocketAddress address, String text) throws IOException {
        try (RawClient client = RawClient.connect(address)) {
            return client.send(text).read();
        }
    }

    @Test
    void everyWayToSendAKeyWorks() throws IOException {
        String basic = java.util.Base64.getEncoder()
                .encodeToString(("opencode:" + ServerRig.ADMIN).getBytes(java.nio.charset.StandardCharsets.UTF_8));
        for (String header : List.of(
                "Authorization: Bearer " + ServerRig.ADMIN,
                "authorization: bearer " + ServerRig.ADMIN,
                "X-API-Key: " + ServerRig.ADMIN,
                "Authorization: Basic " + basic)) {
            assertThat(ask(RawClient.request("GET", "/admin/pool", header)).status())
                    .as(header)
                    .isEqualTo(200);
        }
    }

    @Test
    void aKeyInTheUrlIsNone() throws IOException {
        for (String name : List.of("api_key", "token", "ticket", "key")) {
            assertThat(ask(RawClient.request("GET", "/admin/pool?" + name + "=" + ServerRig.ADMIN))
                            .status())
                    .isEqualTo(401);
        }
    }

    @Test
    void pagesOfAllowedOriginsMayAskAndAreTold() throws IOException {
        Answer preflight = ask(RawClient.request(
                "OPTIONS", "/v1/tickets", "Origin: https://friend.example", "Access-Control-Request-Method: POST"));
        Answer real = ask(RawClient.request(
                "POST", "/v1/tickets", "Origin: https://friend.example", "Authorization: Bearer " + ServerRig.OWNER));
        Answer own = ask(RawClient.request(
                "POST", "/v1/tickets", "Origin: http://localhost", "Authorization: Bearer " + ServerRig.OWNER));

        assertThat(preflight.status()).isEqualTo(204);
        assertThat(preflight.headers())
                .containsEntry("access-control-allow-origin", "https://friend.example")
                .containsEntry("access-control-allow-methods", "POST");
        assertThat(real.status()).isEqualTo(201);
        assertThat(real.headers()).containsEntry("access-control-allow-origin", "https://friend.example");
        assertThat(real.body()).contains("\"ticket\":\"", "\"expires_in_ms\":30000");
        assertThat(own.status()).isEqualTo(201);
    }

    @Test
    void anAddressOrAKeyThatAsksTooOftenWaits() throws IOException {
        try (HotPlexServer strict = ServerRig.start(
                state, "server.requests-per-second-per-address", "3", "server.keys.owner.requests-per-second", "1")) {
            String ticket = RawClient.request("POST", "/v1/tickets", "Authorization: Bearer " + ServerRig.OWNER);
            assertThat(ask(strict.address(), ticket).status()).isEqualTo(201);
            Answer key = ask(strict.address(), ticket);
            assertThat(key.status()).isEqualTo(429);
            assertThat(key.headers()).containsEntry("retry-after", "1");
            ask(strict.address(), ticket);
            assertThat(ask(strict.address(), RawClient.request("GET", "/health/live"))
                            .status())
                    .isEqualTo(429);
        }
    }

    @Test
    void clientsOfATrustedProxyAreToldApart() throws IOException {
        try (HotPlexServer behind = ServerRig.start(
                state,
                "server.trusted-proxies",
                "127.0.0.0/8",
                "server.requests-per-second-per-address",
                "1",
                "server.max-connections-per-address",
                "1")) {
            try (RawClient held = RawClient.connect(behind.address())) {
                assertThat(held.send(RawClient.request("GET", "/health/live"))
                                .read()
                                .status())
                        .isEqualTo(200);
                assertThat(statusFor(behind, "192.0.2.1"))
                        .as("a second connection of the proxy")
                        .isEqualTo(200);
                assertThat(statusFor(behind, "192.0.2.2")).isEqualTo(200);
                assertThat(statusFor(behind, "198.51.100.9, 192.0.2.2"))
                        .as("the same client")
                        .isEqualTo(429);
            }
            String page = RawClient.request(
                    "POST",
                    "/v1/tickets",
                    "X-Forwarded-For: 192.0.2.3",
                    "X-Forwarded-Proto: https",
                    "Origin: https://localhost",
                    "Authorization: Bearer " + ServerRig.OWNER);
            assertThat(ask(behind.address(), page).status())
                    .as("the server's own page")
                    .isEqualTo(201);
        }
        assertThat(ask(RawClient.request(
                                "POST",
                                "/v1/tickets",
                                "X-Forwarded-Proto: https",
                                "Origin: https://localhost",
                                "Authorization: Bearer " + ServerRig.OWNER))
                        .status())
                .as("nobody is trusted by default")
                .isEqualTo(403);
    }

    private int statusFor(HotPlexServer behind, String forwarded) throws IOException {
        return ask(behind.address(), RawClient.request("GET", "/health/live", "X-Forwarded-For: " + forwarded))
                .status();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/ws/v1/agent", "/ws/v2"})
    void messagesOfAWebSocketCountLikeRequests(String path) throws Exception {
        try (HotPlexServer strict = ServerRig.start(state, "server.keys.owner.requests-per-second", "1");
                WebSocketProbe client = WebSocketProbe.connect(
                        strict.address(), path, "hotplex.v2", "hotplex.key." + ServerRig.OWNER)) {
            for (int i = 0; i < 30; i++) {
                client.send("{\"type\":\"stats\",\"request_id\":1,\"session_id\":\"none\"}");
            }
            String answer = client.next();
            while (!answer.contains("TOO_MANY_REQUESTS")) {
                answer = client.next();
            }
            assertThat(answer).contains("too many messages in a second");
        }
    }

    @Test
    void reloadAppliesKeysHostsAndOriginsAndNamesTheRest() throws IOException {
        try (HotPlexServer reloaded = ServerRig.start(state)) {
            String ask = RawClient.request("GET", "/admin/pool", "Authorization: Bearer " + ServerRig.ADMIN)
                    .replace("localhost", "box.example");
            assertThat(ask(reloaded.address(), ask).status()).isEqualTo(403);

            List<String> restart = reloaded.reload(ServerConfig.fromProperties(
                    ServerRig.properties("server.allowed-hosts", "box.example", "server.max-connections", "7")));

            assertThat(restart).containsExactly("server.max-connections");
            assertThat(ask(reloaded.address(), ask).status()).isEqualTo(200);
            Map<String, String> without = ServerRig.properties("server.allowed-hosts", "box.example");
            without.keySet().removeIf(name -> name.startsWith("server.keys.operator."));
            reloaded.reload(ServerConfig.fromProperties(without));
            assertThat(ask(reloaded.address(), ask).status()).isEqualTo(401);
        }
    }

    @Test
    void aKeyThatIsTakenAwayEndsWhatItOpened() throws Exception {
        try (HotPlexServer reloaded = ServerRig.start(state);
                WebSocketProbe gone = socket(reloaded, ServerRig.OWNER);
                WebSocketProbe other = socket(reloaded, ServerRig.OTHER)) {
            assertThat(gone.next()).contains("hello");
            assertThat(other.next()).contains("hello");
            String issued = ask(
                            reloaded.address(),
                            RawClient.request("POST", "/v1/tickets", "Authorization: Bearer " + ServerRig.OWNER))
                    .body();
            Matcher ticket = Pattern.compile("\"ticket\":\"([^\"]+)\"").matcher(issued);
            assertThat(ticket.find()).isTrue();

            reloaded.reload(ServerConfig.fromProperties(
                    ServerRig.properties("server.keys.owner.sha256", ApiKey.hash("another-secret-of-the-owner"))));

            assertThat(gone.next()).startsWith("closed 4501");
            other.send("{\"type\":\"ping\"}");
            assertThat(other.next()).contains("pong");
            assertThat(ask(
                                    reloaded.address(),
                                    RawClient.request(
                                            "GET",
                                            "/ws/v2?ticket=" + ticket.group(1),
                                            "Connection: Upgrade",
                                            "Upgrade: websocket",
                                            "Sec-WebSocket-Version: 13",
                                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="))
                            .status())
                    .isEqualTo(401);
        }
    }

    @Test
    void aKeyThatIsTakenAwayEndsItsStreams() throws IOException {
        try (HotPlexServer reloaded = ServerRig.builder(state)
                        .engine(HotPlex.builder()
                                .config(EngineConfig.builder()
                                        .set(EngineConfig.STATE_DIRECTORY, state)
                                        .build())
                                .provider(puppets)
                                .launcher(puppets))
                        .start();
                RawClient client = RawClient.connect(reloaded.address())) {
            reloaded.engine()
                    .open(SessionSpec.builder("streamed", state)
                            .owner("owner")
                            .provider("puppet")
                            .build());
            client.send(RawClient.request(
                    "GET", "/v1/sessions/streamed/events", "Authorization: Bearer " + ServerRig.OWNER));
            assertThat(client.readHead().status()).isEqualTo(200);

            Map<String, String> without = ServerRig.properties();
            without.keySet().removeIf(name -> name.startsWith("server.keys.owner."));
            reloaded.reload(ServerConfig.fromProperties(without));

            assertThat(client.isEnded()).isTrue();
        }
    }

    private static WebSocketProbe socket(HotPlexServer server, String key) {
        return WebSocketProbe.connect(server.address(), "/ws/v2", "hotplex.v2", "hotplex.key." + key);
    }

    @Test
    void aReloadThatWouldLetNobodyInIsRefused() throws IOException {
        try (HotPlexServer reloaded = ServerRig.start(state)) {
            ServerConfig nobody =
                    ServerConfig.fromProperties(Map.of("server.port", "0", "server.authentication", "none"));

            assertThatThrownBy(() -> reloaded.reload(nobody)).hasMessageContaining("there is no key");

            String ask = RawClient.request("GET", "/admin/pool", "Authorization: Bearer " + ServerRig.ADMIN);
            assertThat(ask(reloaded.address(), ask).status()).isEqualTo(200);
            assertThat(ask(reloaded.address(), RawClient.request("GET", "/admin/pool"))
                            .status())
                    .isEqualTo(401);
        }
    }
}
