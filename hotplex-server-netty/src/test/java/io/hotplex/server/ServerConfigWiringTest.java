package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.HotPlexException;
import io.hotplex.api.SessionSpec;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.core.config.ConfigKey;
import io.hotplex.server.internal.auth.KeyRing;
import io.hotplex.server.internal.auth.Keys;
import io.hotplex.server.internal.http.Access;
import io.hotplex.server.internal.http.Gatekeeper;
import io.hotplex.server.internal.http.HttpServer;
import io.hotplex.server.internal.http.Policy;
import io.hotplex.server.internal.http.RawClient;
import io.hotplex.server.internal.http.RawClient.Answer;
import io.hotplex.server.internal.http.Response;
import io.hotplex.server.internal.http.Route;
import io.hotplex.server.internal.http.Router;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.uring.IoUring;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every configuration key does what it says; those that are not here are in other tests with sockets. A client here
 * waits for half of a key's default: where the key is ignored it waits in vain.
 */
@Timeout(120)
class ServerConfigWiringTest {
    private static final String KEY = "Authorization: Bearer " + ServerRig.OWNER;
    /** Tests that read and check keys, without a server. */
    private static final Set<String> NOT_WIRED = Set.of("SettingsTest.java", "SpecReaderTest.java", "KeysTest.java");

    @TempDir
    Path dir;

    private final Puppets puppets = new Puppets();

    private HotPlexServer start(String... settings) {
        HotPlex engine = HotPlex.builder()
                .config(EngineConfig.fromProperties(
                        Map.of("state-directory", dir.resolve("state").toString())))
                .provider(puppets)
                .launcher(puppets);
        return ServerRig.builder(dir, settings).engine(engine).start();
    }

    /** A server without an engine. */
    private static HttpServer start(List<Route> routes, String... settings) {
        ServerConfig config = ServerConfig.fromProperties(ServerRig.properties(settings));
        KeyRing keys = new KeyRing(List.of(Keys.everything("k", "me", ServerRig.OWNER)));
        return HttpServer.start(
                config,
                new Router(routes),
                new Gatekeeper(keys, Policy.of(config), false, System::nanoTime),
                List.of());
    }

    private static RawClient connect(InetSocketAddress address, ConfigKey<Duration> key) throws IOException {
        RawClient client = RawClient.connect(address);
        long most = ServerConfig.builder().build().get(key).toMillis();
        client.socket().setSoTimeout(Math.toIntExact(most / 2));
        return client;
    }

    private static String post(String path, String body) {
        return RawClient.request(
                        "POST", path, KEY, "Content-Type: application/json", "Content-Length: " + body.length())
                + body;
    }

    private static Answer post(HotPlexServer server, String path, String body) throws IOException {
        try (RawClient client = RawClient.connect(server.address())) {
            return client.send(post(path, body)).read();
        }
    }

    /** The threads that serve connections, and where they are; without those of other servers. */
    private static Map<Thread, StackTraceElement[]> loops(Set<Thread> others) {
        return Thread.getAllStackTraces().entrySet().stream()
                .filter(e -> e.getKey().isAlive() && e.getKey().getName().startsWith("hotplex-http"))
                .filter(e -> !others.contains(e.getKey()))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    @Test
    void everyKeyIsUsedInATestWithAServer() throws IOException {
        StringBuilder tests = new StringBuilder();
        try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
            for (Path file : files.filter(f -> f.toString().endsWith("Test.java")
                            && !NOT_WIRED.contains(f.getFileName().toString()))
                    .toList()) {
                tests.append(Files.readString(file));
            }
        }
        assertThat(ServerConfig.keys())
                .allSatisfy(key -> assertThat(tests.toString()).contains('"' + key.name() + '"'));
    }

