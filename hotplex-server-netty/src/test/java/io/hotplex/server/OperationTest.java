package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Prompt;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.LogListener;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.hooks.Hooks;
import io.hotplex.server.internal.http.RawClient;
import io.hotplex.server.internal.http.RawClient.Answer;
import io.hotplex.telemetry.Telemetry;
import io.hotplex.testkit.agent.DemoAgent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What operators see, and how they end a server. */
class OperationTest {
    private static final String KEY = "Authorization: Bearer " + ServerRig.ADMIN;

    @TempDir
    Path state;

    private static Answer get(HotPlexServer server, String path) throws IOException {
        try (RawClient client = RawClient.connect(server.address())) {
            return client.send(RawClient.request("GET", path, KEY)).read();
        }
    }

    private ProviderConfig demo() {
        List<String> command = DemoAgent.command();
        int classPath = command.indexOf("-cp");
        List<String> rest = new ArrayList<>(command.subList(1, command.size()));
        rest.remove(classPath);
        rest.remove(classPath - 1);
        return ProviderConfig.of("demo", "claude", Map.of())
                .with("command", command.get(0))
                .with("command-args", String.join(",", rest))
                .with("environment.CLASSPATH", command.get(classPath + 1))
                .with("environment.HOTPLEX_DEMO_HOME", state.resolve("demo").toString());
    }

    private HotPlexServer.Builder withDemo() {
        EngineConfig config =
                EngineConfig.builder().set(EngineConfig.STATE_DIRECTORY, state).build();
        return ServerRig.builder(state).engine(HotPlex.builder().config(config).provider(demo()));
    }

    @Test
    void isNotReadyWhenTheAgentCannotBeRun() throws IOException {
        EngineConfig config =
                EngineConfig.builder().set(EngineConfig.STATE_DIRECTORY, state).build();
        ProviderConfig missing = ProviderConfig.of("demo", "claude", Map.of())
                .with("command", state.resolve("nothing").toString());
        try (HotPlexServer server = ServerRig.builder(state)
                .engine(HotPlex.builder().config(config).provider(missing))
                .start()) {
            Answer ready = get(server, "/health/ready");

            assertThat(ready.status()).isEqualTo(503);
            assertThat(ready.body()).contains("\"reason\":\"agent\"");
        }
    }

    @Test
    void isNotReadyWhenTheJournalCannotBeWritten() throws IOException {
        EngineConfig config =
                EngineConfig.builder().set(EngineConfig.STATE_DIRECTORY, state).build();
        Journal broken = new Journal() {
            @Override
            public SessionLog open(String sessionId, LogListener listener) {
                throw new IllegalStateException("not asked for");
            }

            @Override
            public void probe() {
                throw new HotPlexException(ErrorCode.JOURNAL_UNAVAILABLE, "the disk is full");
            }

            @Override
            public void close() {}
        };
        try (HotPlexServer server = ServerRig.builder(state)
                .engine(HotPlex.builder().config(config).provider(demo()).journal(broken))
                .start()) {
            Answer ready = get(server, "/health/ready");

            assertThat(ready.status()).isEqualTo(503);
            assertThat(ready.body()).contains("\"reason\":\"journal\"").doesNotContain("disk");
        }
    }

    @Test
    void isReadyWhenEveryCheckHolds() throws IOException {
        AtomicBoolean holds = new AtomicBoolean(true);
        try (HotPlexServer server = withDemo().readyCheck("disk", holds::get).start()) {
            assertThat(get(server, "/health/ready").body()).isEqualTo("{\"status\":\"ready\"}");
            assertThat(get(server, "/health/live").body()).contains("\"status\":\"alive\"", "uptime", "timestamp");
            assertThat(get(server, "/health").body())
                    .contains("\"status\":\"healthy\"", "\"disk\":true", "\"agent\":true", "\"journal\":true");
        }
        holds.set(false);
        try (HotPlexServer server = withDemo()
                .readyCheck("disk", holds::get)
                .readyCheck("broken", () -> {
                    throw new IllegalStateException("secret detail");
                })
                .start()) {
            Answer ready = get(server, "/health/ready");
            assertThat(ready.status()).isEqualTo(503);
            assertThat(ready.body()).contains("not_ready", "disk, broken").doesNotContain("secret");
            assertThat(get(server, "/health").status()).isEqualTo(503);
        }
    }

