package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.api.Prompt;
import io.hotplex.api.SessionSpec;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** With a real Prometheus (Debian: {@code apt-get install prometheus}); skipped where there is none. */
@Timeout(120)
class PrometheusTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private static boolean installed(String program) {
        return Arrays.stream(
                        Objects.requireNonNullElse(System.getenv("PATH"), "").split(File.pathSeparator, -1))
                .anyMatch(path -> Files.isExecutable(Path.of(path, program)));
    }

    private static Path root() {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.exists(root.resolve("hotplex-api"))) {
            root = Objects.requireNonNull(root.getParent());
        }
        return root;
    }

    private static JsonNode query(int port, String expression) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + port + "/api/v1/query?query="
                + URLEncoder.encode(expression, StandardCharsets.UTF_8));
        return new ObjectMapper()
                .readTree(HttpClient.newHttpClient()
                        .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                        .body());
    }

    private static double value(int port, String expression) {
        try {
            JsonNode result = query(port, expression).path("data").path("result");
            return result.isEmpty() ? -1 : result.get(0).get("value").get(1).asDouble();
        } catch (IOException e) {
            return -1; // it is not there yet
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return -1;
        }
    }

    @Test
    void scrapesTheGatewayAndKnowsWhatHappened() throws Exception {
        assumeTrue(installed("prometheus"), "prometheus is not installed");
        Puppets puppets = new Puppets();
        EngineConfig engine = EngineConfig.builder()
                .set(EngineConfig.STATE_DIRECTORY, directory)
                .build();
        try (HotPlexServer server = ServerRig.builder(directory)
                .engine(HotPlex.builder().config(engine).provider(puppets).launcher(puppets))
                .start()) {
            for (String words : List.of("say hi", "tool", "fail")) {
                server.engine()
                        .open(SessionSpec.builder("s", directory).build())
                        .submit(Prompt.of(words))
                        .result()
                        .toCompletableFuture()
                        .join();
            }
            int port = freePort();
            Process prometheus = prometheus(server.address().getPort(), port);
            try {
                await().atMost(LIMIT).until(() -> value(port, "sum(hotplex_turns_total{outcome=\"completed\"})") == 2);
                assertThat(value(port, "hotplex_turn_failures_total{code=\"RATE_LIMITED\"}"))
                        .isEqualTo(1);
                assertThat(value(port, "hotplex_turn_duration_seconds_count{outcome=\"completed\"}"))
                        .isEqualTo(2);
                assertThat(value(port, "hotplex_tool_calls_total")).isEqualTo(1);
                assertThat(value(port, "hotplex_sessions_open{state=\"ready\"}"))
                        .isEqualTo(1);
                everyPanelIsUnderstood(port);
            } finally {
                prometheus.destroy();
                assertThat(prometheus.waitFor(30, TimeUnit.SECONDS)).isTrue();
            }
        }
    }

    private static void everyPanelIsUnderstood(int port) throws Exception {
        JsonNode dashboard =
                new ObjectMapper().readTree(Files.readString(root().resolve("packaging/grafana/hotplex.json")));
        for (JsonNode panel : dashboard.get("panels")) {
            for (JsonNode target : panel.get("targets")) {
                String expression = target.get("expr").asText();
                assertThat(query(port, expression).get("status").asText())
                        .as(expression)
                        .isEqualTo("success");
            }
        }
    }

    @Test
    void alertsAreAsPrometheusWantsThem() throws Exception {
        promtool("check", root().resolve("packaging/prometheus/alerts.yml"));
    }

    @Test
    void eachAlertFiresWhenItShouldAndIsQuietOtherwise() throws Exception {
        Path cases = root().resolve("hotplex-server-netty/src/test/prometheus/alerts.test.yml");
        List<String> tried = names("alertname: (\\w+)", cases);
        for (String alert : names("alert: (\\w+)", root().resolve("packaging/prometheus/alerts.yml"))) {
            assertThat(tried)
                    .as("it fires, and it does not")
                    .filteredOn(alert::equals)
                    .hasSize(2);
        }

        promtool("test", cases);
    }

    private static List<String> names(String pattern, Path file) throws IOException {
        return Pattern.compile(pattern)
                .matcher(Files.readString(file))
                .results()
                .map(found -> found.group(1))
                .toList();
    }

    private void promtool(String action, Path file) throws Exception {
        assumeTrue(installed("promtool"), "promtool is not installed");
        Path output = directory.resolve("promtool");
        Process promtool = new ProcessBuilder("promtool", action, "rules", file.toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();

        assertThat(promtool.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(promtool.exitValue()).as(Files.readString(output)).isZero();
    }

    private Process prometheus(int target, int port) throws IOException {
        Path key = Files.writeString(directory.resolve("key"), ServerRig.ADMIN);
        Path config = Files.writeString(directory.resolve("prometheus.yml"), """
                global: {scrape_interval: 1s}
                rule_files: ["%s"]
                scrape_configs:
                  - job_name: hotplex
                    authorization: {credentials_file: "%s"}
                    static_configs: [{targets: ["127.0.0.1:%d"]}]
                """.formatted(
                        root().resolve("packaging/prometheus/alerts.yml"), key, target));
        return new ProcessBuilder(
                        "prometheus",
                        "--config.file=" + config,
                        "--storage.tsdb.path=" + directory.resolve("data"),
                        "--web.listen-address=127.0.0.1:" + port)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("prometheus.log").toFile())
                .start();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
