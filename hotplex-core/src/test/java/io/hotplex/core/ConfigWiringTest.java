package io.hotplex.core;

import static io.hotplex.core.EngineFixture.only;
import static io.hotplex.core.EngineFixture.read;
import static io.hotplex.core.EngineFixture.result;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.Turn;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.testkit.agent.Fault;
import io.hotplex.testkit.agent.FaultPoint;
import io.hotplex.testkit.agent.ScriptedAgent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every configuration key does what it says; those that are not here are in the other tests of this package. */
class ConfigWiringTest {
    @TempDir
    Path dir;

    @Test
    void everyKeyIsUsedInATestOfTheEngine() throws IOException {
        StringBuilder tests = new StringBuilder();
        try (Stream<Path> files = Files.list(Path.of("src/test/java/io/hotplex/core"))) {
            for (Path file : files.filter(
                            f -> f.toString().endsWith("Test.java") && !f.endsWith("EngineConfigTest.java"))
                    .toList()) {
                tests.append(Files.readString(file));
            }
        }
        assertThat(EngineConfig.keys())
                .allSatisfy(key -> assertThat(tests.toString()).contains('"' + key.name() + '"'));
    }

    @Test
    void theGracesOfTheKillLadderReachTheProcess() {
        try (EngineFixture f = new EngineFixture(dir, "eof-grace", "123ms", "term-grace", "45ms")) {
            f.hot("s1").close().toCompletableFuture().join();

            assertThat(f.agents.process(1).signals).contains("terminate 123 45");
        }
    }

    @Test
    void anAgentThatClosesItsOutputHasTheDrainTimeoutToEnd() {
        try (EngineFixture f = new EngineFixture(dir, "drain-timeout", "77ms", "term-grace", "45ms")) {
            f.hot("s1");
            f.agents.process(1).exit(1, null);

            assertThat(f.agents.process(1).signals).contains("terminate 77 45");
        }
    }

    @Test
    void theTimeForTheSearchForSurvivorsReachesTheLauncher() {
        EngineConfig config = EngineConfig.fromProperties(Map.of("sweep-timeout", "3s"));

        assertThat(config.launcherConfig().sweepTimeout()).isEqualTo(Duration.ofSeconds(3));
    }

    @Test
    void theGuardianIsAChildOfThisProcessUnlessItIsOff() {
        for (String mode : List.of("required", "off")) {
            long before = guardians();
            try (Engine engine = real(Fault.NONE, FaultPoint.STARTING, "guardian", mode)) {
                assertThat(engine.providers()).isNotEmpty();
                assertThat(guardians()).isEqualTo(before + (mode.equals("off") ? 0 : 1));
            }
            await().until(() -> guardians() == before);
        }
    }

    private static long guardians() {
        return ProcessHandle.current()
                .children()
                .filter(child -> child.info().command().isPresent())
                .filter(child ->
                        List.of(child.info().arguments().orElse(new String[0])).contains("hotplex-guardian"))
                .count();
    }

    @Test
    void theRunIsWrittenDownInTheStateDirectoryAsLongAsItLasts() {
        try (Engine engine = real(Fault.NONE, FaultPoint.STARTING)) {
            assertThat(engine.providers()).isNotEmpty();
            assertThat(dir.resolve("state/runs")).isNotEmptyDirectory();
        }
        assertThat(dir.resolve("state/runs")).isEmptyDirectory();
    }

    @Test
    void leasesLieInTheStateDirectory() {
        Path state = dir.resolve("elsewhere");
        try (EngineFixture f = new EngineFixture(dir, "state-directory", state.toString())) {
            f.hot("s1");

            assertThat(state.resolve("leases.lock")).exists();
        }
    }

