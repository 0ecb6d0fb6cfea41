package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.server.ChildProgram.Result;
import io.hotplex.server.internal.http.RawClient;
import io.hotplex.testkit.agent.ScriptedAgent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An operator who is in a hurry. */
@Timeout(180)
class ServeSignalsTest {
    private static final Pattern READY = Pattern.compile("listening on http://127\\.0\\.0\\.1:(\\d+), ");

    @TempDir
    Path home;

    /** Nothing but the launcher's own end can end this agent: it heeds no signal, and there is no guardian. */
    @Test
    void theSecondSignalEndsItAtOnceAndTheAgentsAsWell() throws Exception {
        ChildProgram child = new ChildProgram(home);
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process process = child.start(child.hotplexCommand(
                "serve",
                "--port=0",
                "--set=guardian=off",
                "--set=term-grace=10m",
                "--set=shutdown-timeout=10m",
                "--set=provider.deaf.type=claude",
                "--set=provider.deaf.command=" + java,
                "--set=provider.deaf.command-args=" + ScriptedAgent.class.getName() + ",--fault=ignore-term,--at=ready",
                "--set=provider.deaf.environment.CLASSPATH=" + ChildProgram.classPath(),
                "--set=provider.deaf.environment.HOTPLEX_DEMO_HOME=" + home));
        await().atMost(Duration.ofSeconds(50))
                .until(() -> READY.matcher(child.out()).find());
        startAgent(child);

        process.destroy();
        await().atMost(Duration.ofSeconds(20)).until(() -> child.err().contains("stopping"));
        assertThat(process.isAlive()).as("waits for the agent").isTrue();
        process.destroy();
        Result result = child.await(process);

        assertThat(result.exitCode()).as(result.err()).isEqualTo(143);
        await().atMost(Duration.ofSeconds(20)).until(() -> child.survivors().isEmpty());
    }

    private void startAgent(ChildProgram child) throws IOException {
        Matcher ready = READY.matcher(child.out());
        assertThat(ready.find()).isTrue();
        InetSocketAddress address =
                new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(ready.group(1)));
        String key = "X-API-Key: "
                + Files.readString(child.stateDirectory().resolve("token")).strip();
        try (RawClient client = RawClient.connect(address)) {
            client.send(post("/v1/sessions", key, "{\"id\":\"s1\",\"work_dir\":\"" + home + "\"}"));
            assertThat(client.read().status()).isEqualTo(201);
            client.send(post("/v1/sessions/s1/turns", key, "{\"text\":\"SAY 1\"}"));
            assertThat(client.read().status()).isEqualTo(202);
            await().atMost(Duration.ofSeconds(40))
                    .until(() -> client.send(RawClient.request("GET", "/v1/sessions/s1/turns", key))
                            .read()
                            .body()
                            .contains("turn_completed"));
        }
    }

    private static String post(String path, String key, String body) {
        return RawClient.request(
                        "POST", path, key, "Content-Type: application/json", "Content-Length: " + body.length())
                + body;
    }
}
