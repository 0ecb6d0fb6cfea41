package io.hotplex.server.internal.http;

import static io.hotplex.server.internal.http.RawClient.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.server.ServerConfig;
import io.hotplex.server.internal.auth.KeyRing;
import io.hotplex.server.internal.auth.Keys;
import io.hotplex.server.internal.http.RawClient.Answer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients do that mean ill, or are broken; and what becomes of it. */
class AbuseTest {
    /** 10,000 with {@code -Dhotplex.abuse.connects=10000}, where so many descriptors are allowed. */
    private static final int CONNECTS = Integer.getInteger("hotplex.abuse.connects", 300);

    private static final String KEY = "Authorization: Bearer some-secret-key";
    private static final String JSON = "Content-Type: application/json";

    private final AtomicInteger refused = new AtomicInteger();
    private final AtomicInteger begun = new AtomicInteger();
    private final CountDownLatch release = new CountDownLatch(1);
    private final AtomicInteger closedStreams = new AtomicInteger();
    private final ScheduledExecutorService drip = Executors.newSingleThreadScheduledExecutor();
    private @Nullable HttpServer running;

    private InetSocketAddress start(String... settings) {
        ServerConfig.Builder config = ServerConfig.builder()
                .set(ServerConfig.PORT, 0)
                .set(ServerConfig.REQUESTS_PER_SECOND_PER_ADDRESS, 1_000_000);
        for (int i = 0; i < settings.length; i += 2) {
            config.set(settings[i], settings[i + 1]);
        }
        ServerConfig built = config.build();
        KeyRing keys = new KeyRing(List.of(Keys.everything("k", "me", "some-secret-key")));
        running = HttpServer.start(
                built,
                new Router(routes()),
                new Gatekeeper(keys, Policy.of(built), false, System::nanoTime),
                List.of(new ExchangeListener() {
                    @Override
                    public void onExchange(Summary summary) {}

                    @Override
                    public void onConnectionRefused() {
                        refused.incrementAndGet();
                    }
                }));
        return server().address();
    }

    private HttpServer server() {
        return Objects.requireNonNull(running, "not started");
    }

    private List<Route> routes() {
        return List.of(
                Route.of("GET", "/hello", Access.PUBLIC, r -> done(Response.text(200, "hello"))),
                Route.of("POST", "/take", Access.READ, r -> done(Response.json(200, r.json()))),
                Route.of("GET", "/held", Access.PUBLIC, r -> held()),
                Route.events("/reckless", Access.PUBLIC, r -> done(Response.events(this::reckless))),
                Route.events("/flood", Access.PUBLIC, r -> done(Response.events(this::flood))));
    }

    private static CompletableFuture<Response> done(Response response) {
        return CompletableFuture.completedFuture(response);
    }

