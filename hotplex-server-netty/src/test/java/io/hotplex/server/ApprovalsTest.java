package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.GuardFinding;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.Turn;
import io.hotplex.api.spi.ToolGuard;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.server.internal.auth.ApiKey;
import io.hotplex.server.internal.cli.CommandLine;
import io.hotplex.server.internal.cli.Surroundings;
import io.hotplex.server.internal.http.RawClient;
import io.hotplex.server.internal.http.RawClient.Answer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What agents wait for people to allow, at a gateway: over REST, on the command line, and past the guards. */
class ApprovalsTest {
    private static final ToolGuard ASKING = (spec, call) -> new ToolGuard.Verdict(
            ToolGuard.Action.ASK, new GuardFinding("look-first", "test", "high", "somebody should look"), null);

    private static final String WRITER = "a-key-that-may-not-approve";
    private static final String APPROVER = "a-key-that-may-do-nothing-else";

    @TempDir
    Path state;

    private final Puppets puppets = new Puppets();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private HotPlexServer server;

    @BeforeEach
    void start() {
        EngineConfig config = EngineConfig.fromProperties(
                Map.of("state-directory", state.toString(), "guard-bypass-max", "10m", "guard", "off"));
        server = ServerRig.builder(
                        state,
                        "server.keys.writer.sha256",
                        ApiKey.hash(WRITER),
                        "server.keys.writer.owner",
                        "owner",
                        "server.keys.writer.approves",
                        "false",
                        "server.keys.approver.sha256",
                        ApiKey.hash(APPROVER),
                        "server.keys.approver.owner",
                        "owner",
                        "server.keys.approver.scopes",
                        "session:read,session:approve")
                .engine(HotPlex.builder()
                        .config(config)
                        .provider(puppets)
                        .launcher(puppets)
                        .toolGuard(ASKING))
                .start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private Session asking(String id) {
        Session session = server.engine()
                .open(SessionSpec.builder(id, state).owner("owner").build());
        session.submit(Prompt.of("ask"));
        await().until(() -> session.pendingRequests().size() == 1);
        return session;
    }

    private int hotplex(String key, String... arguments) {
        out.reset();
        err.reset();
        List<String> all = Stream.concat(
                        Stream.of(arguments),
                        Stream.of(
                                "--url",
                                "http://127.0.0.1:" + server.address().getPort(),
                                "--set",
                                "state-directory=" + state))
                .toList();
        return new CommandLine(
                        Surroundings.of(InputStream.nullInputStream(), out, err, Map.of("HOTPLEX_KEY", key), state))
                .run(all);
    }

    private String output() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String errors() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private static String end(Turn turn) throws Exception {
        return turn.result().toCompletableFuture().get(10, TimeUnit.SECONDS).text();
    }

    @Test
    void peopleSeeWhatWaitsAndAnswerItOnTheCommandLine() throws Exception {
        Session session = asking("s1");
        Turn turn = session.turns().get(0);

        assertThat(hotplex(ServerRig.OWNER, "approvals")).as(errors()).isZero();
        assertThat(output()).contains("p1").contains("s1").contains("Bash ls");
        assertThat(hotplex(ServerRig.OWNER, "approvals", "show", "p")).isZero();
        assertThat(output())
                .contains("look-first (test, high): somebody should look")
                .contains("expires");
        assertThat(hotplex(ServerRig.OTHER, "approvals")).isZero();
        assertThat(output()).isEmpty();
        assertThat(hotplex(ServerRig.OTHER, "approvals", "allow", "p1")).isEqualTo(1);
        assertThat(errors()).contains("REQUEST_NOT_FOUND");

        assertThat(hotplex(ServerRig.OWNER, "approvals", "allow", "p1", "--for", "always"))
                .as(errors())
                .isZero();

        assertThat(end(turn)).isEqualTo("allowed");
        assertThat(hotplex(ServerRig.OWNER, "approvals")).isZero();
        assertThat(output()).isEmpty();
        await().until(() ->
                hotplex(ServerRig.OWNER, "approvals", "remembered") == 0 && output().contains("Bash by owner"));
        String id = output().substring(0, 64);
        assertThat(hotplex(ServerRig.OTHER, "approvals", "forget", id)).isEqualTo(1);
        assertThat(hotplex(ServerRig.OWNER, "approvals", "forget", id)).isZero();
        assertThat(hotplex(ServerRig.OWNER, "approvals", "remembered")).isZero();
        assertThat(output()).isEmpty();
    }

    @Test
    void itTakesTheScopeToApprove() throws Exception {
        Session session = asking("s1");
        Turn turn = session.turns().get(0);

        assertThat(hotplex(WRITER, "approvals", "allow", "p1")).isEqualTo(1);
        assertThat(errors()).contains("FORBIDDEN", "session:approve");
        assertThat(hotplex(WRITER, "approvals", "forget", "x")).isEqualTo(1);
        assertThat(errors()).contains("FORBIDDEN");
        assertThat(session.pendingRequests()).hasSize(1);
        assertThat(post("/v1/sessions/s1/turns", APPROVER, "{\"text\":\"say hi\"}")
                        .status())
                .isEqualTo(403);

        assertThat(hotplex(APPROVER, "approvals", "allow", "p1")).as(errors()).isZero();
        assertThat(end(turn)).isEqualTo("allowed");
    }

    @Test
    void whoMayNotApproveCannotLetToolsRunUnasked() throws Exception {
        asking("s1");
        assertThat(post("/v1/sessions", WRITER, "{\"id\":\"s2\",\"permission_mode\":\"default\"}")
                        .status())
                .isEqualTo(201);
        for (String spec : List.of("\"permission_mode\":\"acceptEdits\"", "\"tools\":{\"allowed\":[\"Bash\"]}")) {
            assertThat(post("/v1/sessions", WRITER, "{\"id\":\"s3\"," + spec + "}")
                            .status())
                    .as(spec)
                    .isEqualTo(403);
            assertThat(post("/v1/sessions", ServerRig.OWNER, "{\"id\":\"s3\"," + spec + "}")
                            .status())
                    .as(spec)
                    .isNotEqualTo(403);
        }
        assertThat(send("PATCH", "/v1/sessions/s1", WRITER, "{\"permission_mode\":\"acceptEdits\"}")
                        .status())
                .isEqualTo(403);
    }

    @Test
    void aDenialHasAMessage() throws Exception {
        Session session = asking("s1");
        Turn turn = session.turns().get(0);
        List<EventRecord> events = new CopyOnWriteArrayList<>();
        session.subscribe(0, events::add);

        assertThat(hotplex(ServerRig.OWNER, "approvals", "deny", "p1", "--message", "not on a Friday"))
                .as(errors())
                .isZero();

        assertThat(end(turn)).isEqualTo("denied");
        await().until(() -> events.stream()
                .anyMatch(r -> r.event() instanceof AgentEvent.PermissionResolved p
                        && "not on a Friday".equals(p.message())
                        && p.by().equals("owner")));
    }

    @Test
    void aWatchShowsWhatComesOnce() throws Exception {
        asking("s1");
        Thread watch = new Thread(() -> hotplex(ServerRig.OWNER, "approvals", "watch", "--json"));
        watch.start();
        await().until(() -> output().contains("\"session\":\"s1\""));
        asking("s2");
        await().until(() -> output().contains("\"session\":\"s2\""));

        watch.interrupt();
        watch.join(10_000);

        assertThat(watch.isAlive()).isFalse();
        assertThat(output().lines().filter(line -> line.contains("\"session\":\"s1\"")))
                .hasSize(1);
    }

    @Test
    void wrongUsageIsExplained() {
        assertThat(hotplex(ServerRig.OWNER, "approvals", "burn")).isEqualTo(2);
        assertThat(hotplex(ServerRig.OWNER, "approvals", "allow")).isEqualTo(2);
        assertThat(hotplex(ServerRig.OWNER, "approvals", "allow", "p1", "--message", "x"))
                .isEqualTo(2);
        assertThat(hotplex(ServerRig.OWNER, "approvals", "allow", "p1", "--input", "[]"))
                .isEqualTo(2);
        assertThat(hotplex(ServerRig.OWNER, "approvals", "deny", "p1", "--for", "session"))
                .isEqualTo(2);
        assertThat(hotplex("wrong-key-altogether", "approvals")).isEqualTo(1);
        assertThat(errors()).contains("UNAUTHENTICATED");
    }

    @Test
    void anOperatorMaySwitchTheGuardsOffForAWhileAndNobodyElse() throws IOException {
        Session session = server.engine()
                .open(SessionSpec.builder("s1", state).owner("owner").build());
        List<EventRecord> events = new CopyOnWriteArrayList<>();
        session.subscribe(0, events::add);
        String path = "/admin/sessions/s1/guard-bypass";

        assertThat(post(path, ServerRig.OWNER, "{\"duration_ms\":1000,\"reason\":\"x\"}")
                        .status())
                .isEqualTo(403);
        assertThat(post(path, ServerRig.ADMIN, "{\"duration_ms\":99999999,\"reason\":\"x\"}")
                        .status())
                .isEqualTo(403);
        assertThat(post(path, ServerRig.ADMIN, "{\"duration_ms\":1000}").status())
                .isEqualTo(400);
        assertThat(post("/admin/sessions/none/guard-bypass", ServerRig.ADMIN, "{\"duration_ms\":1,\"reason\":\"x\"}")
                        .status())
                .isEqualTo(404);
        assertThat(post(path, ServerRig.ADMIN, "{\"duration_ms\":600000,\"reason\":\"a drill\"}")
                        .status())
                .isEqualTo(204);
        try (RawClient client = RawClient.connect(server.address())) {
            String request = RawClient.request("DELETE", path, "Authorization: Bearer " + ServerRig.ADMIN);
            assertThat(client.send(request).read().status()).isEqualTo(204);
        }

        await().until(() -> events.stream().anyMatch(r -> r.event() instanceof AgentEvent.GuardRestored));
        assertThat(events.toString()).contains("by=operator, reason=a drill");
    }

    private Answer post(String path, String key, String body) throws IOException {
        return send("POST", path, key, body);
    }

    private Answer send(String method, String path, String key, String body) throws IOException {
        try (RawClient client = RawClient.connect(server.address())) {
            String head = RawClient.request(
                    method,
                    path,
                    "Authorization: Bearer " + key,
                    "Content-Type: application/json",
                    "Content-Length: " + body.length());
            return client.send(head + body).read();
        }
    }

    @Test
    void decisionsAreCounted() throws IOException {
        asking("s1");

        try (RawClient client = RawClient.connect(server.address())) {
            String request = RawClient.request("GET", "/metrics", "Authorization: Bearer " + ServerRig.ADMIN);
            assertThat(client.send(request).read().body())
                    .contains("hotplex_guard_decisions_total{action=\"ask\",category=\"test\",} 1.0")
                    .contains("hotplex_redactions_total");
        }
    }
}
