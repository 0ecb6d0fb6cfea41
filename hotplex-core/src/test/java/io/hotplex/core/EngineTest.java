package io.hotplex.core;

import static io.hotplex.core.EngineFixture.read;
import static io.hotplex.core.EngineFixture.result;
import static io.hotplex.core.EngineFixture.types;
import static io.hotplex.core.SessionTurnsTest.assertCode;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.PoolSnapshot;
import io.hotplex.api.Prompt;
import io.hotplex.api.ProviderStatus;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.Subscriber;
import io.hotplex.api.ToolRules;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnResult;
import io.hotplex.api.spi.EngineListener;
import io.hotplex.api.spi.ProviderConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EngineTest {
    @TempDir
    Path dir;

    @Test
    void tellsWhetherAnAgentIsThereAndItsVersion() {
        try (EngineFixture f = new EngineFixture(dir)) {
            assertThat(f.engine.probe(null).toCompletableFuture().join())
                    .isEqualTo(new ProviderStatus("fake", true, "1", "fake"));
            assertThat(f.engine.probe("fake").toCompletableFuture().join().available())
                    .isTrue();
            assertThatThrownBy(() -> f.engine.probe("nobody")).hasMessageContaining("nobody");
        }
    }

    @Test
    void closesItsProvidersBeforeTheLauncherKillsWhatIsLeft() {
        FakeAgents provider = new FakeAgents("fake");
        FakeAgents launcher = new FakeAgents("launcher");
        List<String> closed = new ArrayList<>();
        provider.onClose = () -> {
            closed.add("provider");
            throw new IllegalStateException("a provider that fails to close");
        };
        launcher.onClose = () -> closed.add("launcher");
        Engine engine = HotPlex.builder()
                .config(EngineConfig.fromProperties(
                        Map.of("state-directory", dir.resolve("state").toString())))
                .provider(provider)
                .launcher(launcher)
                .build();

        engine.close();

        assertThat(closed).containsExactly("provider", "launcher");
    }

    @Test
    void workDirectoriesThatCannotBeUsedAreRefusedWithACode() throws IOException {
        Path root = Files.createDirectory(dir.resolve("root"));
        Path outside = Files.createDirectory(dir.resolve("outside"));
        Path file = Files.createFile(root.resolve("file"));
        Path link = Files.createSymbolicLink(root.resolve("link"), outside);
        Path inner = Files.createDirectory(root.resolve("inner"));
        try (EngineFixture f = new EngineFixture(dir, "work-dir-roots", root.toString())) {
            assertCode(() -> open(f, root.resolve("missing")), ErrorCode.WORK_DIR_NOT_FOUND);
            assertCode(() -> open(f, file), ErrorCode.WORK_DIR_NOT_A_DIRECTORY);
            assertCode(() -> open(f, Path.of("relative")), ErrorCode.WORK_DIR_NOT_ABSOLUTE);
            assertCode(() -> open(f, link), ErrorCode.WORK_DIR_FORBIDDEN);
            assertCode(() -> open(f, root.resolve("../outside")), ErrorCode.WORK_DIR_FORBIDDEN);
            assertThat(open(f, root.resolve("inner/../inner")).spec().workDir()).isEqualTo(inner.toRealPath());
        }
        assertCode(
                () -> new EngineFixture(
                        dir, "work-dir-roots", dir.resolve("gone").toString()),
                ErrorCode.CONFIG_INVALID);
    }

    private static Session open(EngineFixture f, Path workDir) {
        return f.engine.open(SessionSpec.builder("s1", workDir).build());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a/b", "a\nb", "a\u0000b", "ä", "a b"})
    void badSessionIdsAreRefused(String id) {
        assertCode(() -> SessionSpec.builder(id, dir).build(), ErrorCode.SESSION_ID_INVALID);
    }

    @Test
    void optionsThatContradictEachOtherAreRefused() {
        assertCode(() -> new ToolRules(null, List.of("Bash"), List.of("Bash")), ErrorCode.OPTIONS_CONFLICT);
        assertCode(
                () -> SessionSpec.builder("s", dir)
                        .resumeAgentSession("a")
                        .forkAgentSession("b")
                        .build(),
                ErrorCode.OPTIONS_CONFLICT);
        assertCode(() -> SessionSpec.builder("s", dir).strictMcpConfig(true).build(), ErrorCode.OPTIONS_CONFLICT);
        assertCode(() -> SessionSpec.builder("s", dir).environment("A=B", "c").build(), ErrorCode.INVALID_ARGUMENT);
    }

    @Test
    void anUnknownProviderIsRefusedWithTheListOfThoseThatExist() {
        try (EngineFixture f = new EngineFixture(dir)) {
            assertThatThrownBy(() -> f.engine.open(f.spec("s").provider("nope").build()))
                    .isInstanceOfSatisfying(
                            HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.PROVIDER_UNKNOWN))
                    .hasMessageContaining("[fake]");
        }
        assertThatThrownBy(() ->
                        HotPlex.builder().provider(ProviderConfig.of("nope")).build())
                .hasMessageContaining("'nope'")
                .hasMessageContaining("claude");
        assertCode(() -> new EngineFixture(dir, "default-provider", "nope"), ErrorCode.PROVIDER_UNKNOWN);
    }

    @Test
    void severalInstancesOfOneTypeLiveUnderTheirNames() {
        HotPlex builder = HotPlex.builder()
                .provider(ProviderConfig.of("one", "claude", java.util.Map.of("command", "/bin/true")))
                .provider(ProviderConfig.of("two", "claude", java.util.Map.of("command", "/bin/true")))
                .provider(ProviderConfig.of("off", "claude", java.util.Map.of("enabled", "false")));
        try (EngineFixture f = new EngineFixture(dir, builder, "default-provider", "fake")) {
            assertThat(f.engine.providers()).containsExactly("one", "two", "fake");
            assertThat(f.open("s1").spec().provider()).isEqualTo("fake");
            assertThat(f.engine
                            .open(f.spec("s2").provider("two").build())
                            .info()
                            .provider())
                    .isEqualTo("two");
        }
        HotPlex twice = HotPlex.builder().provider(ProviderConfig.of("claude")).provider(ProviderConfig.of("claude"));
        assertCode(twice::build, ErrorCode.CONFIG_INVALID);
    }

    @Test
    void theSameSpecificationIsTheSameSessionAndAnotherIsAConflict() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.open("s1");

            assertThat(f.open("s1")).isSameAs(session);
            assertThat(f.engine.session("s1")).containsSame(session);
            assertThat(f.engine.session("s2")).isEmpty();
            assertCode(() -> f.engine.open(f.spec("s1").model("other").build()), ErrorCode.SESSION_CONFLICT);
        }
    }

    @Test
    void sessionsAreLimitedInAllAndPerOwner() {
        try (EngineFixture f = new EngineFixture(dir, "max-sessions", "3", "max-sessions-per-owner", "2")) {
            f.open("a");
            f.open("b");
            assertCode(() -> f.open("c"), ErrorCode.SESSION_LIMIT);
            f.engine.open(f.spec("d").owner("ann").build());
            assertThatThrownBy(() -> f.engine.open(f.spec("e").owner("bob").build()))
                    .hasMessageContaining("max-sessions)");
            assertThat(f.engine.sessions()).extracting(i -> i.owner()).contains("local", "ann");
        }
    }

    @Test
    void aSubscriberReplaysFollowsAndEndsWithTheSession() {
        try (EngineFixture f = new EngineFixture(dir, "subscription-batch", "2")) {
            Session session = f.hot("s1");
            List<Long> offsets = new CopyOnWriteArrayList<>();
            CountDownLatch closed = new CountDownLatch(1);
            session.subscribe(1, new Subscriber() {
                @Override
                public void onEvent(EventRecord record) {
                    offsets.add(record.offset());
                }

                @Override
                public void onClosed() {
                    closed.countDown();
                }
            });
            Turn turn = session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a").say("delta x", "done A");
            result(turn);
            session.close().toCompletableFuture().join();

            await().until(() -> closed.getCount() == 0);
            assertThat(offsets)
                    .isEqualTo(java.util.stream.LongStream.rangeClosed(
                                    2, session.info().newestOffset())
                            .boxed()
                            .toList());
            assertThat(types(read(session))).isNotNull();
            assertCode(() -> session.subscribe(-1, r -> {}), ErrorCode.INVALID_ARGUMENT);
            assertCode(() -> session.subscribe(99, r -> {}), ErrorCode.INVALID_ARGUMENT);
        }
    }

    @Test
    void aBlockedSubscriberDelaysNobodyAndLosesNothing() {
        try (EngineFixture f = new EngineFixture(dir, "merge-backlog", "10")) {
            Session session = f.hot("s1");
            CountDownLatch gate = new CountDownLatch(1);
            List<EventRecord> slow = new CopyOnWriteArrayList<>();
            session.subscribe(0, record -> {
                try {
                    gate.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                slow.add(record);
            });
            Turn turn = session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a");
            for (int i = 0; i < 1000; i++) {
                f.agents.process(1).say("delta " + i % 10);
            }
            f.agents.process(1).say("done A");
            assertThat(result(turn).completed()).isTrue();

            gate.countDown();

            await().until(() -> !slow.isEmpty()
                    && slow.get(slow.size() - 1).offset() == session.info().newestOffset());
            String text = EngineFixture.only(slow, AgentEvent.TextDelta.class).stream()
                    .map(AgentEvent.TextDelta::text)
                    .reduce("", String::concat);
            assertThat(text).isEqualTo("0123456789".repeat(100));
            assertThat(slow).as("deltas were merged").hasSizeLessThan(200);
            for (int i = 1; i < slow.size(); i++) {
                assertThat(slow.get(i).firstOffset()).isEqualTo(slow.get(i - 1).offset() + 1);
            }
        }
    }

    @Test
    void aCursorThatIsTooOldGetsAReset() {
        try (EngineFixture f =
                new EngineFixture(dir, "journal-max-bytes-per-session", "64KiB", "journal-max-bytes", "1MiB")) {
            Session session = f.hot("s1");
            Turn turn = session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a");
            for (int i = 0; i < 2000; i++) {
                f.agents.process(1).say("delta " + "x".repeat(200));
            }
            f.agents.process(1).say("done A");
            result(turn);
            AtomicLong oldest = new AtomicLong();
            List<EventRecord> records = new CopyOnWriteArrayList<>();
            session.subscribe(0, new Subscriber() {
                @Override
                public void onEvent(EventRecord record) {
                    records.add(record);
                }

                @Override
                public void onReset(long first, long newest) {
                    oldest.set(first);
                }
            });

            await().until(() -> !records.isEmpty()
                    && records.get(records.size() - 1).offset()
                            == session.info().newestOffset());
            assertThat(oldest.get()).isGreaterThan(1).isEqualTo(records.get(0).firstOffset());
        }
    }

    @Test
    void theListenerHearsEverythingAndItsFailuresAreIgnored() {
        List<String> heard = new CopyOnWriteArrayList<>();
        EngineListener listener = new EngineListener() {
            private void note(String what) {
                heard.add(what);
                throw new IllegalStateException("planted");
            }

            @Override
            public void onSessionOpened(String sessionId, String provider) {
                note("opened " + sessionId + " " + provider);
            }

            @Override
            public void onSessionClosed(String sessionId, String provider) {
                note("closed " + sessionId);
            }

            @Override
            public void onProcessReady(String sessionId, String provider, int generation, Duration start) {
                note("ready " + generation + " " + !start.isNegative());
            }

            @Override
            public void onProcessExited(String sessionId, String provider, int generation, boolean expected) {
                note("exited " + generation + " " + expected);
            }

            @Override
            public void onTurnAccepted(String sessionId, String provider, String turnId) {
                note("accepted");
            }

            @Override
            public void onTurnEnded(String provider, TurnResult result) {
                note("ended " + result.completed());
            }

            @Override
            public void onPoolExhausted(PoolSnapshot snapshot) {
                note("exhausted " + snapshot.maxProcesses());
            }
        };
        try (EngineFixture f = new EngineFixture(
                dir, HotPlex.builder().listener(listener), "max-processes", "1", "admission-timeout", "500ms")) {
            Session session = f.hot("s1");
            session.submit(Prompt.of("works"));
            result(f.open("s2").submit(Prompt.of("a")));
            session.close().toCompletableFuture().join();
        }
        assertThat(heard)
                .contains(
                        "opened s1 fake",
                        "accepted",
                        "ready 1 true",
                        "ended true",
                        "exhausted 1",
                        "ended false",
                        "exited 1 true",
                        "closed s1");
    }

    @Test
    void recordsCarryTheClocksTimeAndCallbacksRunOnTheGivenExecutor() {
        Clock clock = Clock.fixed(Instant.ofEpochSecond(5), ZoneOffset.UTC);
        AtomicInteger executed = new AtomicInteger();
        HotPlex builder = HotPlex.builder().clock(clock).executor(task -> {
            executed.incrementAndGet();
            new Thread(task, "mine").start();
        });
        try (EngineFixture f = new EngineFixture(dir, builder)) {
            List<String> threads = new CopyOnWriteArrayList<>();
            Session session = f.open("s1");
            session.subscribe(0, r -> {
                assertThat(r.time()).isEqualTo(clock.instant());
                threads.add(Thread.currentThread().getName());
            });
            Turn turn = session.submit(Prompt.of("a"));
            f.agents.process(1).say("ready").expect("prompt a").say("done A");
            result(turn);
            await().until(() -> threads.size() >= 3);
            assertThat(threads).containsOnly("mine");
            assertThat(executed).hasPositiveValue();
        }
    }
}
