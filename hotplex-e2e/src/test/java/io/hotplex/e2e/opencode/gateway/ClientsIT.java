package io.hotplex.e2e.opencode.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.e2e.NodeModules;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** OpenCode's SDK, its command line and its terminal, each with each agent behind the gateway. */
@ParameterizedClass(name = "{0}")
@EnumSource(Backend.class)
class ClientsIT {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** One for all, which has one connection: a server counts them. */
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    static Path directory;

    /** One for all tests with an agent: what they do is in sessions of their own. */
    private static @Nullable GatewayRig shared;

    private final Backend backend;
    private final GatewayRig rig;

    ClientsIT(Backend backend) {
        this.backend = backend;
        this.rig = Objects.requireNonNull(shared);
    }

    @BeforeParameterizedClassInvocation
    static void start(Backend backend) {
        shared = new GatewayRig(backend, directory.resolve(backend.name()));
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        if (shared != null) {
            shared.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"v1", "v2"})
    void aProgramWithTheSdkGetsItsAnswers(String version) throws Exception {
        String script = NodeModules.installed()
                .module()
                .resolve("src/test/js/opencode.sdk.mjs")
                .toString();
        GatewayRig.Outcome outcome = rig.run(List.of(
                "node",
                script,
                version,
                rig.uri().toString(),
                GatewayRig.KEY,
                rig.work.toString(),
                backend.prompt,
                backend.toolPrompt));

        assertThat(outcome.exit()).as(outcome.output()).isZero();
        JsonNode report = MAPPER.readTree(outcome.output());
        assertThat(report.path("answer").asText()).contains(backend.answer);
        assertThat(report.path("deltas").asText()).contains(backend.answer);
        assertThat(report.path("permission").asText()).isEqualTo(backend.permission);
        assertThat(report.path("tool").asText()).isEqualTo("completed");
        assertThat(report.path("toolAnswer").asText()).contains(backend.toolAnswer);
        assertThat(report.path("roles").get(0).asText()).isEqualTo("user");
        assertThat(report.path("listed").asBoolean()).isTrue();
        assertThat(report.path("providers").get(0).asText()).isEqualTo("agent");
        assertThat(report.path("agents").get(0).asText()).isEqualTo("build");
        assertThat(report.path("directory").asText()).isEqualTo(rig.work.toString());
        assertThat(report.path("renamed").asText()).isEqualTo("other");
        assertThat(report.path("status")).isEmpty();
        assertThat(report.path("deleted").asBoolean()).isTrue();
    }

    @Test
    void theCommandLineAttachesContinuesAndAsks() {
        int before = get("/session").size();
        GatewayRig.Outcome first = rig.attachedRun(backend.prompt);
        String tool = backend.toolPrompt + "\n"; // this client puts quotes around what it sends
        GatewayRig.Outcome second = rig.attachedRun("--continue", "--auto", tool);
        GatewayRig.Outcome refused = rig.attachedRun(tool);

        assertThat(first.exit()).as(first.output()).isZero();
        assertThat(first.output()).contains(backend.answer);
        assertThat(second.exit()).as(second.output()).isZero();
        assertThat(second.output()).contains(backend.toolAnswer);
        assertThat(refused.output()).contains("permission requested: " + backend.permission, "rejecting");
        JsonNode sessions = get("/session");
        assertThat(sessions).as("two of three runs were in one session").hasSize(before + 2);
    }

    @Test
    void theTerminalShowsAsksInterruptsAndComesBack() {
        assumeTrue(Screen.isAvailable(), "tmux is not installed");
        Path report = NodeModules.installed().module().resolve("target/opencode-screens/" + backend);
        try (Screen screen = new Screen(rig, report)) {
            screen.until("start", "Ask anything");
            screen.say(backend.prompt);
            screen.until("answer", backend.answer);

            screen.say(backend.toolPrompt);
            screen.until("permission", "Permission required");
            screen.press("Enter");
            screen.until("tool", text -> text.contains(backend.toolAnswer) && !text.contains("Permission required"));

            screen.say(backend.longPrompt);
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> get("/session/status").size() == 1);
            screen.until("running", "interrupt");
            screen.press("Escape");
            screen.until("asked", "again to interrupt");
            screen.press("Escape");
            screen.until("interrupted", "interrupted");
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> get("/session/status").isEmpty());

            rig.restart();
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> get("/admin/pool").path("connections").asInt() > 1);
            screen.say(backend.prompt.replace("3", "5"));
            screen.until("back", backend == Backend.DEMO ? "In this session you said" : "w1 w2 w3 w4 w5");
        }
    }

    private JsonNode get(String path) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(rig.uri() + path))
                .header("Authorization", "Bearer " + GatewayRig.KEY)
                .build();
        try {
            return MAPPER.readTree(
                    HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body());
        } catch (java.io.IOException e) {
            throw new AssertionError(path, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }
}
