package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.server.internal.http.RawClient;
import io.hotplex.server.internal.http.RawClient.Answer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A permission request waits while the gateway is started again: who comes back is offered it, and it is answered once.
 */
class LeftApprovalsTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @TempDir
    Path dir;

    private HotPlexServer server;

    @BeforeEach
    void leaveOneWaiting() {
        start();
        Session session = server.engine()
                .open(SessionSpec.builder("s1", dir).owner("owner").build());
        session.submit(Prompt.of("ask"));
        await().until(() -> session.pendingRequests().size() == 1);
        server.close();
        start();
    }

    private void start() {
        Puppets puppets = new Puppets();
        EngineConfig config = EngineConfig.fromProperties(Map.of(
                "state-directory", dir.resolve("state").toString(),
                "journal", "sqlite",
                "guard", "off"));
        server = ServerRig.builder(dir)
                .engine(HotPlex.builder().config(config).provider(puppets).launcher(puppets))
                .start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private Answer ask(String method, String path, String body) throws IOException {
        try (RawClient client = RawClient.connect(server.address())) {
            String head = RawClient.request(
                    method,
                    path,
                    "Authorization: Bearer " + ServerRig.OWNER,
                    "Content-Type: application/json",
                    "Content-Length: " + body.length());
            return client.send(head + body).read();
        }
    }

    private JsonNode get(String path) throws IOException {
        return MAPPER.readTree(ask("GET", path, "").body());
    }

    /** The same prompt again: the agent asks for the same, and is answered by what somebody said before. */
    private void assertAnsweredWithoutAQuestion(String text) throws Exception {
        Session session = server.engine().session("s1").orElseThrow();
        assertThat(session.submit(Prompt.of("ask"))
                        .result()
                        .toCompletableFuture()
                        .get(10, TimeUnit.SECONDS)
                        .text())
                .isEqualTo(text);
    }

    @Test
    void overRest() throws Exception {
        JsonNode waiting = get("/v1/approvals").path("approvals");
        assertThat(waiting).hasSize(1);
        assertThat(waiting.get(0).path("session").asText()).isEqualTo("s1");
        assertThat(get("/v1/sessions/s1").path("pending")).hasSize(1);

        assertThat(ask("POST", "/v1/sessions/s1/requests/p1", "{\"allow\":true}")
                        .status())
                .isEqualTo(204);
        Answer second = ask("POST", "/v1/sessions/s1/requests/p1", "{\"allow\":false}");

        assertThat(second.status()).isEqualTo(409);
        assertThat(second.body()).contains("REQUEST_ALREADY_ANSWERED", "allowed by owner");
        assertThat(get("/v1/approvals").path("approvals")).isEmpty();
        assertAnsweredWithoutAQuestion("allowed");
    }

    @Test
    void forOpenCodesClients() throws Exception {
        JsonNode waiting = get("/permission?directory=" + dir);
        assertThat(waiting).hasSize(1);

        String id = waiting.get(0).path("id").asText();
        assertThat(ask("POST", "/permission/" + id + "/reply?directory=" + dir, "{\"reply\":\"reject\"}")
                        .status())
                .isEqualTo(200);

        assertThat(get("/permission?directory=" + dir)).isEmpty();
        assertAnsweredWithoutAQuestion("denied");
    }
}
