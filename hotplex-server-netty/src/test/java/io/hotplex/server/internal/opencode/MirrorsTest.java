package io.hotplex.server.internal.opencode;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.Engine;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionInfo;
import io.hotplex.api.SessionSpec;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.server.Puppets;
import io.hotplex.server.internal.auth.Principal;
import io.hotplex.server.internal.auth.Scope;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MirrorsTest {
    /** A busy machine takes its time. */
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static ConditionFactory await() {
        return Awaitility.await().atMost(LIMIT);
    }

    @Test
    void sessionsAreReadNoFasterThanAStreamThatReads(@TempDir Path dir) {
        Puppets puppets = new Puppets();
        try (Engine engine = HotPlex.builder()
                .config(EngineConfig.fromProperties(
                        Map.of("state-directory", dir.resolve("state").toString())))
                .provider(puppets)
                .launcher(puppets)
                .build()) {
            Session session = engine.open(
                    SessionSpec.builder("fast", dir).provider("puppet").build());
            Mirrors mirrors = new Mirrors();
            Mirror mirror = mirrors.of(session);
            Principal owner = new Principal(session.spec().owner(), Set.of(Scope.SESSION_READ), "key");
            ClientEvent event = ClientEvent.now("fast", "evt_1", "session.idle", Map.of());
            assertThat(mirrors.onEvents(mirror, 1, List.of(event))).isNull();

            // each time another stream, which is not known for one that does not read
            await().until(() -> {
                TapTest.connect(mirrors.feed(owner), TapTest.stream(false));
                return mirrors.onEvents(mirror, 1, Collections.nCopies(Feed.MAX_FRAMES / 2, event)) != null;
            });
        }
    }

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

            // each time another mirror, when the one before was let go of already
            await().until(() -> 2
                    == mirrors.of(session)
                            .upToDate()
                            .toCompletableFuture()
                            .join()
                            .<Integer>read(known -> known.transcript().all().size()));
        }
    }
}
