package io.hotplex.server.internal.http;

import static io.hotplex.server.internal.http.RawClient.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.server.ServerConfig;
import io.hotplex.server.internal.auth.ApiKey;
import io.hotplex.server.internal.auth.KeyRing;
import io.hotplex.server.internal.auth.Principal;
import io.hotplex.server.internal.auth.Quota;
import io.hotplex.server.internal.auth.Scope;
import io.hotplex.server.internal.http.RawClient.Answer;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Requests, responses, streams and upgrades, as clients see them. */
class HttpServerTest {
    private static final String KEY = "Authorization: Bearer reader-secret";
    private static final String JSON = "Content-Type: application/json";

    private final ConcurrentLinkedQueue<ExchangeListener.Summary> log = new ConcurrentLinkedQueue<>();
    private final AtomicInteger closed = new AtomicInteger();
    private final AtomicInteger waiting = new AtomicInteger();
    private final CountDownLatch release = new CountDownLatch(1);
    private @Nullable HttpServer running;

    private HttpServer server() {
        return Objects.requireNonNull(running, "not started");
    }

    private void start(String... settings) {
        ServerConfig.Builder config = ServerConfig.builder().set(ServerConfig.PORT, 0);
        for (int i = 0; i < settings.length; i += 2) {
            config.set(settings[i], settings[i + 1]);
        }
        KeyRing keys = new KeyRing(List.of(ApiKey.of(
                "reader-secret", new Principal("me", Set.of(Scope.SESSION_READ), "reader"), Quota.UNLIMITED)));
        running = HttpServer.start(
                config.build(),
                new Router(routes()),
                new Gatekeeper(keys, Policy.of(config.build()), false, System::nanoTime),
                List.of(log::add));
    }

    private List<Route> routes() {
        return List.of(
                Route.of("GET", "/public", Access.PUBLIC, r -> done(Response.text(200, "hello"))),
                Route.of(
                        "GET",
                        "/things/{id}",
                        Access.READ,
                        r -> done(Response.json(
                                200,
                                Map.of(
                                        "id",
                                        r.parameter("id"),
                                        "owner",
                                        r.principal().owner())))),
                Route.of("POST", "/things", Access.READ, r -> done(Response.json(200, r.json()))),
                Route.of("POST", "/admin", Access.ADMIN, r -> done(Response.empty(204))),
                Route.of("GET", "/fails", Access.PUBLIC, r -> {
                    throw new HotPlexException(ErrorCode.QUEUE_FULL, "too many");
                }),
                Route.of("GET", "/breaks", Access.PUBLIC, r -> {
                    throw new IllegalStateException("a defect");
                }),
                Route.of(
                        "GET",
                        "/waits",
                        Access.PUBLIC,
                        r -> CompletableFuture.supplyAsync(() -> {
                            awaitRelease();
                            return Response.text(200, "late");
                        })),
                Route.events("/events", Access.PUBLIC, r -> done(Response.events(this::threeEvents))),
                Route.events(
                        "/endless",
                        Access.PUBLIC,
                        r -> done(Response.events(out -> {
                            out.send("data: first\n\n");
                            return closed::incrementAndGet;
                        }))),
                Route.webSocket(
                        "/late",
                        Access.PUBLIC,
                        r -> CompletableFuture.supplyAsync(() -> {
                            awaitRelease();
                            return Response.webSocket(null, 1000, this::drained);
                        })),
                Route.webSocket("/echo", Access.READ, r -> done(Response.webSocket("echo", 1000, this::echo))));
    }

    private static CompletableFuture<Response> done(Response response) {
        return CompletableFuture.completedFuture(response);
    }

