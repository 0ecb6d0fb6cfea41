package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.server.ChildProgram.Result;
import io.hotplex.server.internal.auth.ApiKey;
import io.hotplex.server.internal.http.RawClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code hotplex serve} as its operators see it. */
class ServeTest {
    private static final Pattern READY = Pattern.compile("listening on http://127\\.0\\.0\\.1:(\\d+), ");

    @TempDir
    Path home;

    private ChildProgram child;

    @BeforeEach
    void prepare() throws IOException {
        child = new ChildProgram(home);
    }

    @AfterEach
    void nothingIsLeft() {
        await().atMost(Duration.ofSeconds(20)).until(() -> child.survivors().isEmpty());
    }

    private InetSocketAddress ready() throws IOException {
        await().atMost(Duration.ofSeconds(50))
                .until(() -> READY.matcher(child.out()).find());
        Matcher line = READY.matcher(child.out());
        assertThat(line.find()).isTrue();
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(line.group(1)));
    }

    private static int status(InetSocketAddress address, String path, String key) throws IOException {
        try (RawClient client = RawClient.connect(address)) {
            return client.send(RawClient.request("GET", path, "X-API-Key: " + key))
                    .read()
                    .status();
        }
    }

    @Test
    void makesAKeyServesAndEndsProperlyWhenItIsTerminated() throws Exception {
        Path jar =
                DropInJar.parrot(Files.createDirectories(child.stateDirectory().resolve("providers"))
                        .resolve("parrot.jar"));
        Process process = child.start(child.hotplexCommand("serve", "--port", "0"));
        InetSocketAddress address = ready();
        assertThat(child.err()).contains("hotplex: provider parrot, ", jar.toString());
        String token = Files.readString(child.stateDirectory().resolve("token")).strip();

        assertThat(child.out())
                .contains("the key is in " + child.stateDirectory().resolve("token"));
        assertThat(status(address, "/health/ready", "")).isEqualTo(200);
        assertThat(status(address, "/admin/pool", token)).isEqualTo(200);
        assertThat(status(address, "/admin/pool", "wrong")).isEqualTo(401);
        process.destroy();
        Result result = child.await(process);

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.err()).contains("stopping");
        assertThat(result.out() + result.err()).doesNotContain(token);
    }

    @Test
    void theDemoAgentAnswersWhereNoOtherIsInstalled() throws Exception {
        Process process = child.start(child.hotplexCommand("serve", "--port", "0"));
        InetSocketAddress address = ready();
        String token = Files.readString(child.stateDirectory().resolve("token")).strip();

        try (RawClient client = RawClient.connect(address)) {
            String spec = "{\"id\":\"s1\",\"work_dir\":\"" + home + "\"}";
            String head = RawClient.request(
                    "POST",
                    "/v1/sessions",
                    "X-API-Key: " + token,
                    "Content-Type: application/json",
                    "Content-Length: " + spec.length());
            String opened = client.send(head + spec).read().body();
            assertThat(opened).contains("\"provider\":\"demo\"");
        }
        assertThat(child.err()).contains("the demo agent answers");
        process.destroy();
        assertThat(child.await(process).exitCode()).isZero();
    }

    @Test
    void appliesAChangedConfigurationAndKeepsTheOldOneWhenItIsWrong() throws Exception {
        Path file = home.resolve("my.yaml");
        String first =
                "server: {port: 0, keys: {a: {sha256: " + ApiKey.hash("the-first-key-here") + ", scopes: admin}}}\n";
        Files.writeString(file, first);
        Process process = child.start(child.hotplexCommand("serve", "--config", file.toString()));
        InetSocketAddress address = ready();
        assertThat(status(address, "/admin/pool", "the-first-key-here")).isEqualTo(200);

        Files.writeString(file, "server: {prot: 0}\n");
        await().atMost(Duration.ofSeconds(20)).until(() -> child.err().contains("configuration not changed"));
        assertThat(child.err()).contains("closest known: server.port");
        assertThat(status(address, "/admin/pool", "the-first-key-here")).isEqualTo(200);

        Files.writeString(
                file,
                first.replace(ApiKey.hash("the-first-key-here"), ApiKey.hash("the-other-key-here"))
                        + "turn-timeout: 1m\nprovider: {claude: {model: other}}\n");
        await().atMost(Duration.ofSeconds(20)).until(() -> child.err().contains("configuration read again"));
        assertThat(child.err()).contains("needs a restart: turn-timeout, provider");
        assertThat(status(address, "/admin/pool", "the-first-key-here")).isEqualTo(401);
        assertThat(status(address, "/admin/pool", "the-other-key-here")).isEqualTo(200);
        process.destroy();
        assertThat(child.await(process).exitCode()).isZero();
    }

    @Test
    void theFileOfAKeyThatAReloadAddedIsWatchedToo() throws Exception {
        Path secret = Files.writeString(home.resolve("secret"), "the-first-key-here");
        Path file = Files.writeString(home.resolve("my.yaml"), "server: {port: 0}\n");
        Process process = child.start(child.hotplexCommand("serve", "--config", file.toString()));
        InetSocketAddress address = ready();

        Files.writeString(file, "server: {port: 0, keys: {a: {file: " + secret + ", scopes: admin}}}\n");
        await().atMost(Duration.ofSeconds(20)).until(() -> status(address, "/admin/pool", "the-first-key-here") == 200);
        Files.writeString(secret, "the-second-key-is-longer");
        await().atMost(Duration.ofSeconds(20))
                .until(() -> status(address, "/admin/pool", "the-second-key-is-longer") == 200);

        assertThat(status(address, "/admin/pool", "the-first-key-here")).isEqualTo(401);
        process.destroy();
        assertThat(child.await(process).exitCode()).isZero();
    }

    @Test
    void describesAndChecksWhatCanBeConfigured() throws Exception {
        Path file = Files.writeString(home.resolve("bad.yaml"), "server:\n  port: many\n");

        Result described = child.hotplex("config", "--describe");
        Result wrong = child.hotplex("config", "--check", "bad.yaml");
        Result right = child.hotplex("serve", "--check", "--port", "0");
        Result key = child.hotplex("key");

        assertThat(described.out())
                .contains("server.port (number, default 8080)", "turn-timeout", "requests-per-second");
        assertThat(wrong.exitCode()).isEqualTo(2);
        assertThat(wrong.err()).contains("configuration file " + file + ", line 2: server.port: 'many'");
        assertThat(right.exitCode()).as(right.err()).isZero();
        assertThat(right.out()).contains("the configuration is right");
        Matcher made = Pattern.compile("key:    (\\S+)\nsha256: (\\S+)\n").matcher(key.out());
        assertThat(made.matches()).isTrue();
        assertThat(ApiKey.hash(made.group(1))).isEqualTo(made.group(2));
    }
}
