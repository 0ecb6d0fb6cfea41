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
import io.hotplex.server.internal.auth.Quota;
import io.hotplex.server.internal.auth.Scope;
import io.hotplex.server.internal.sessions.Presence;
import io.hotplex.server.internal.sessions.SessionAccess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
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
    void whoMissedSomethingHearsOfAllSessionsWhatTheyDo(@TempDir Path dir) {
        Puppets puppets = new Puppets();
        try (Engine engine = HotPlex.builder()
                .config(EngineConfig.fromProperties(
                        Map.of("state-directory", dir.resolve("state").toString())))
                .provider(puppets)
                .launcher(puppets)
                .build()) {
            Session runs = engine.open(
                    SessionSpec.builder("s0", dir).provider("puppet").build());
            runs.submit(Prompt.of("hold"));
            await().until(() -> runs.info().runningTurn() != null);
            List<String> rest = IntStream.range(1, 23).mapToObj(i -> "s" + i).toList();
            rest.forEach(id ->
                    engine.open(SessionSpec.builder(id, dir).provider("puppet").build()));
            Principal owner = new Principal(runs.spec().owner(), Set.of(Scope.SESSION_READ), "key");
            SessionAccess access = new SessionAccess(engine, Set.of(), dir, known -> Quota.UNLIMITED, used -> {});

            List<Feed.Frame> told = new Mirrors()
                    .follower(access, owner, new Presence(false, Duration.ZERO))
                    .state(0)
                    .toCompletableFuture()
                    .join();

            assertThat(told)
                    .filteredOn(frame -> frame.payload().contains("\"session.idle\""))
                    .extracting(Feed.Frame::session)
                    .containsExactlyInAnyOrderElementsOf(rest);
            assertThat(told)
                    .filteredOn(frame -> frame.session().equals("s0")
                            && frame.directory().equals(dir.toString())
                            && frame.payload().contains("\"busy\""))
                    .hasSize(1);
        }
    }

    @Test
    void oneThatIsUsedWhileSomebodyLooksWhetherItRestsIsNotLetGoOf() {
        Mirrors mirrors = new Mirrors(Duration.ofHours(1));
        AtomicReference<Runnable> meanwhile = new AtomicReference<>(() -> {});
        Session session =
                MirrorTest.session(0, null, () -> meanwhile.getAndSet(() -> {}).run());
        Mirror mirror = mirrors.of(session);
        long later = System.nanoTime() + Duration.ofHours(2).toNanos();

        meanwhile.set(() -> mirrors.of(session));
        mirrors.sweep(later);
        assertThat(mirror.isOver()).isFalse();

        mirrors.sweep(later);
        assertThat(mirror.isOver()).isTrue();
        assertThat(mirrors.of(session)).isNotSameAs(mirror);
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
