package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Prompt;
import io.hotplex.api.SessionSpec;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.server.internal.http.RawClient;
import io.hotplex.server.internal.http.WebSocketProbe;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Traces that leave the server, and reach who takes them. */
@Timeout(60)
class TracingTest {
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String PARENT = "b7ad6b7169203331";
    private static final String KEY = "Authorization: Bearer " + ServerRig.OWNER;

    @TempDir
    Path state;

    private final Puppets puppets = new Puppets();
    private OtlpReceiver receiver;

    @BeforeEach
    void receive() throws IOException {
        receiver = new OtlpReceiver();
    }

    @AfterEach
    void end() {
        receiver.close();
    }

    private HotPlexServer start(Map<String, String> environment, String... settings) {
        EngineConfig engine =
                EngineConfig.builder().set(EngineConfig.STATE_DIRECTORY, state).build();
        return ServerRig.builder(state, with(settings))
                .environment(environment)
                .engine(HotPlex.builder().config(engine).provider(puppets).launcher(puppets))
                .start();
    }

    private String[] with(String... settings) {
        List<String> all = new ArrayList<>(List.of(settings));
        all.addAll(List.of("server.default-work-dir", state.resolve("work").toString()));
        return all.toArray(String[]::new);
    }

    private Map<String, String> variables() {
        Map<String, String> variables = new LinkedHashMap<>();
        variables.put("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint());
        variables.put("OTEL_BSP_SCHEDULE_DELAY", "20");
        return variables;
    }

    private static String post(HotPlexServer server, String path, String body, String... headers) throws IOException {
        List<String> all = new ArrayList<>(List.of(KEY, "Content-Type: application/json"));
        all.addAll(List.of(headers));
        all.add("Content-Length: " + body.getBytes(StandardCharsets.UTF_8).length);
        try (RawClient client = RawClient.connect(server.address())) {
            return client.send(RawClient.request("POST", path, all.toArray(String[]::new)) + body)
                    .read()
                    .body();
        }
    }

    private static String hex(Span span) {
        return HexFormat.of().formatHex(span.getTraceId().toByteArray());
    }

    @Test
    void aTurnIsInTheTraceOfTheRequestThatAskedForIt() throws IOException {
        try (HotPlexServer server = start(variables())) {
            post(server, "/v1/sessions", "{\"id\":\"s1\"}");
            post(
                    server,
                    "/v1/sessions/s1/turns",
                    "{\"text\":\"ask for it\"}",
                    "traceparent: 00-" + TRACE + "-" + PARENT + "-01");
            var session = server.engine().session("s1").orElseThrow();
            await().until(() -> !session.pendingRequests().isEmpty());
            session.answer("p1", PermissionAnswer.allow(), "ann");

            await().until(() ->
                    receiver.spans.stream().anyMatch(s -> s.getName().equals("invoke_agent puppet")));
            await().until(() -> receiver.spans.size() >= 3);
            Span turn = receiver.named("invoke_agent puppet");
            assertThat(hex(turn)).isEqualTo(TRACE);
            assertThat(HexFormat.of().formatHex(turn.getParentSpanId().toByteArray()))
                    .isEqualTo(PARENT);
            for (String child : List.of("cold_start", "permission_wait")) {
                assertThat(receiver.named(child).getParentSpanId()).as(child).isEqualTo(turn.getSpanId());
                assertThat(hex(receiver.named(child))).isEqualTo(TRACE);
            }
            assertThat(turn.getAttributesList().toString())
                    .contains("gen_ai.conversation.id", "s1")
                    .doesNotContain("ask for it");
            assertThat(receiver.resources.toString()).contains("service.name", "hotplex");
        }
    }

    @Test
    void aWebSocketsPromptsAreInTheTraceThatTheyName() throws Exception {
        try (HotPlexServer server = start(variables());
                WebSocketProbe socket = WebSocketProbe.connect(
                        server.address(), "/ws/v2", "hotplex.v2", "hotplex.key." + ServerRig.OWNER)) {
            post(server, "/v1/sessions", "{\"id\":\"s1\"}");
            socket.send("{\"type\":\"attach\",\"session\":\"s1\"}");
            socket.send("{\"type\":\"prompt\",\"session\":\"s1\",\"text\":\"say hi\",\"traceparent\":\"00-" + TRACE
                    + "-" + PARENT + "-01\"}");

            await().until(() ->
                    receiver.spans.stream().anyMatch(s -> s.getName().equals("invoke_agent puppet")));
            assertThat(hex(receiver.named("invoke_agent puppet"))).isEqualTo(TRACE);
        }
    }

    @Test
    void aWebSocketsPromptsAreInTheTraceOfItsRequestUnlessTheyNameOne() throws Exception {
        String other = "1111651916cd43dd8448eb211c803111";
        Map<String, String> headers = Map.of("traceparent", "00-" + TRACE + "-" + PARENT + "-01");
        try (HotPlexServer server = start(variables());
                WebSocketProbe v2 = WebSocketProbe.connect(
                        server.address(), "/ws/v2", headers, "hotplex.v2", "hotplex.key." + ServerRig.OWNER)) {
            post(server, "/v1/sessions", "{\"id\":\"s1\"}");
            v2.send("{\"type\":\"attach\",\"session\":\"s1\"}");
            v2.send("{\"type\":\"prompt\",\"session\":\"s1\",\"text\":\"say hi\"}");
            await().until(() -> receiver.spans.stream()
                    .anyMatch(s -> hex(s).equals(TRACE) && s.getName().equals("invoke_agent puppet")));
            assertThat(HexFormat.of()
                            .formatHex(receiver.named("invoke_agent puppet")
                                    .getParentSpanId()
                                    .toByteArray()))
                    .isEqualTo(PARENT);

            v2.send("{\"type\":\"prompt\",\"session\":\"s1\",\"text\":\"say hi\",\"traceparent\":\"00-" + other + "-"
                    + PARENT + "-01\"}");
            await().until(() -> receiver.spans.stream().anyMatch(s -> hex(s).equals(other)));
        }
        receiver.spans.clear();
        try (HotPlexServer server = start(variables());
                WebSocketProbe v1 = WebSocketProbe.connect(
                        server.address(), "/ws/v1/agent", headers, "hotplex.v1", "hotplex.key." + ServerRig.OWNER)) {
            v1.send("{\"type\":\"execute\",\"session_id\":\"s1\",\"prompt\":\"say hi\"}");
            await().until(() -> receiver.spans.stream()
                    .anyMatch(s -> hex(s).equals(TRACE) && s.getName().equals("invoke_agent puppet")));
        }
    }

    private void say(HotPlexServer server, String words) {
        server.engine()
                .open(SessionSpec.builder("s", state).build())
                .submit(Prompt.of(words))
                .result()
                .toCompletableFuture()
                .join();
    }

    @Test
    void contentIsThereOnlyIfConfigured() {
        try (HotPlexServer server = start(variables(), "server.tracing-content", "true")) {
            say(server, "say something");
        }
        assertThat(receiver.named("invoke_agent puppet").getAttributesList().toString())
                .contains("gen_ai.input.messages", "say something");
    }

    @Test
    void whatWaitsIsSentAtTheEndAndTheServiceHasTheNameOfTheVariables() {
        Map<String, String> variables = variables();
        variables.put("OTEL_BSP_SCHEDULE_DELAY", "3600000");
        variables.put("OTEL_SERVICE_NAME", "my-agents");
        try (HotPlexServer server = start(variables)) {
            say(server, "say hi");
            assertThat(receiver.spans).isEmpty();
        }
        assertThat(receiver.spans).isNotEmpty();
        assertThat(receiver.resources.toString()).contains("my-agents");
    }

    @Test
    void nothingIsSentUnlessAskedAndNothingWhenOff() {
        Map<String, String> unasked = variables();
        String endpoint = String.valueOf(unasked.remove("OTEL_EXPORTER_OTLP_ENDPOINT"));
        try (HotPlexServer server = start(unasked)) {
            say(server, "say hi");
        }
        try (HotPlexServer server = start(variables(), "server.tracing", "off")) {
            say(server, "say hi");
        }
        assertThat(endpoint).isEqualTo(receiver.endpoint());
        assertThat(receiver.spans).isEmpty();
    }

    @Test
    void aReceiverThatIsAwayHoldsNobodyUp() {
        receiver.close();
        try (HotPlexServer server = start(variables())) {
            say(server, "say hi");
        }
    }

    @Test
    void variablesThatMakeNoSenseAreTold() {
        Map<String, String> wrong = variables();
        wrong.put("OTEL_TRACES_EXPORTER", "carrier-pigeon");
        assertThatThrownBy(() -> start(wrong))
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFIG_INVALID))
                .hasMessageContaining("carrier-pigeon");
    }
}