    @Test
    void countsWhatTheEngineAndTheServerDo() throws IOException {
        try (HotPlexServer server = withDemo().start()) {
            var session = server.engine()
                    .open(SessionSpec.builder("m", state).provider("demo").build());
            assertThat(session.submit(Prompt.of("hello"))
                            .result()
                            .toCompletableFuture()
                            .join()
                            .completed())
                    .isTrue();

            assertThat(get(server, "/admin/sessions").body()).contains("\"session_id\":\"m\"", "\"owner\":\"local\"");
            assertThat(get(server, "/admin/processes").body())
                    .contains("\"pid\":")
                    .doesNotContain("hello");
            assertThat(get(server, "/admin/pool").body()).contains("\"processes\":1", "\"idle\":1");
            await().untilAsserted(() -> assertThat(get(server, "/metrics").body())
                    .contains(
                            "hotplex_sessions_opened_total{provider=\"demo\",} 1.0",
                            "hotplex_sessions_open{state=\"ready\",} 1.0",
                            "hotplex_processes{state=\"idle\",} 1.0",
                            "hotplex_process_start_seconds_count{provider=\"demo\",} 1.0",
                            "hotplex_turns_accepted_total{provider=\"demo\",} 1.0",
                            "hotplex_turns_total{provider=\"demo\",outcome=\"completed\",} 1.0",
                            "hotplex_http_requests_total{method=\"GET\",route=\"/admin/pool\",status=\"200\",} 1.0",
                            "hotplex_http_connections{kind=\"http\",} 1.0",
                            "hotplex_processes_max ",
                            "hotplex_turns_queued 0.0",
                            "hotplex_turns_waiting 0.0",
                            "hotplex_journal_records ",
                            "hotplex_journal_writable 1.0",
                            "hotplex_start_time_seconds ")
                    .doesNotContain("\"m\""));
        }
    }

    private static Answer scrape(InetSocketAddress address, String... headers) throws IOException {
        try (RawClient client = RawClient.connect(address)) {
            return client.send(RawClient.request("GET", "/metrics", headers)).read();
        }
    }

    @Test
    void metricsMayHaveAPortOfTheirOwnWhichNeedsNoKeyOnThisMachine() throws IOException {
        try (HotPlexServer server =
                ServerRig.start(state, "server.metrics-port", "0", "server.metrics-host", "127.0.0.1")) {
            InetSocketAddress own = server.metricsAddress().orElseThrow();

            assertThat(own.getAddress().isLoopbackAddress()).isTrue();
            assertThat(scrape(own).body()).contains("hotplex_start_time_seconds ");
            assertThat(scrape(server.address(), KEY).status()).as("there alone").isEqualTo(404);
            try (RawClient client = RawClient.connect(own)) {
                assertThat(client.send(RawClient.request("GET", "/admin/pool", KEY))
                                .read()
                                .status())
                        .as("nothing else is there")
                        .isEqualTo(404);
            }
        }
    }

    @Test
    void beyondThisMachineAKeyIsNeededForMetrics() throws IOException {
        try (HotPlexServer server =
                ServerRig.start(state, "server.metrics-port", "0", "server.metrics-host", "0.0.0.0")) {
            InetSocketAddress own = new InetSocketAddress(
                    InetAddress.getLoopbackAddress(),
                    server.metricsAddress().orElseThrow().getPort());

            assertThat(scrape(own).status()).isEqualTo(401);
            assertThat(scrape(own, "Authorization: Bearer " + ServerRig.OWNER).status())
                    .isEqualTo(403);
            assertThat(scrape(own, KEY).status()).isEqualTo(200);
        }
    }