    // ---- threads and sockets

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void thereAreAsManyIoThreadsAsConfigured(int threads) throws IOException {
        Set<Thread> others = loops(Set.of()).keySet();
        List<RawClient> clients = new ArrayList<>();
        try (HotPlexServer server = start("server.io-threads", Integer.toString(threads))) {
            for (int i = 0; i < 4 * threads; i++) { // they go round
                RawClient client = RawClient.connect(server.address());
                clients.add(client);
                assertThat(client.send(RawClient.request("GET", "/health/live"))
                                .read()
                                .status())
                        .isEqualTo(200);
            }

            assertThat(loops(others)).hasSize(threads);
        } finally {
            for (RawClient client : clients) {
                client.close();
            }
        }
    }

    @Test
    void twoAreWorkedOnOneWaitsAndTheFourthIsRefused() throws IOException {
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger inside = new AtomicInteger();
        Route blocks = Route.of("GET", "/blocks", Access.PUBLIC, request -> {
            inside.incrementAndGet();
            awaitLatch(release);
            return CompletableFuture.completedFuture(Response.text(200, "done"));
        });
        List<RawClient> clients = new ArrayList<>();
        try (HttpServer server = start(List.of(blocks), "server.worker-threads", "2", "server.worker-queue", "1")) {
            try {
                for (int i = 0; i < 4; i++) {
                    clients.add(RawClient.connect(server.address()).send(RawClient.request("GET", "/blocks")));
                    int sent = i + 1;
                    await().until(() -> inside.get() >= Math.min(2, sent)); // a thread is taken before the queue is
                }
                await().until(() -> answered(clients) > 0);
                assertThat(inside).hasValue(2);
                assertThat(answered(clients)).isEqualTo(1);
            } finally {
                release.countDown();
            }

            List<Integer> statuses = new ArrayList<>();
            for (RawClient client : clients) {
                statuses.add(client.read().status());
            }
            assertThat(statuses).containsExactlyInAnyOrder(200, 200, 200, 503);
        } finally {
            for (RawClient client : clients) {
                client.close();
            }
        }
    }

