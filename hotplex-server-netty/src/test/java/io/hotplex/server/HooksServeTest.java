package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.hotplex.api.Engine;
import io.hotplex.api.Prompt;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.hooks.AuditTrail;
import io.hotplex.hooks.Hooks;
import io.hotplex.server.ChildProgram.Result;
import io.hotplex.server.internal.http.RawClient;
import io.hotplex.server.internal.providers.HookTypes;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Hooks beside a whole engine, its durable journal and the program. */
@Timeout(120)
class HooksServeTest {
    private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    @TempDir
    Path state;

    private final List<JsonNode> got = new CopyOnWriteArrayList<>();
    private volatile int status = 204;
    private HttpServer receiver;

    @BeforeEach
    void receive() throws IOException {
        receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
        receiver.createContext("/", exchange -> {
            try (exchange) {
                JsonNode body = new ObjectMapper().readTree(exchange.getRequestBody());
                if (status == 204) {
                    got.add(body);
                }
                exchange.sendResponseHeaders(status, -1);
            }
        });
        receiver.start();
    }

    @AfterEach
    void end() {
        receiver.stop(0);
    }

    private Map<String, String> webhook(String... more) {
        Map<String, String> settings = new HashMap<>();
        settings.put("url", "http://127.0.0.1:" + receiver.getAddress().getPort() + "/");
        settings.put("allow-networks", "127.0.0.1");
        settings.put("retry-delay", "10ms");
        settings.put("retry-max-delay", "50ms");
        settings.put("retry-attempts", "1000");
        for (int i = 0; i < more.length; i += 2) {
            settings.put(more[i], more[i + 1]);
        }
        return settings;
    }

    private EngineConfig config(String journal) {
        return EngineConfig.builder()
                .set(EngineConfig.STATE_DIRECTORY, state)
                .set(EngineConfig.JOURNAL, journal)
                .build();
    }

    private Hooks.Builder hooks() {
        return Hooks.builder(state.resolve("hooks"));
    }

    private Engine engine(String journal, Hooks hooks) {
        Puppets puppets = new Puppets();
        return HotPlex.builder()
                .config(config(journal))
                .provider(puppets)
                .launcher(puppets)
                .reader(hooks)
                .build();
    }

    private static void say(Engine engine, Path workDir, String session, String words) {
        engine.open(SessionSpec.builder(session, workDir).build())
                .submit(Prompt.builder(words).traceparent(TRACE).build())
                .result()
                .toCompletableFuture()
                .join();
    }

    private List<String> types() {
        return got.stream().map(body -> body.get("type").asText()).toList();
    }

    @Test
    void aTurnIsToldWithItsTrace() {
        try (Engine engine = engine(
                "memory", hooks().hook(HookConfig.of("w", "webhook", webhook())).open())) {
            say(engine, state, "s", "say hello");
            await().until(() -> types().contains("turn.completed"));
        }

        assertThat(types())
                .containsExactly(
                        "session.started", "turn.started", "turn.completed", "process.exited", "session.closed");
        assertThat(got.get(2).get("data").get("traceparent").asText()).isEqualTo(TRACE);
        assertThat(got.get(1).get("data").get("data").has("prompt")).isFalse();
        assertThat(got).allMatch(body -> body.get("data").get("owner").asText().equals("local"));
    }

