package io.hotplex.core;

import static io.hotplex.core.EngineFixture.result;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.Turn;
import io.hotplex.api.spi.EngineListener;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogRedactionTest {
    private static final String TOKEN = "ghp_" + "a1B2".repeat(9);

    @TempDir
    Path dir;

    private final LogRedaction logs = new LogRedaction();
    private final AtomicInteger counted = new AtomicInteger();

    private EngineFixture fixture(String... settings) {
        HotPlex builder = HotPlex.builder()
                .secret("the-key-of-the-gateway")
                .logRedaction(logs)
                .listener(new EngineListener() {
                    @Override
                    public void onLogRedacted(int count) {
                        counted.addAndGet(count);
                    }
                });
        return new EngineFixture(dir, builder, settings);
    }

    @Test
    void whatAnEngineKnowsIsTakenOutOfTheLog() {
        assertThat(logs.text("before: " + TOKEN)).isEqualTo("before: [redacted]");
        try (EngineFixture f = fixture()) {
            Session session = f.engine.open(
                    f.spec("s1").environment("APP_TOKEN", "swordfish-9").build());
            Turn turn = session.submit(Prompt.of("a"));
            f.agents.process(1).expect("hello").say("ready").expect("prompt a").say("done x");
            assertThat(result(turn).completed()).isTrue();

            assertThat(logs.text("the-key-of-the-gateway, swordfish-9 and " + TOKEN))
                    .isEqualTo("[redacted], [redacted] and [redacted]");
            await().until(() -> counted.get() == 4);
            String plain = "nothing in it";
            assertThat(logs.text(plain)).isSameAs(plain);
        }
    }

    @Test
    void itIsSwitchedOffWithThatOfEvents() {
        try (EngineFixture f = fixture("redact-secrets", "false")) {
            f.open("s1");
            assertThat(logs.text("the-key-of-the-gateway " + TOKEN)).isEqualTo("the-key-of-the-gateway " + TOKEN);
        }
    }

    @Test
    void itLearnsOfVariablesWhatTheirNamesSayAndForgetsTheOldestOfAgents() {
        logs.learn(Map.of("MY_PASSWORD", "open-sesame", "MY_DIRECTORY", "/some/where"));
        assertThat(logs.text("open-sesame in /some/where")).isEqualTo("[redacted] in /some/where");
        logs.learn(List.of("the-key-of-the-gateway"));
        Map<String, String> shared = Map.of("SHARED_KEY", "key-of-all-sessions");
        for (int i = 0; i < 5_000; i += 1_000) {
            logs.learnOfAgent(shared);
            Map<String, String> sessions = new LinkedHashMap<>(Map.of("APP_HOME", "/some/where"));
            for (int j = i; j < i + 1_000; j++) {
                sessions.put("APP_TOKEN_" + j, "value-of-session-" + j);
            }
            logs.learnOfAgent(sessions);
        }
        assertThat(logs.text("open-sesame and the-key-of-the-gateway")).isEqualTo("[redacted] and [redacted]");
        assertThat(logs.text("key-of-all-sessions in /some/where")).isEqualTo("[redacted] in /some/where");
        assertThat(logs.text("value-of-session-0 ")).isEqualTo("value-of-session-0 ");
        assertThat(logs.text("value-of-session-4999")).isEqualTo("[redacted]");
    }
}