    private static long answered(List<RawClient> clients) throws IOException {
        long count = 0;
        for (RawClient client : clients) {
            count += client.socket().getInputStream().available() > 0 ? 1 : 0;
        }
        return count;
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Seen in the threads themselves: in what they wait. */
    @ParameterizedTest
    @ValueSource(strings = {"auto", "epoll", "nio", "io_uring"})
    void socketsAreWaitedForAsConfigured(String transport) throws IOException {
        Throwable missing = switch (transport) {
            case "epoll" -> Epoll.unavailabilityCause();
            case "io_uring" -> IoUring.unavailabilityCause();
            default -> null;
        };
        if (missing != null) {
            System.out.println("not served with " + transport + ", this machine does not have it: " + missing);
            assertThatThrownBy(() -> start("server.transport", transport))
                    .isInstanceOf(HotPlexException.class)
                    .hasMessageContaining("'" + transport + "' does not work on this machine");
            return;
        }
        String expected = switch (transport) {
            case "auto" -> Epoll.isAvailable() ? "epoll" : "nio";
            case "io_uring" -> "uring";
            default -> transport;
        };
        Set<Thread> others = loops(Set.of()).keySet();
        try (HotPlexServer server = start("server.transport", transport);
                RawClient client = RawClient.connect(server.address())) {
            assertThat(client.send(RawClient.request("GET", "/health/live"))
                            .read()
                            .status())
                    .isEqualTo(200);

            await().until(() -> loops(others).values().stream()
                    .allMatch(stack -> Arrays.stream(stack)
                            .anyMatch(frame -> frame.getClassName().startsWith("io.netty.channel." + expected))));
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX) // elsewhere a machine has one loopback address
    void listensWhereItIsTold() {
        try (HotPlexServer server = start("server.host", "127.0.0.2")) {
            assertThat(server.address().getAddress().getHostAddress()).isEqualTo("127.0.0.2");
        }
    }

    @Test
    void anyFreePortIsTakenWhereThatIsConfigured() {
        try (HotPlexServer one = start("server.port", "0");
                HttpServer two = start(List.of(), "server.port", "0")) {
            assertThat(one.address().getPort()).isNotEqualTo(two.address().getPort());
        }
    }

    // ---- times

    @Test
    void aQuietWebSocketIsPinged() throws IOException {
        try (HotPlexServer server = start("server.ping-interval", "20ms");
                RawClient client = connect(server.address(), ServerConfig.PING_INTERVAL)) {
            client.send(RawClient.request(
                    "GET",
                    "/ws/v1/agent",
                    KEY,
                    "Connection: Upgrade",
                    "Upgrade: websocket",
                    "Sec-WebSocket-Version: 13",
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="));
            assertThat(client.readHead().status()).isEqualTo(101);

            assertThat(client.socket().getInputStream().readNBytes(2)).containsExactly(0x89, 0);
        }
    }

    @Test
    void aHeadThatDoesNotComeInTimeEndsTheConnection() throws IOException {
        try (HotPlexServer server = start("server.header-timeout", "50ms");
                RawClient client = connect(server.address(), ServerConfig.HEADER_TIMEOUT)) {
            client.send("GET / HTT");

            assertThat(client.isEnded()).isTrue();
        }
    }

    @Test
    void whatIsNotDoneInTimeIsEndedWhenTheServerStops() throws Exception {
        Route never = Route.events(
                "/never", Access.PUBLIC, r -> CompletableFuture.completedFuture(Response.events(out -> () -> {})));
        try (HttpServer server = start(List.of(never), "server.drain-timeout", "50ms");
                RawClient client = connect(server.address(), ServerConfig.DRAIN_TIMEOUT)) {
            client.send(RawClient.request("GET", "/never"));
            assertThat(client.readHead().status()).isEqualTo(200);
            Thread draining = new Thread(server::drain);
            draining.start();

            assertThat(client.chunk()).as("the end of the stream").isEmpty();
            draining.join();
        }
    }

    @Test
    void aStreamThatHasNothingToSayBeats() throws IOException {
        try (HotPlexServer server = start("server.heartbeat-interval", "20ms");
                RawClient client = connect(server.address(), ServerConfig.HEARTBEAT_INTERVAL)) {
            assertThat(post(server, "/v1/sessions", "{\"id\":\"s1\",\"work_dir\":\"" + dir + "\"}")
                            .status())
                    .isEqualTo(201);
            client.send(RawClient.request("GET", "/v1/sessions/s1/events", KEY));
            assertThat(client.readHead().status()).isEqualTo(200);

            String chunk = client.chunk();
            while (!chunk.equals(":\n\n")) {
                chunk = client.chunk();
            }
        }
    }

    // ---- sessions

    @Test
    void agentsWorkInTheDefaultDirectoryWhenNoneIsNamed() throws IOException {
        Path work = dir.resolve("made/when/needed");
        try (HotPlexServer server = start("server.default-work-dir", work.toString())) {
            assertThat(started(server, "{\"id\":\"s1\"}").workDir()).isEqualTo(work.toRealPath());
        }
    }

    @Test
    void clientsMaySetWhatTheConfigurationNames() throws IOException {
        String session = "{\"id\":\"s1\",\"work_dir\":\"" + dir + "\",\"environment\":{\"A\":\"b\"}}";
        try (HotPlexServer server = start()) {
            assertThat(post(server, "/v1/sessions", session).status()).isEqualTo(403);
        }
        try (HotPlexServer server = start("server.client-options", "environment")) {
            assertThat(started(server, session).environment()).containsEntry("A", "b");
        }
    }

    /** What an agent is started with for the first prompt of a session. */
    private SessionSpec started(HotPlexServer server, String session) throws IOException {
        assertThat(post(server, "/v1/sessions", session).status()).isEqualTo(201);
        assertThat(post(server, "/v1/sessions/s1/turns", "{\"text\":\"say hi\"}")
                        .status())
                .isEqualTo(202);
        await().until(() -> !puppets.started.isEmpty());
        return puppets.started.get(0);
    }
}
