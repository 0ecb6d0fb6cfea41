package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.api.Engine;
import io.hotplex.api.SessionSpec;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.server.internal.auth.KeyRing;
import io.hotplex.server.internal.auth.Keys;
import io.hotplex.server.internal.auth.Tickets;
import io.hotplex.server.internal.clients.ClientRoutes;
import io.hotplex.server.internal.http.Gatekeeper;
import io.hotplex.server.internal.http.HttpServer;
import io.hotplex.server.internal.http.Policy;
import io.hotplex.server.internal.http.RawClient;
import io.hotplex.server.internal.http.Route;
import io.hotplex.server.internal.http.Router;
import io.hotplex.server.internal.http.WebSocketProbe;
import java.io.IOException;
import java.net.http.WebSocketHandshakeException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What stands for a key where a browser can send none: it opens one connection, soon. */
@Timeout(120)
class TicketTest {
    private static final String SECRET = "the-key-of-the-owner";
    private static final String EVENTS = "/v1/sessions/s1/events";

    @TempDir
    Path dir;

    private final AtomicLong nanos = new AtomicLong();
    private Engine engine;
    private HttpServer server;

    @BeforeEach
    void start() {
        Puppets puppets = new Puppets();
        engine = HotPlex.builder()
                .config(EngineConfig.fromProperties(
                        Map.of("state-directory", dir.resolve("state").toString())))
                .provider(puppets)
                .launcher(puppets)
                .build();
        engine.open(SessionSpec.builder("s1", dir).owner("me").build());
        ServerConfig config = ServerConfig.fromProperties(Map.of("server.port", "0"));
        KeyRing keys = new KeyRing(List.of(Keys.everything("k", "me", SECRET)));
        Gatekeeper gatekeeper = new Gatekeeper(keys, Policy.of(config), false, nanos::get);
        List<Route> routes = new ArrayList<>(ClientRoutes.of(engine, config, keys::quota, Optional.empty()));
        routes.add(gatekeeper.ticketRoute());
        server = HttpServer.start(config, new Router(routes), gatekeeper, List.of());
    }

    @AfterEach
    void stop() {
        server.close();
        engine.close();
    }

    private String ticket() throws IOException {
        try (RawClient client = RawClient.connect(server.address())) {
            RawClient.Answer answer = client.send(
                            RawClient.request("POST", "/v1/tickets", "Authorization: Bearer " + SECRET))
                    .read();
            assertThat(answer.status()).isEqualTo(201);
            return new ObjectMapper().readTree(answer.body()).path("ticket").asText();
        }
    }

    private WebSocketProbe socket(String ticket) {
        return WebSocketProbe.connect(server.address(), "/ws/v2?ticket=" + ticket, "hotplex.v2");
    }

    private int status(String path, String ticket) throws IOException {
        try (RawClient client = RawClient.connect(server.address())) {
            return client.send(RawClient.request("GET", path + "?ticket=" + ticket))
                    .readHead()
                    .status();
        }
    }

    private void assertRefused(String ticket) throws IOException {
        assertThat(status(EVENTS, ticket)).isEqualTo(401);
        assertThatThrownBy(() -> socket(ticket))
                .hasCauseInstanceOf(WebSocketHandshakeException.class)
                .cause()
                .satisfies(refusal -> assertThat(((WebSocketHandshakeException) refusal)
                                .getResponse()
                                .statusCode())
                        .isEqualTo(401));
    }

    @Test
    void opensAWebSocketOnceWithTheScopesOfItsKey() throws Exception {
        String ticket = ticket();

        try (WebSocketProbe socket = socket(ticket)) {
            assertThat(socket.next()).contains("\"hello\"");
            socket.send("{\"type\":\"attach\",\"session\":\"s1\",\"after\":0}");
            assertThat(socket.next()).contains("\"attached\"");
            assertRefused(ticket);
        }
        assertRefused(ticket);
    }

    @Test
    void opensAStreamOnce() throws IOException {
        String ticket = ticket();

        try (RawClient client = RawClient.connect(server.address())) {
            client.send(RawClient.request("GET", EVENTS + "?ticket=" + ticket));
            assertThat(client.readHead().headers().get("content-type")).startsWith("text/event-stream");
            assertThat(client.chunk()).startsWith("retry: ");
            assertRefused(ticket);
        }
        assertRefused(ticket);
    }

    @Test
    void isRefusedWhenItIsTooOld() throws IOException {
        String early = ticket();
        String late = ticket();

        nanos.addAndGet(Tickets.LIFE.toNanos());
        assertThat(status(EVENTS, early)).isEqualTo(200);
        nanos.addAndGet(Duration.ofMillis(1).toNanos());

        assertRefused(late);
    }

    @Test
    void opensNothingElseAndIsNotUsedUpByTheAttempt() throws IOException {
        String ticket = ticket();

        assertThat(status("/v1/sessions", ticket)).isEqualTo(401);

        assertThat(status(EVENTS, ticket)).isEqualTo(200);
    }

    @Test
    void isRefusedWhenNobodyMadeIt() throws IOException {
        assertRefused("made-up");
    }
}