    private CompletableFuture<Response> held() {
        begun.incrementAndGet();
        try {
            assertThat(release.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return done(Response.text(200, "held"));
    }

    /** Writes whenever it may, as readers of a journal do. */
    private EventSource.Listener flood(EventStream out) {
        EventSource.Listener listener = new EventSource.Listener() {
            @Override
            public void onWritable() {
                while (out.isWritable()) {
                    out.send("data: " + "x".repeat(1000) + "\n\n");
                }
            }

            @Override
            public void onClosed() {
                closedStreams.incrementAndGet();
            }
        };
        out.eventLoop().execute(listener::onWritable);
        return listener;
    }

    /** Writes far more than the socket and the limit take. */
    private EventSource.Listener reckless(EventStream out) {
        for (int i = 0; i < 50_000; i++) {
            out.send("data: " + "x".repeat(1000) + "\n\n");
        }
        return closedStreams::incrementAndGet;
    }

    @AfterEach
    void stop() {
        drip.shutdownNow();
        if (running != null) {
            running.close();
        }
    }

    /** A byte now and then, for as long as it goes. */
    private void drip(RawClient client) {
        var unused = drip.scheduleWithFixedDelay(
                () -> {
                    try {
                        client.send("x");
                    } catch (IOException e) {
                        throw new IllegalStateException("closed, as it should be", e);
                    }
                },
                20,
                20,
                TimeUnit.MILLISECONDS);
    }

    @Test
    void slowHeadersAreCutOffHoweverSteadilyTheyDrip() throws IOException {
        start("server.header-timeout", "300ms");
        try (RawClient client = RawClient.connect(server().address())) {
            client.send("GET /hello HTTP/1.1\r\nX-Slow: ");
            drip(client);

            assertThat(client.isEnded()).isTrue();
        }
    }

    @Test
    void whoConnectsAndSaysNothingIsCutOff() throws IOException {
        start("server.header-timeout", "200ms");
        try (RawClient client = RawClient.connect(server().address())) {
            assertThat(client.isEnded()).isTrue();
        }
    }

    @Test
    void whoStaysAfterARequestIsCutOffInTheEnd() throws IOException {
        start("server.keep-alive-timeout", "200ms");
        try (RawClient client = RawClient.connect(server().address())) {
            assertThat(client.send(request("GET", "/hello")).read().status()).isEqualTo(200);
            assertThat(client.isEnded()).isTrue();
        }
    }

    @Test
    void theLastRequestOfAConnectionIsAnnounced() throws IOException {
        start("server.keep-alive-requests", "2");
        try (RawClient client = RawClient.connect(server().address())) {
            client.send(request("GET", "/hello")).read();
            assertThat(client.send(request("GET", "/hello")).read().headers()).containsEntry("connection", "close");
            assertThat(client.isEnded()).isTrue();
        }
    }

    @Test
    void aSlowBodyIsToldAndCutOff() throws IOException {
        start("server.body-timeout", "300ms");
        try (RawClient client = RawClient.connect(server().address())) {
            client.send(request("POST", "/take", KEY, JSON, "Content-Length: 1000"));
            drip(client);

            assertThat(client.read().status()).isEqualTo(408);
            assertThat(client.isEnded()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"line", "header", "headers"})
    void oversizedHeadsAreRefused(String what) throws IOException {
        start("server.max-request-line-bytes", "1KiB", "server.max-header-bytes", "2KiB");
        String head = switch (what) {
            case "line" -> "GET /" + "a".repeat(3000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
            case "header" -> request("GET", "/hello", "X-Large: " + "a".repeat(3000));
            default -> request("GET", "/hello", "X-Many: 1\r\n".repeat(500) + "X: 1");
        };
        try (RawClient client = RawClient.connect(server().address())) {
            Answer answer = client.send(head).read();

            assertThat(answer.status()).isEqualTo(413);
            assertThat(answer.headers()).containsEntry("connection", "close");
            assertThat(client.isEnded()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\u0016\u0003\u0001\u0002\u0000 a TLS client\r\n\r\n",
                "GET\r\n\r\n",
                "GET /hello HTTP/9.9.9\r\n\r\n",
                "GET http://localhost/hello HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "GET /hello HTTP/1.1\r\n\r\n",
                "GET /hello HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
                "POST /take HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                "POST /take HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
            })
    void whatIsNotARequestIsRefused(String bytes) throws IOException {
        start();
        try (RawClient client = RawClient.connect(server().address())) {
            assertThat(client.send(bytes).read().status()).isEqualTo(400);
        }
    }

    @Test
    void malformedChunksAreRefused() throws IOException {
        start();
        try (RawClient client = RawClient.connect(server().address())) {
            client.send(request("POST", "/take", KEY, JSON, "Transfer-Encoding: chunked") + "zz\r\n");
            assertThat(client.read().status()).isEqualTo(400);
            assertThat(client.isEnded()).isTrue();
        }
    }

    @Test
    void manyRequestsAtOnceAreAnsweredInOrder() throws IOException {
        start();
        try (RawClient client = RawClient.connect(server().address())) {
            StringBuilder all = new StringBuilder();
            for (int i = 0; i < HttpChannels.MAX_PIPELINED; i++) {
                all.append(request("GET", i % 2 == 0 ? "/hello" : "/nothing", KEY));
            }
            client.send(all.toString());
            for (int i = 0; i < HttpChannels.MAX_PIPELINED; i++) {
                assertThat(client.read().status()).isEqualTo(i % 2 == 0 ? 200 : 404);
            }
        }
    }

    @Test
    void aFloodOfRequestsEndsTheConnection() throws IOException {
        start();
        try (RawClient client = RawClient.connect(server().address())) {
            String flood = "GET /h HTTP/1.1\r\n\r\n".repeat(3000);
            try {
                client.send(flood);
            } catch (IOException e) {
                // ended before all of it was sent
            }
            assertThat(client.isEnded()).isTrue();
        }
    }

    @Test
    void aReaderThatTakesNothingIsCutOff() throws IOException {
        start("server.stall-timeout", "400ms");
        try (RawClient client = RawClient.connect(server().address())) {
            client.send(request("GET", "/flood"));

            await().atMost(Duration.ofSeconds(20)).until(() -> closedStreams.get() == 1);
            await().until(() -> server().connections().open() == 0);
        }
    }

    @Test
    void aSourceThatWritesWithoutAskingLosesItsConnection() throws IOException {
        start("server.max-pending-bytes", "1MiB");
        try (RawClient client = RawClient.connect(server().address())) {
            client.send(request("GET", "/reckless"));

            await().atMost(Duration.ofSeconds(20)).until(() -> closedStreams.get() == 1);
        }
    }

    @Test
    void connectionsAreLimitedPerAddressAndInAll() throws IOException {
        start("server.max-connections-per-address", "2");
        try (RawClient one = RawClient.connect(server().address());
                RawClient two = RawClient.connect(server().address())) {
            assertThat(one.send(request("GET", "/hello")).read().status()).isEqualTo(200);
            assertThat(two.send(request("GET", "/hello")).read().status()).isEqualTo(200);
            try (RawClient three = RawClient.connect(server().address())) {
                assertThat(three.isEnded()).isTrue();
            }
            assertThat(refused).hasValue(1);
        }
        await().until(() -> server().connections().open() == 0);
        try (RawClient again = RawClient.connect(server().address())) {
            assertThat(again.send(request("GET", "/hello")).read().status()).isEqualTo(200);
        }
    }

    @Test
    void manyConnectionsAreServedUpToTheLimitAndAllForgotten() throws IOException {
        int limit = CONNECTS / 2;
        start("server.max-connections", Integer.toString(limit), "server.max-connections-per-address", "1000000");
        List<RawClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < CONNECTS; i++) {
                clients.add(RawClient.connect(server().address()));
            }
            await().atMost(Duration.ofSeconds(30)).until(() -> refused.get() == CONNECTS - limit);
            assertThat(server().connections().open()).isEqualTo(limit);
            assertThat(clients.get(0).send(request("GET", "/hello")).read().status())
                    .isEqualTo(200);
        } finally {
            for (RawClient client : clients) {
                client.close();
            }
        }
        await().atMost(Duration.ofSeconds(30))
                .until(() -> server().connections().open() == 0);
    }

    @Test
    void aFullQueueOfWorkIsToldAtOnce() throws IOException {
        start("server.worker-threads", "1", "server.worker-queue", "1");
        try (RawClient first = RawClient.connect(server().address());
                RawClient second = RawClient.connect(server().address());
                RawClient third = RawClient.connect(server().address())) {
            first.send(request("GET", "/held"));
            await().until(() -> begun.get() == 1);
            // one of these two waits, and the other finds no place
            second.send(request("GET", "/held"));
            third.send(request("GET", "/held"));
            second.socket().setSoTimeout(100);
            third.socket().setSoTimeout(100);
            List<Answer> refusals = new ArrayList<>();
            await().until(() -> {
                for (RawClient client : List.of(second, third)) {
                    try {
                        refusals.add(client.read());
                    } catch (java.net.SocketTimeoutException e) {
                        // it waits
                    }
                }
                return !refusals.isEmpty();
            });
            assertThat(refusals).singleElement().satisfies(answer -> {
                assertThat(answer.status()).isEqualTo(503);
                assertThat(answer.body()).contains("server.worker-queue");
                assertThat(answer.headers()).containsKey("retry-after");
            });
            release.countDown();
            assertThat(first.read().status()).isEqualTo(200);
        }
    }

    @Test
    void bodiesOfAllTogetherAreLimited() throws IOException {
        start("server.max-bodies-bytes", "1KiB");
        try (RawClient client = RawClient.connect(server().address())) {
            String body = "{\"a\":\"" + "x".repeat(2000) + "\"}";
            client.send(request("POST", "/take", KEY, JSON, "Content-Length: " + body.length()) + body);
            Answer answer = client.read();
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.headers()).containsKey("retry-after");
        }
    }
}
