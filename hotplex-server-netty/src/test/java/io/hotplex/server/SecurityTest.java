package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.server.internal.http.Access;
import io.hotplex.server.internal.http.Kind;
import io.hotplex.server.internal.http.RawClient;
import io.hotplex.server.internal.http.RawClient.Answer;
import io.hotplex.server.internal.http.Route;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

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
            "POST /admin/drain",
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
            "GET /v1/openapi.json",
            "GET /ws/v1/agent",
            "GET /ws/v2");

    @TempDir
    static Path state;

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
        server = ServerRig.start(
                state,
                "server.max-body-bytes",
                Long.toString(MAX_BODY),
                "server.requests-per-second-per-address",
                "100000",
                "server.allowed-origins",
                "https://friend.example");
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
        } else if (path(route).contains("/sessions/")) {
            assertRefused(route, 404, "SESSION_NOT_FOUND", "Authorization: Bearer " + ServerRig.OTHER);
        } else {
            assertRefused(route, 403, "FORBIDDEN", "Authorization: Bearer " + ServerRig.ADMIN);
        }
    }

    private void assertRefused(Route route, int status, String code, String... headers) throws IOException {
        Answer answer = ask(request(route, "localhost", headers));

        assertThat(answer.status()).as("%s: %s", route, answer.body()).isEqualTo(status);
        assertThat(answer.headers()).containsEntry("content-type", "application/problem+json");
        assertThat(answer.body()).contains("\"code\":\"" + code + "\"").doesNotContain("the-key-of");
    }

    private static String request(Route route, String host, String... headers) {
        List<String> lines = new ArrayList<>(List.of(headers));
        if (route.kind() == Kind.WEBSOCKET) {
            lines.addAll(List.of(
                    "Connection: Upgrade",
                    "Upgrade: websocket",
                    "Sec-WebSocket-Version: 13",
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="));
        }
        return route.method() + " " + path(route) + " HTTP/1.1\r\nHost: " + host + "\r\n" + String.join("\r\n", lines)
                + "\r\n\r\n" + (String.join("", headers).contains("Content-Length: 2") ? "{}" : "");
    }

    private static String path(Route route) {
        return Objects.requireNonNull(ROWS.get(route.toString()), () -> route + " is not in the table");
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
}