    @Test
    void whatHappenedWhileTheReceiverWasAwayComesWhenItIsBackAcrossRestarts() {
        status = 503;
        for (int round = 1; round <= 3; round++) {
            try (Engine engine = engine(
                    "sqlite",
                    hooks().hook(HookConfig.of("w", "webhook", webhook("from", "oldest")))
                            .open())) {
                say(engine, state, "s", "say round " + round);
            }
        }
        assertThat(got).isEmpty();
        status = 204;

        try (Engine engine = engine(
                "sqlite", hooks().hook(HookConfig.of("w", "webhook", webhook())).open())) {
            await().until(() ->
                    types().stream().filter("turn.completed"::equals).count() == 3);
            assertThat(engine.info("s").orElseThrow().pid()).isNull();
        }

        List<Integer> offsets =
                got.stream().map(body -> body.get("data").get("offset").asInt()).toList();
        assertThat(offsets).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void theAuditTrailTellsWhoAskedWhatRanAndWhoAllowedIt() throws IOException {
        Path trail = state.resolve("hooks/audit/audit");
        for (String words : List.of("tool", "ask")) {
            try (Engine engine = engine(
                    "sqlite",
                    hooks().hook(HookConfig.of("audit", "audit", Map.of())).open())) {
                if (words.equals("ask")) {
                    var session = engine.open(SessionSpec.builder("s", state).build());
                    var turn = session.submit(Prompt.of("ask secret-word"));
                    await().until(() -> !session.pendingRequests().isEmpty());
                    session.answer("p1", io.hotplex.api.PermissionAnswer.allow(), "ann");
                    turn.result().toCompletableFuture().join();
                } else {
                    say(engine, state, "s", words);
                }
            }
        }

        AuditTrail.Verdict verdict = AuditTrail.verify(trail);
        assertThat(verdict.problem()).isNull();
        try (Stream<Path> files = Files.list(trail)) {
            String text = Files.readString(files.filter(file -> file.toString().endsWith(".ndjson"))
                    .findFirst()
                    .orElseThrow());
            assertThat(text.lines()).hasSize((int) verdict.entries());
            assertThat(text)
                    .contains("\"type\":\"tool_started\"", "\"name\":\"Bash\"", "\"by\":\"ann\"")
                    .contains("\"resolution\":\"allowed\"")
                    .doesNotContain("secret-word", "\"command\"");
        }
    }

    @Test
    void operatorsSeeHowHooksAreDoing() throws IOException {
        Puppets puppets = new Puppets();
        status = 410;
        try (HotPlexServer server = ServerRig.builder(state)
                .engine(HotPlex.builder()
                        .config(config("memory"))
                        .provider(puppets)
                        .launcher(puppets))
                .hooks(hooks().hook(HookConfig.of("w", "webhook", webhook())).open())
                .start()) {
            say(server.engine(), state, "s", "say hello");

            await().untilAsserted(() -> {
                try (RawClient client = RawClient.connect(server.address())) {
                    JsonNode hook = new ObjectMapper()
                            .readTree(client.send(RawClient.request(
                                            "GET", "/admin/hooks", "Authorization: Bearer " + ServerRig.ADMIN))
                                    .read()
                                    .body())
                            .get("hooks")
                            .get(0);
                    assertThat(hook.get("name").asText()).isEqualTo("w");
                    assertThat(hook.get("state").asText()).isEqualTo("disabled");
                    assertThat(hook.get("lag_records").asInt()).isPositive();
                    assertThat(hook.get("last_error").asText()).contains("410");
                }
            });
        }
    }

    @Test
    void theProgramShowsTriesAndRedelivers() throws Exception {
        Path file = Files.writeString(state.resolve("hotplex.yaml"), """
                hook:
                  w:
                    type: webhook
                    url: http://127.0.0.1:%d/
                    allow-networks: 127.0.0.1
                    retry-attempts: 1
                  audit: {rotate-bytes: 4096}
                """.formatted(
                        receiver.getAddress().getPort()));
        ChildProgram child = new ChildProgram(state);
        String[] options = {"--config", file.toString(), "--set", "state-directory=" + state};
        Result test = child.hotplex(words(options, "hooks", "test", "w"));
        assertThat(test.out()).as(test.err()).contains("hook w: delivered");
        assertThat(types()).containsExactly("turn.failed");

        status = 500;
        try (Engine engine = engine(
                "memory",
                hooks().hook(HookConfig.of("w", "webhook", webhook("retry-attempts", "1")))
                        .hook(HookConfig.of("audit", "audit", Map.of()))
                        .open())) {
            say(engine, state, "s", "say hello");
            await().until(() -> Files.exists(state.resolve("hooks/w/dead-letters.ndjson")));
        }
        status = 204;
        assertThat(child.hotplex(words(options, "hooks")).out())
                .contains("w (webhook): ", "put aside 5", "the receiver answered 500", "audit (audit): active");
        assertThat(child.hotplex(words(options, "hooks", "redeliver", "w")).out())
                .contains("hook w: 5 delivered, 0 still put aside");
        assertThat(types()).hasSize(6).contains("turn.completed");
        Result audit = child.hotplex(words(options, "audit", "verify"));
        assertThat(audit.out()).as(audit.err()).contains("whole; 5 entries, 1 to 5");
    }

    /** From the message in a faked Slack, by the button, to the tool that runs. */
    @Test
    void somebodyInSlackAllowsATool() throws Exception {
        List<JsonNode> messages = got;
        status = 200;
        receiver.removeContext("/");
        receiver.createContext("/", exchange -> {
            try (exchange) {
                messages.add(new ObjectMapper().readTree(exchange.getRequestBody()));
                byte[] answer = ("{\"ok\":true,\"ts\":\"1." + messages.size() + "\"}").getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(200, answer.length);
                exchange.getResponseBody().write(answer);
            }
        });
        Map<String, String> secrets = Map.of("TOKEN", "xoxb-1", "SIGNING", "sshh");
        Map<String, String> settings = Map.of(
                "token-env", "TOKEN",
                "channel", "C1",
                "signing-secret-env", "SIGNING",
                "approvers", "U1=local,U2=other",
                "api-url", "http://127.0.0.1:" + receiver.getAddress().getPort() + "/",
                "allow-networks", "127.0.0.1");
        Puppets puppets = new Puppets();
        try (HotPlexServer server = ServerRig.builder(state)
                .engine(HotPlex.builder()
                        .config(config("memory"))
                        .provider(puppets)
                        .launcher(puppets))
                .hooks(hooks().environment(secrets)
                        .hook(HookConfig.of("team", "slack", settings))
                        .open())
                .start()) {
            var session = server.engine().open(SessionSpec.builder("s", state).build());
            var turn = session.submit(Prompt.of("ask"));
            await().until(() ->
                    messages.stream().anyMatch(message -> message.toString().contains("\"actions\"")));

            assertThat(press(server, "U3", "sshh")).as("nobody").isEqualTo(403);
            assertThat(press(server, "U2", "sshh")).as("for other sessions").isEqualTo(403);
            assertThat(press(server, "U1", "guess")).as("not from Slack").isEqualTo(401);
            assertThat(turn.result().toCompletableFuture()).isNotDone();
            assertThat(press(server, "U1", "sshh")).isEqualTo(200);

            assertThat(turn.result().toCompletableFuture().join().text()).isEqualTo("allowed");
            await().until(() ->
                    messages.stream().anyMatch(message -> message.toString().contains("was allowed by slack:alice")));
            assertThat(press(server, "U1", "sshh")).as("too late").isEqualTo(409);
        }
    }

    private static int press(HotPlexServer server, String user, String secret) throws Exception {
        String json = "{\"type\":\"block_actions\",\"user\":{\"id\":\"" + user + "\",\"username\":\"alice\"},"
                + "\"actions\":[{\"action_id\":\"allow\",\"value\":\"s p1\"}]}";
        String body = "payload=" + URLEncoder.encode(json, StandardCharsets.UTF_8);
        String time = Long.toString(Instant.now().getEpochSecond());
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        String signature = "v0="
                + HexFormat.of().formatHex(mac.doFinal(("v0:" + time + ":" + body).getBytes(StandardCharsets.UTF_8)));
        try (RawClient client = RawClient.connect(server.address())) {
            return client.send(RawClient.request(
                                    "POST",
                                    "/hooks/slack/team",
                                    "Content-Type: application/x-www-form-urlencoded",
                                    "X-Slack-Request-Timestamp: " + time,
                                    "X-Slack-Signature: " + signature,
                                    "Content-Length: " + body.length())
                            + body)
                    .read()
                    .status();
        }
    }

    private static String[] words(String[] options, String... words) {
        return Stream.concat(Stream.of(words), Stream.of(options)).toArray(String[]::new);
    }

    /** The example, compiled against the API alone, and loaded from a directory as a gateway does. */
    @Test
    void aHookOfSomebodyElseIsAJarInADirectory() throws IOException {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.exists(root.resolve("hotplex-api"))) {
            root = Objects.requireNonNull(root.getParent());
        }
        Path classes = Files.createDirectories(state.resolve("classes"));
        String api = new File(HookConfig.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .getPath())
                .getPath();
        assertThat(ToolProvider.getSystemJavaCompiler()
                        .run(
                                null,
                                null,
                                null,
                                "-proc:none",
                                "-Xlint:all,-processing",
                                "-Werror",
                                "-cp",
                                api,
                                "-d",
                                classes.toString(),
                                root.resolve("examples/CountingHook.java").toString()))
                .isZero();
        jar(classes, Files.createDirectories(state.resolve("hook-types")).resolve("counting.jar"));
        Path counts = state.resolve("counts");

        HookTypes types = HookTypes.find(state);
        assertThat(types.broken()).isEmpty();
        Hooks.Builder builder = hooks().hook(HookConfig.of("c", "counting", Map.of("file", counts.toString())));
        types.factories().forEach(builder::factory);
        try (Engine engine = engine("memory", builder.open())) {
            say(engine, state, "s", "say hello");
        }

        assertThat(counts).content().contains("turn_completed=1", "session_started=1");
    }

    private static void jar(Path classes, Path jar) throws IOException {
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file);
                Stream<Path> all = Files.walk(classes)) {
            for (Path path : all.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(new JarEntry(classes.relativize(path).toString()));
                Files.copy(path, out);
            }
            out.putNextEntry(new JarEntry("META-INF/services/io.hotplex.api.spi.EventHookFactory"));
            out.write("CountingHook".getBytes(StandardCharsets.UTF_8));
        }
    }
}