    @Test
    void readingPausesWhenTooMuchOutputWaitsForTheOwner() throws InterruptedException {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        HotPlex builder = HotPlex.builder().guard((spec, prompt) -> {
            if (prompt.text().equals("block")) {
                inside.countDown();
                awaitLatch(go);
            }
            return io.hotplex.api.spi.PromptGuard.Decision.ALLOW;
        });
        try (EngineFixture f = new EngineFixture(dir, builder, "mailbox-max-bytes", "1000")) {
            Session session = f.hot("s1");
            List<EventRecord> events = read(session);
            Thread owner = new Thread(() -> session.submit(Prompt.of("block")));
            owner.start();
            inside.await();
            for (int i = 0; i < 100; i++) {
                f.agents.process(1).say("delta " + "x".repeat(100));
            }
            boolean paused = !f.agents.process(1).reading; // though the owner has not looked yet

            go.countDown();
            owner.join();

            await().until(() -> only(events, AgentEvent.TextDelta.class).size() == 100);
            assertThat(paused).isTrue();
            assertThat(f.agents.process(1).pauses).hasPositiveValue();
            assertThat(f.agents.process(1).reading).isTrue();
        }
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void subscriptionsReadInBatches() {
        ConcurrentLinkedQueue<Integer> batches = new ConcurrentLinkedQueue<>();
        Journal spy = new WatchedJournal(() -> {}, batches::add);
        try (EngineFixture f = new EngineFixture(dir, HotPlex.builder().journal(spy), "subscription-batch", "7")) {
            List<EventRecord> events = read(f.hot("s1"));
            await().until(() -> !events.isEmpty());

            assertThat(batches).isNotEmpty().containsOnly(7);
        }
    }

    @Test
    void theLauncherIsTheOneThatWasChosen() {
        for (String kind : List.of("posix", "portable")) {
            try (Engine engine = real(Fault.NONE, FaultPoint.STARTING, "launcher", kind)) {
                Session session = engine.open(SessionSpec.builder("s1", dir).build());
                List<EventRecord> events = read(session);
                assertThat(result(session.submit(Prompt.of("SAY 1"))).completed())
                        .isTrue();
                String launcher = kind.equals("posix")
                        ? only(events, AgentEvent.SessionStarted.class).get(0).launcher()
                        : only(events, AgentEvent.SessionResumed.class).get(0).launcher();
                assertThat(launcher).startsWith(kind);
            }
        }
    }

    @Test
    void thereAreAsManyIoThreadsAsConfigured() {
        try (Engine engine = real(Fault.NONE, FaultPoint.STARTING, "launcher", "posix", "io-threads", "3")) {
            assertThat(engine.providers()).isNotEmpty();
            assertThat(Thread.getAllStackTraces().keySet().stream()
                            .filter(t -> t.isAlive() && t.getName().startsWith("hotplex-io")))
                    .hasSize(3);
        }
    }

    @Test
    void theEnvironmentIsAnAllowListThatCanBeExtended() {
        try (Engine engine =
                real(Fault.NONE, FaultPoint.STARTING, "inherit-environment", "HPX_TEST_INHER*,HPX_TEST_OTHER")) {
            Session session = engine.open(SessionSpec.builder("s1", dir)
                    .environment("ADDED", "by spec")
                    .build());
            assertThat(result(session.submit(Prompt.of("ENV HPX_TEST_INHERITED")))
                            .text())
                    .contains("from the test");
            assertThat(result(session.submit(Prompt.of("ENV ADDED"))).text()).contains("by spec");
            assertThat(result(session.submit(Prompt.of("ENV HPX_TEST_SECRET"))).text())
                    .doesNotContain("must not be seen");
        }
    }

    @Test
    void anAgentThatReadsNothingOverflowsItsInputQueue() {
        try (Engine engine = real(
                Fault.NEVER_READ,
                FaultPoint.READY,
                "stdin-queue-bytes",
                "64KiB",
                "prompt-max-bytes",
                "32KiB",
                "first-output-timeout",
                "60s")) {
            Session session = engine.open(SessionSpec.builder("s1", dir).build());
            assertThat(result(session.submit(Prompt.of("SAY 1"))).completed()).isTrue();

            Turn turn = session.submit(Prompt.of("\u0001".repeat(30 << 10))); // six bytes each in JSON

            assertThat(result(turn).code()).isEqualTo(ErrorCode.AGENT_PROTOCOL);
        }
    }

    @Test
    void aFailedStartQuotesTheLastLinesOfTheErrorOutput() {
        Map<String, String> provider =
                Map.of("command", "/bin/sh", "command-args", "-c,echo one >&2; echo two >&2; echo three >&2; exit 7");
        try (Engine engine = HotPlex.builder()
                .config(EngineConfig.fromProperties(
                        Map.of("state-directory", dir.resolve("state").toString(), "stderr-tail-lines", "2")))
                .provider(ProviderConfig.of("claude", "claude", provider))
                .build()) {
            Turn turn = engine.open(SessionSpec.builder("s1", dir).build()).submit(Prompt.of("a"));

            assertThat(result(turn).end()).isInstanceOfSatisfying(AgentEvent.TurnFailed.class, e -> {
                assertThat(e.code()).isEqualTo(ErrorCode.AGENT_START_FAILED);
                assertThat(e.message())
                        .contains("exit status 7", "two", "three")
                        .doesNotContain("one");
            });
        }
    }

    private Engine real(Fault fault, FaultPoint point, String... settings) {
        List<String> command = ScriptedAgent.command()
                .fault(fault, point)
                .stateDirectory(dir.resolve("agent"))
                .build();
        Map<String, String> map = new LinkedHashMap<>();
        map.put("state-directory", dir.resolve("state").toString());
        for (int i = 0; i < settings.length; i += 2) {
            map.put(settings[i], settings[i + 1]);
        }
        return HotPlex.builder()
                .config(EngineConfig.fromProperties(map))
                .provider(EngineFixture.claude(command))
                .build();
    }
}
