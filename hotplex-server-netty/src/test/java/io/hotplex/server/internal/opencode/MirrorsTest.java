package io.hotplex.server.internal.opencode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.Engine;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionInfo;
import io.hotplex.api.SessionSpec;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.server.Puppets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MirrorsTest {
    @Test
    void aSessionThatRestsIsLetGoOfSoThatItSleeps(@TempDir Path dir) {
        Puppets puppets = new Puppets();
        try (Engine engine = HotPlex.builder()
                .config(EngineConfig.fromProperties(Map.of(
                        "state-directory",
                        dir.resolve("state").toString(),
                        "journal",
                        "sqlite",
                        "idle-timeout",
                        "20ms")))
                .provider(puppets)
                .launcher(puppets)
                .build()) {
            Mirrors mirrors = new Mirrors(Duration.ofMillis(20));
            Session session = engine.open(
                    SessionSpec.builder("trip", dir).provider("puppet").build());
            session.submit(Prompt.of("say one")).result().toCompletableFuture().join();
            mirrors.of(session).upToDate().toCompletableFuture().join();

            await().until(() -> engine.info("trip").filter(SessionInfo::asleep).isPresent());

            Mirror again = mirrors.of(session).upToDate().toCompletableFuture().join();
            assertThat(again.<Integer>read(known -> known.transcript().all().size()))
                    .isEqualTo(2);
        }
    }
}