    private void awaitRelease() {
        waiting.incrementAndGet();
        try {
            release.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private WebSocketEndpoint.Listener drained(WebSocket socket) {
        return new WebSocketEndpoint.Listener() {
            @Override
            public void onText(String text, Runnable done) {
                done.run();
            }

            @Override
            public void onDrain() {
                socket.close(1001, "drained");
            }

            @Override
            public void onClosed() {}
        };
    }

    private EventSource.Listener threeEvents(EventStream out) {
        new Thread(() -> {
                    for (int i = 0; i < 3; i++) {
                        out.send("data: " + i + "\n\n");
                    }
                    out.end();
                })
                .start();
        return closed::incrementAndGet;
    }

    private WebSocketEndpoint.Listener echo(WebSocket socket) {
        return new WebSocketEndpoint.Listener() {
            @Override
            public void onText(String text, Runnable taken) {
                socket.send(socket.request().principal().owner() + ": " + text);
                taken.run();
            }

            @Override
            public void onClosed() {
                closed.incrementAndGet();
            }
        };
    }

    @AfterEach
    void stop() {
        release.countDown();
        server().close();
    }

    private Answer ask(String text) throws IOException {
        try (RawClient client = RawClient.connect(server().address())) {
            return client.send(text).read();
        }
    }

    @Test
    void answersSeveralRequestsOnOneConnection() throws IOException {
        start();
        try (RawClient client = RawClient.connect(server().address())) {
            Answer one = client.send(request("GET", "/public")).read();
            Answer two = client.send(request("GET", "/things/a%20b", KEY)).read();

            assertThat(one.status()).isEqualTo(200);
            assertThat(one.body()).isEqualTo("hello");
            assertThat(one.headers()).containsEntry("cache-control", "no-store").containsKey("x-request-id");
            assertThat(two.body()).contains("\"id\":\"a b\"", "\"owner\":\"me\"");
        }
        await().untilAsserted(() -> assertThat(log)
                .extracting(s -> s.method() + " " + s.route() + " " + s.status() + " " + s.keyId())
                .containsExactly("GET /public 200 -", "GET /things/{id} 200 reader"));
    }

    @Test
    void answersPipelinedRequestsInOrder() throws IOException {
        start();
        try (RawClient client = RawClient.connect(server().address())) {
            client.send(request("GET", "/things/1", KEY) + request("GET", "/nothing", KEY) + request("GET", "/public"));

            assertThat(client.read().body()).contains("\"id\":\"1\"");
            assertThat(client.read().status()).isEqualTo(404);
            assertThat(client.read().body()).isEqualTo("hello");
        }
    }

    @Test
    void tellsProblemsWithCodeAndRequest() throws IOException {
        start();

        Answer full =
                ask(request("GET", "/fails", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
        Answer defect = ask(request("GET", "/breaks"));

        assertThat(full.status()).isEqualTo(429);
        assertThat(full.headers())
                .containsEntry("content-type", "application/problem+json")
                .containsEntry("retry-after", "5")
                .containsEntry("x-request-id", "0af7651916cd43dd8448eb211c80319c");
        assertThat(full.body())
                .contains(
                        "\"code\":\"QUEUE_FULL\"",
                        "\"retryable\":true",
                        "\"status\":429",
                        "\"detail\":\"too many\"",
                        "\"instance\":\"0af7651916cd43dd8448eb211c80319c\"");
        assertThat(defect.status()).isEqualTo(500);
        assertThat(defect.body()).contains("INTERNAL").doesNotContain("a defect\"", "IllegalState");
    }

    @Test
    void refusesWithoutKeyScopeRouteOrMethod() throws IOException {
        start();

        assertThat(ask(request("GET", "/things/1")).status()).isEqualTo(401);
        assertThat(ask(request("GET", "/things/1", "X-API-Key: wrong")).status())
                .isEqualTo(401);
        assertThat(ask(request("GET", "/nothing")).status()).isEqualTo(401);
        assertThat(ask(request("POST", "/admin", KEY)).status()).isEqualTo(403);
        assertThat(ask(request("GET", "/nothing", KEY)).status()).isEqualTo(404);
        Answer method = ask(request("DELETE", "/things/1", KEY));
        assertThat(method.status()).isEqualTo(405);
        assertThat(method.headers()).containsEntry("allow", "GET");
    }

    @Test
    void takesJsonBodiesAlone() throws IOException {
        start();

        String body = "{\"a\":1}";
        Answer good = ask(request("POST", "/things", KEY, JSON, "Content-Length: 7") + body);
        Answer chunked = ask(request("POST", "/things", KEY, JSON, "Transfer-Encoding: chunked")
                + "3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n");
        Answer text = ask(request("POST", "/things", KEY, "Content-Type: text/plain", "Content-Length: 7") + body);
        Answer broken = ask(request("POST", "/things", KEY, JSON, "Content-Length: 3") + "{\"a");

        assertThat(good.body()).isEqualTo(body);
        assertThat(chunked.body()).isEqualTo(body);
        assertThat(text.status()).isEqualTo(415);
        assertThat(broken.status()).isEqualTo(400);
    }

    @Test
    void refusesLargeBodiesAndGoesOnWhereItCan() throws IOException {
        start("server.max-body-bytes", "10");
        String large = "[" + "1,".repeat(20) + "1]";
        try (RawClient client = RawClient.connect(server().address())) {
            client.send(request("POST", "/things", KEY, JSON, "Content-Length: " + large.length()) + large);
            assertThat(client.read().status()).isEqualTo(413);
            assertThat(client.send(request("GET", "/public")).read().status()).isEqualTo(200);

            client.send(request("POST", "/things", KEY, JSON, "Content-Length: 2000000"));
            assertThat(client.read().headers()).containsEntry("connection", "close");
        }
    }

    @Test
    void sendsEventsAndEndsThem() throws IOException {
        start();
        try (RawClient client = RawClient.connect(server().address())) {
            Answer answer = client.send(request("GET", "/events")).read();

            assertThat(answer.headers()).containsEntry("content-type", "text/event-stream; charset=utf-8");
            assertThat(answer.body()).isEqualTo("data: 0\n\ndata: 1\n\ndata: 2\n\n");
            assertThat(client.send(request("GET", "/public")).read().body()).isEqualTo("hello");
        }
        assertThat(closed).hasValue(1);
    }

    @Test
    void noticesThatTheReaderOfAStreamIsGone() throws IOException {
        start();
        try (RawClient client = RawClient.connect(server().address())) {
            client.send(request("GET", "/endless")).readHead();
            assertThat(client.chunk()).isEqualTo("data: first\n\n");
        }

        await().untilAsserted(() -> assertThat(closed).hasValue(1));
        await().untilAsserted(() -> assertThat(server().connections().open()).isZero());
    }

    @Test
    void upgradesToWebSocketsWithAKeyAmongTheSubProtocols() throws Exception {
        start();
        try (WebSocketProbe probe =
                WebSocketProbe.connect(server().address(), "/echo", "echo", "hotplex.key.reader-secret")) {
            probe.send("hällo");

            assertThat(probe.next()).isEqualTo("me: hällo");
            assertThat(probe.subProtocol()).isEqualTo("echo");
            probe.send("x".repeat(1001));
            assertThat(probe.next()).startsWith("closed 1009");
        }
        await().untilAsserted(() -> assertThat(closed).hasValue(1));
    }

    @Test
    void drains() throws Exception {
        start("server.drain-timeout", "2s");
        try (RawClient idle = RawClient.connect(server().address());
                RawClient busy = RawClient.connect(server().address());
                RawClient stream = RawClient.connect(server().address());
                WebSocketProbe socket =
                        WebSocketProbe.connect(server().address(), "/echo", "hotplex.key.reader-secret")) {
            assertThat(idle.send(request("GET", "/public")).read().status()).isEqualTo(200);
            busy.send(request("GET", "/waits"));
            stream.send(request("GET", "/endless")).readHead();
            assertThat(stream.chunk()).isEqualTo("data: first\n\n");
            Thread draining = new Thread(server()::drain);

            draining.start();

            assertThat(idle.isEnded()).isTrue();
            release.countDown();
            Answer late = busy.read();
            assertThat(late.body()).isEqualTo("late");
            assertThat(busy.isEnded()).isTrue();
            assertThat(stream.chunk()).isEmpty();
            assertThat(stream.isEnded()).isTrue();
            assertThat(socket.next()).isEqualTo("closed 1001 the server is stopping");
            draining.join();
            await().untilAsserted(
                            () -> assertThat(server().connections().open()).isZero());
        }
        await().untilAsserted(() -> assertThat(closed).hasValue(2));
    }

    @Test
    void aWebSocketThatIsOpenedWhileTheServerDrainsIsToldSo() throws Exception {
        start("server.drain-timeout", "60s");
        CompletableFuture<WebSocketProbe> opening =
                CompletableFuture.supplyAsync(() -> WebSocketProbe.connect(server().address(), "/late", "any"));
        await().until(() -> server().connections().open() == 1 && waiting.get() == 1);
        Thread draining = new Thread(server()::drain);

        draining.start();
        await().until(() -> server().connections().draining());
        release.countDown();

        try (WebSocketProbe socket = opening.get(20, TimeUnit.SECONDS)) {
            assertThat(socket.next()).isEqualTo("closed 1001 drained");
        }
        draining.join();
    }
}