    @Test
    void aPortForMetricsThatSomebodyHasIsTold() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String port = Integer.toString(taken.getLocalPort());
            assertThatThrownBy(() -> ServerRig.start(state, "server.metrics-port", port))
                    .isInstanceOfSatisfying(
                            HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFIG_INVALID))
                    .hasMessageContaining("server.metrics-port");
        }
    }

    /** An engine of the application's, whose hooks and telemetry the server shows. */
    @Test
    void showsTheMetricsAndHooksOfAnEngineThatWasBuiltAlready() throws IOException {
        Telemetry telemetry = Telemetry.builder().build();
        Hooks hooks = Hooks.builder(state.resolve("hooks"))
                .hook(HookConfig.of("audit", "audit", Map.of()))
                .open();
        Puppets puppets = new Puppets();
        EngineConfig config =
                EngineConfig.builder().set(EngineConfig.STATE_DIRECTORY, state).build();
        try (Engine engine = HotPlex.builder()
                        .config(config)
                        .provider(puppets)
                        .launcher(puppets)
                        .listener(telemetry.listener())
                        .reader(telemetry.reader())
                        .reader(hooks)
                        .build();
                HotPlexServer server = HotPlexServer.builder()
                        .config(ServerConfig.fromProperties(ServerRig.properties()))
                        .engine(engine)
                        .telemetry(telemetry)
                        .hooks(hooks)
                        .start()) {
            engine.open(SessionSpec.builder("s", state).build())
                    .submit(Prompt.of("say hi"))
                    .result()
                    .toCompletableFuture()
                    .join();

            await().untilAsserted(() -> assertThat(get(server, "/metrics").body())
                    .contains(
                            "hotplex_turns_total{provider=\"puppet\",outcome=\"completed\",} 1.0",
                            "hotplex_sessions_open{state=\"ready\",} 1.0",
                            "hotplex_hook_behind_records{hook=\"audit\",} 0.0"));
            assertThat(get(server, "/admin/hooks").body()).contains("\"name\":\"audit\"");
        }
    }

    @Test
    void hooksThatReadFromNoEngineAreRefused() {
        Hooks hooks = Hooks.builder(state.resolve("hooks"))
                .hook(HookConfig.of("audit", "audit", Map.of()))
                .open();
        Puppets puppets = new Puppets();
        EngineConfig config =
                EngineConfig.builder().set(EngineConfig.STATE_DIRECTORY, state).build();
        try (hooks;
                Engine engine = HotPlex.builder()
                        .config(config)
                        .provider(puppets)
                        .launcher(puppets)
                        .build()) {
            assertThatThrownBy(() -> HotPlexServer.builder()
                            .config(ServerConfig.fromProperties(ServerRig.properties()))
                            .engine(engine)
                            .hooks(hooks)
                            .start())
                    .isInstanceOfSatisfying(
                            HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFIG_INVALID))
                    .hasMessageContaining("the hooks read from no engine");
        }
    }

    @Test
    void showsTheConfigurationWithoutSecrets() throws IOException {
        try (HotPlexServer server = ServerRig.start(state)) {
            assertThat(get(server, "/admin/config").body())
                    .contains(
                            "\"server.port\":\"0\"",
                            "\"server.keys.operator.scopes\":\"admin\"",
                            "\"server.keys.operator.approves\":true")
                    .doesNotContain("sha256", ServerRig.ADMIN);
        }
    }

    @Test
    void theConfigurationShownIsTheOneInForce() throws IOException {
        try (HotPlexServer server = ServerRig.start(state)) {
            ServerConfig other = ServerConfig.fromProperties(ServerRig.properties(
                    "server.host",
                    "0.0.0.0",
                    "server.max-connections",
                    "7",
                    "server.allowed-hosts",
                    "box.example",
                    "server.keys.operator.owner",
                    "ops"));

            assertThat(server.reload(other)).containsExactly("server.host", "server.max-connections");
            assertThat(server.reload(other))
                    .as("said until it is so")
                    .containsExactly("server.host", "server.max-connections");
            assertThat(get(server, "/admin/config").body())
                    .contains(
                            "\"server.host\":\"127.0.0.1\"",
                            "\"server.max-connections\":\"20000\"",
                            "\"server.allowed-hosts\":\"box.example\"",
                            "\"server.keys.operator.owner\":\"ops\"");
        }
    }

    @Test
    @SuppressWarnings("try") // closed twice, which has to do no harm
    void anOperatorCanEndIt() throws Exception {
        try (HotPlexServer server = ServerRig.start(state);
                RawClient client = RawClient.connect(server.address())) {
            assertThat(server.awaitStop(Duration.ofMillis(1))).isFalse();

            Answer answer =
                    client.send(RawClient.request("POST", "/admin/drain", KEY)).read();

            assertThat(answer.status()).isEqualTo(202);
            assertThat(server.awaitStop(Duration.ofSeconds(10))).isTrue();
            server.close();
            assertThat(client.isEnded()).isTrue();
        }
    }
}
