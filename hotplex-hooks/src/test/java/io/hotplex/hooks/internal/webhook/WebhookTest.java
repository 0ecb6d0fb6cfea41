package io.hotplex.hooks.internal.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.EventSchema;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.EventHook;
import io.hotplex.api.spi.EventHook.Delivery;
import io.hotplex.api.spi.EventHookFactory.Surroundings;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.api.spi.HookEvent;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class WebhookTest {
    private static final String SECRET = "whsec_"
            + Base64.getEncoder().encodeToString("a secret that has thirty bytes".getBytes(StandardCharsets.UTF_8));
    private static final String OLD = "whsec_"
            + Base64.getEncoder().encodeToString("an older secret of 32 bytes!!!!!".getBytes(StandardCharsets.UTF_8));
    private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private static final Instant TIME = Instant.parse("2026-01-02T03:04:05.678Z");

    private static final String PASSWORD = "for-the-test";

    @TempDir
    Path directory;

    private Receiver receiver;

    @BeforeEach
    void receive() throws IOException {
        receiver = new Receiver();
    }

    @AfterEach
    void end() {
        receiver.close();
    }

    private static HookEvent event(long offset, String text) {
        return new HookEvent(
                "evt_" + offset,
                new EventRecord(
                        "s1",
                        offset,
                        offset,
                        "t1",
                        TIME,
                        new AgentEvent.TurnCompleted(
                                text, new TokenUsage(1, 2, 3, 4), 0.5, Duration.ofSeconds(2), "end_turn", null)),
                "ann",
                "claude",
                HookEvent.Severity.INFO,
                TRACE);
    }

    private EventHook webhook(String... settings) {
        Map<String, String> all = new HashMap<>();
        all.put("url", receiver.url());
        all.put("allow-networks", "127.0.0.0/8");
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        return new WebhookFactory()
                .open(
                        HookConfig.of("w", "webhook", all),
                        new Surroundings(directory, Map.of("SECRET", SECRET, "OLD", OLD)));
    }

    private Delivery deliver(EventHook hook, HookEvent... events) throws Exception {
        try (hook) {
            return hook.deliver(List.of(events));
        }
    }

    private Receiver.Got one() {
        assertThat(receiver.got).hasSize(1);
        return receiver.got.get(0);
    }

    private static JsonNode json(Receiver.Got got) throws IOException {
        return new ObjectMapper().readTree(got.body());
    }

    /** With the library of others. */
    private static void verify(Receiver.Got got, String secret) throws Exception {
        Map<String, List<String>> headers = new HashMap<>();
        got.headers().forEach((name, values) -> headers.put(name, values));
        new com.standardwebhooks.Webhook(secret).verify(got.text(), HttpHeaders.of(headers, (name, value) -> true));
    }

    @Test
    void trustsTheCertificatesInAFileAndNoOthersThen() throws Exception {
        KeyStore store = selfSigned();
        Path pem = directory.resolve("ca.pem");
        Files.writeString(
                pem,
                "-----BEGIN CERTIFICATE-----\n"
                        + Base64.getMimeEncoder()
                                .encodeToString(store.getCertificate("it").getEncoded())
                        + "\n-----END CERTIFICATE-----\n");
        HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
        server.setHttpsConfigurator(new HttpsConfigurator(context(store)));
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        server.start();
        try {
            String url = "https://127.0.0.1:" + server.getAddress().getPort() + "/hook";

            assertThat(deliver(webhook("url", url, "trust", pem.toString()), event(1, "hi")))
                    .isEqualTo(Delivery.DONE);
            assertThat(deliver(webhook("url", url), event(1, "hi"))).isInstanceOf(EventHook.Retry.class);
        } finally {
            server.stop(0);
        }
    }

    /** With the JDK's own tool, since the JDK has no class for it. */
    private KeyStore selfSigned() throws Exception {
        Path file = directory.resolve("server.p12");
        Process tool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=receiver",
                        "-ext",
                        "san=ip:127.0.0.1",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        file.toString(),
                        "-storepass",
                        PASSWORD,
                        "-alias",
                        "it")
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("keytool.log").toFile())
                .start();
        assertThat(tool.waitFor(60, TimeUnit.SECONDS)).isTrue();
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD.toCharArray());
        }
        return store;
    }

    private static SSLContext context(KeyStore store) throws GeneralSecurityException {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }

    @Test
    void sendsWhatStandardWebhooksAsks() throws Exception {
        assertThat(deliver(webhook("secret-env", "SECRET", "header.X-Stage", "test"), event(7, "hi")))
                .isEqualTo(Delivery.DONE);

        Receiver.Got got = one();
        verify(got, SECRET);
        assertThat(got.path()).isEqualTo("/hook");
        assertThat(got.header("Content-Type")).isEqualTo("application/json");
        assertThat(got.header("webhook-id")).isEqualTo("evt_7");
        assertThat(got.header("traceparent")).isEqualTo(TRACE);
        assertThat(got.header("X-Stage")).isEqualTo("test");
        JsonNode body = json(got);
        assertThat(body.get("type").asText()).isEqualTo("turn.completed");
        assertThat(body.get("timestamp").asText()).isEqualTo(TIME.toString());
        Map<String, Object> data = new ObjectMapper().convertValue(body.get("data"), new TypeReference<>() {});
        assertThat(data)
                .containsEntry("id", "evt_7")
                .containsEntry("owner", "ann")
                .containsEntry("provider", "claude");
        assertThat(EventSchema.fromMap(data)).isEqualTo(event(7, "hi").record());
    }

    @Test
    void signsWithBothSecretsWhileTheyAreExchanged() throws Exception {
        deliver(webhook("secret-env", "SECRET", "previous-secret-env", "OLD"), event(1, "hi"));

        verify(one(), SECRET);
        verify(one(), OLD);
        Path old = Files.writeString(directory.resolve("old"), OLD);
        deliver(webhook("secret-env", "SECRET", "previous-secret-file", old.toString()), event(2, "hi"));
        verify(receiver.got.get(1), SECRET);
        verify(receiver.got.get(1), OLD);
        assertThatThrownBy(() -> verify(
                        receiver.got.get(0), "whsec_" + Base64.getEncoder().encodeToString(new byte[30])))
                .hasMessageContaining("signature");
    }

    @Test
    void readsASecretFileForEachRequest() throws Exception {
        Path file = Files.writeString(directory.resolve("secret"), OLD + "\n");
        try (EventHook hook = webhook("secret-file", file.toString())) {
            hook.deliver(List.of(event(1, "hi")));
            verify(receiver.got.get(0), OLD);

            Files.writeString(file, SECRET);
            hook.deliver(List.of(event(2, "hi")));
            verify(receiver.got.get(1), SECRET);
        }
    }

    @Test
    void signsAsHotPlexForGoDoesIfAsked() throws Exception {
        deliver(webhook("secret-env", "SECRET", "classic-signature", "true"), event(1, "hi"));

        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        assertThat(one().header("X-HotPlex-Signature")).isEqualTo(HexFormat.of().formatHex(mac.doFinal(one().body())));
    }

    @Test
    void sendsCloudEventsIfAsked() throws Exception {
        deliver(webhook("format", "cloudevents", "source", "/gateways/one"), event(42, "hi"));

        assertThat(one().header("Content-Type")).isEqualTo("application/cloudevents+json");
        JsonNode body = json(one());
        assertThat(body.get("specversion").asText()).isEqualTo("1.0");
        assertThat(body.get("id").asText()).isEqualTo("evt_42");
        assertThat(body.get("source").asText()).isEqualTo("/gateways/one");
        assertThat(body.get("type").asText()).isEqualTo("io.hotplex.turn.completed");
        assertThat(body.get("time").asText()).isEqualTo(TIME.toString());
        assertThat(body.get("subject").asText()).isEqualTo("s1");
        assertThat(body.get("sequence").asText()).isEqualTo("0000000000000000042");
        assertThat(body.get("traceparent").asText()).isEqualTo(TRACE);
        assertThat(body.get("data").get("data").get("text").asText()).isEqualTo("hi");
    }

    @Test
    void sendsBatches() throws Exception {
        deliver(webhook("batch-max-events", "10", "secret-env", "SECRET"), event(1, "a"), event(2, "b"));
        deliver(webhook("batch-max-events", "10", "format", "cloudevents"), event(1, "a"), event(2, "b"));

        verify(receiver.got.get(0), SECRET);
        JsonNode standard = json(receiver.got.get(0));
        assertThat(standard.get("type").asText()).isEqualTo("batch");
        assertThat(standard.get("data").get("events"))
                .extracting(e -> e.get("data").get("offset").asInt())
                .containsExactly(1, 2);
        assertThat(receiver.got.get(1).header("Content-Type")).isEqualTo("application/cloudevents-batch+json");
        assertThat(json(receiver.got.get(1)))
                .extracting(e -> e.get("id").asText())
                .containsExactly("evt_1", "evt_2");
        assertThat(receiver.got.get(0).header("webhook-id"))
                .isEqualTo(receiver.got.get(1).header("webhook-id"))
                .startsWith("evt_");
    }

    @Test
    void dividesWhatIsTooLargeAndThenLeavesTheContentAway() throws Exception {
        List<HookEvent> events = new ArrayList<>();
        for (int i = 1; i <= 5; i++) {
            events.add(event(i, i == 3 ? "x".repeat(10_000) : "y".repeat(1_500)));
        }
        try (EventHook hook = webhook("batch-max-events", "10", "max-body-bytes", "4096")) {
            assertThat(hook.deliver(events)).isEqualTo(Delivery.DONE);
        }

        assertThat(receiver.got).allMatch(got -> got.body().length <= 4096);
        List<Integer> offsets = new ArrayList<>();
        for (Receiver.Got got : receiver.got) {
            json(got)
                    .get("data")
                    .get("events")
                    .forEach(e -> offsets.add(e.get("data").get("offset").asInt()));
        }
        assertThat(offsets).containsExactly(1, 2, 3, 4, 5);
        assertThat(receiver.got.stream().map(Receiver.Got::text)).noneMatch(text -> text.contains("xxx"));
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(ints = {300, 301, 302, 307, 400, 401, 404, 409, 429, 500, 502, 503, 504})
    void everythingButSuccessIsTriedAgain(int status) throws Exception {
        receiver.reply = exchange -> {
            exchange.getResponseHeaders().set("Location", receiver.url() + "/elsewhere");
            exchange.sendResponseHeaders(status, -1);
        };

        Delivery outcome = deliver(webhook(), event(1, "hi"));

        assertThat(outcome).isEqualTo(Delivery.retry("the receiver answered " + status));
        assertThat(one().path()).as("redirects are not followed").isEqualTo("/hook");
    }

    @Test
    void saysHowLongTheReceiverWantsToBeLeftAlone() throws Exception {
        receiver.reply = exchange -> {
            exchange.getResponseHeaders().set("Retry-After", "120");
            exchange.sendResponseHeaders(429, -1);
        };
        assertThat(deliver(webhook(), event(1, "hi")))
                .isEqualTo(new EventHook.Retry("the receiver answered 429", Duration.ofMinutes(2)));

        String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(
                Instant.now().plusSeconds(600).atOffset(ZoneOffset.UTC));
        receiver.reply = exchange -> {
            exchange.getResponseHeaders().set("Retry-After", date);
            exchange.sendResponseHeaders(503, -1);
        };
        assertThat(((EventHook.Retry) deliver(webhook(), event(1, "hi"))).after())
                .isBetween(Duration.ofSeconds(500), Duration.ofMinutes(10));
    }

    @Test
    void goneIsGoneAndTooLargeIsRefused() throws Exception {
        receiver.reply = exchange -> exchange.sendResponseHeaders(410, -1);
        assertThat(deliver(webhook(), event(1, "hi"))).isInstanceOf(EventHook.Gone.class);
        receiver.reply = exchange -> exchange.sendResponseHeaders(413, -1);
        assertThat(deliver(webhook(), event(1, "hi"))).isInstanceOf(EventHook.Refused.class);
    }

    @Test
    void aReceiverThatIsAwayOrHangsIsTriedAgain() throws Exception {
        receiver.reply = exchange -> {
            try {
                assertThat(new CountDownLatch(1).await(2, TimeUnit.SECONDS)).isFalse();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
        assertThat(deliver(webhook("timeout", "100ms"), event(1, "hi")))
                .isInstanceOfSatisfying(
                        EventHook.Retry.class, r -> assertThat(r.reason()).startsWith("no answer"));
        int port = receiver.port();
        receiver.close();
        assertThat(deliver(webhook("url", "http://127.0.0.1:" + port + "/"), event(1, "hi")))
                .isEqualTo(Delivery.retry("no answer: ConnectException"));
    }

    /** What a receiver may do to who waits for its answer; each is over within the limit, and tried again. */
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "no HTTP at all,                  'what do you want?|',                            END",
        "no HTTP and no end,              'hello ',                                        FLOOD",
        "a status line that never ends,   'HTTP/1.1 200 ',                                 DRIBBLE",
        "a header that never ends,        'HTTP/1.1 200 OK|X-A: ',                         DRIBBLE",
        "a header without bounds,         'HTTP/1.1 200 OK|X-A: ',                         FLOOD",
        "a number that is none,           'HTTP/1.1 2x0 OK||',                             END",
        "nothing,                         '',                                              END"
    })
    void anAnswerThatIsNoneIsTriedAgainInTime(String what, String beginning, RudeServer.Rest rest) throws Exception {
        try (RudeServer rude = new RudeServer(beginning.replace("|", "\r\n"), rest)) {
            assertThat(deliver(webhook("url", rude.url(), "timeout", "300ms"), event(1, "hi")))
                    .isInstanceOfSatisfying(
                            EventHook.Retry.class, r -> assertThat(r.reason()).startsWith("no answer"));
        }
    }

    /** The status is all that counts, so nobody waits for what comes behind it. */
    @ParameterizedTest(name = "{0}")
    @EnumSource(RudeServer.Rest.class)
    void aBodyThatDribblesFloodsOrBreaksOffHoldsNobodyUp(RudeServer.Rest rest) throws Exception {
        String head = "HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n";
        try (RudeServer rude = new RudeServer(head, rest)) {
            assertThat(deliver(webhook("url", rude.url(), "timeout", "1h"), event(1, "hi")))
                    .isEqualTo(Delivery.DONE);
        }
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "elsewhere a full queue refuses")
    void aReceiverThatTakesNoConnectionIsGivenUpBeforeTheWholeTimeIsOver() throws Exception {
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket one = new Socket(full.getInetAddress(), full.getLocalPort());
                Socket two = new Socket(full.getInetAddress(), full.getLocalPort())) {
            assertThat(one.isConnected() && two.isConnected()).isTrue();
            String url = "http://127.0.0.1:" + full.getLocalPort() + "/";

            assertThat(deliver(webhook("url", url, "connect-timeout", "100ms", "timeout", "4s"), event(1, "hi")))
                    .as("not InterruptedIOException, which is the end of the whole time")
                    .isEqualTo(Delivery.retry("no answer: SocketTimeoutException"));
        }
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "http://127.0.0.1:1/",
                "http://localhost:1/",
                "http://[::1]:1/",
                "http://[::ffff:127.0.0.1]:1/",
                "http://10.1.2.3/",
                "http://192.168.0.1/",
                "http://172.31.255.255/",
                "http://169.254.169.254/latest/meta-data",
                "http://100.64.0.1/",
                "http://0.0.0.0/",
                "http://[fe80::1]/",
                "http://[fd00::1]/",
                "http://[64:ff9b::7f00:1]/",
                "http://[2002:7f00:1::]/",
                "https://[3fff::1]/",
                "https://[5f00::1]/",
                "http://224.0.0.1/",
                "http://255.255.255.255/",
                "http://2130706433/",
                "http://127.1/",
                "https://127.0.0.1:1/",
            })
    void addressesOfThisNetworkAreNotCalled(String url) throws Exception {
        assertThat(deliver(webhook("url", url, "allow-networks", ""), event(1, "hi")))
                .isInstanceOfSatisfying(
                        EventHook.Retry.class,
                        retry -> assertThat(retry.reason())
                                .startsWith("not called: ")
                                .contains("is a private address"));
    }

    @Test
    void withoutTlsOnlyAllowedNetworksAreCalled() throws Exception {
        assertThat(deliver(webhook("url", "http://8.8.8.8/", "connect-timeout", "50ms"), event(1, "hi")))
                .isEqualTo(Delivery.retry(
                        "not called: 8.8.8.8 would be called without TLS: use https, or see allow-networks"));
    }

    @Test
    void goesThroughAProxy() throws Exception {
        deliver(
                webhook("url", "http://receiver.example/in", "proxy", "http://127.0.0.1:" + receiver.port()),
                event(1, "hi"));

        assertThat(one().path()).isEqualTo("http://receiver.example/in");
    }

    @Test
    void refusesSettingsThatCannotBe() {
        assertInvalid("hook.w.url", "url", "ftp://x/");
        assertInvalid("hook.w.url", "url", "https://user:pw@x/");
        assertInvalid("hook.w.url is missing", "url", "");
        assertInvalid("hook.w.format", "format", "xml");
        assertInvalid("hook.w.timeout", "timeout", "soon");
        assertInvalid("hook.w.connect-timeout", "connect-timeout", "0s");
        assertInvalid("hook.w.proxy", "proxy", "socks://x:1");
        assertInvalid("hook.w.trust", "trust", "/no/such/file");
        assertInvalid("hook.w.allow-networks", "allow-networks", "example.com/8");
        assertInvalid("hook.w.secret-env", "secret-env", "NOT_SET");
        assertInvalid("hook.w.secret-file", "secret-file", "/no/such/file");
        assertInvalid("hook.w.previous-secret-env", "previous-secret-env", "OLD");
        assertInvalid("hook.w.previous-secret-file", "secret-env", "SECRET", "previous-secret-file", "/no/such/file");
        assertInvalid("hook.w.classic-signature", "classic-signature", "true");
        assertInvalid("hook.w.max-body-bytes", "max-body-bytes", "1");
        assertInvalid("hook.w.header", "header.X y", "z");
        assertInvalid("hook.w.nothing is not a setting", "nothing", "x");
        assertThatCode(() -> webhook().close()).doesNotThrowAnyException();
    }

    private void assertInvalid(String message, String... settings) {
        assertThatThrownBy(() -> webhook(settings))
                .isInstanceOf(HotPlexException.class)
                .hasMessageContaining(message);
    }
}
