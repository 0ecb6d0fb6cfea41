package io.hotplex.core;

import static io.hotplex.core.EngineFixture.result;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.Turn;
import io.hotplex.api.spi.EngineListener;
import java.nio.file.Path;
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
    void itLearnsOfVariablesWhatTheirNamesSayAndForgetsTheOldest() {
        logs.learn(Map.of("MY_PASSWORD", "open-sesame", "MY_DIRECTORY", "/some/where"));
        assertThat(logs.text("open-sesame in /some/where")).isEqualTo("[redacted] in /some/where");
        for (int i = 0; i < 5_000; i++) {
            logs.learn(List.of("value-of-session-" + i));
        }
        assertThat(logs.text("open-sesame")).isEqualTo("open-sesame");
        assertThat(logs.text("value-of-session-4999")).isEqualTo("[redacted]");
    }
}
