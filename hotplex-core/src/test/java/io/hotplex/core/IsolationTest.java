package io.hotplex.core;

import static io.hotplex.core.EngineFixture.only;
import static io.hotplex.core.EngineFixture.read;
import static io.hotplex.core.EngineFixture.result;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Confinement;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.ProcessUsage;
import io.hotplex.api.Prompt;
import io.hotplex.api.ResourceLimits;
import io.hotplex.api.Session;
import io.hotplex.api.Turn;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.Isolation;
import io.hotplex.core.FakeAgents.FakeProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the engine asks of its launcher, and what it makes of what the launcher tells. */
class IsolationTest {
    @TempDir
    Path dir;

    @Test
    void theConfiguredConfinementReachesTheLauncher() {
        try (EngineFixture f = new EngineFixture(
                dir,
                "confinement",
                "bubblewrap",
                "confinement-strict",
                "true",
                "confinement-network",
                "false",
                "confinement-writable-paths",
                "/w",
                "confinement-read-only-paths",
                "/r1,/r2",
                "confinement-hidden-paths",
                "/etc/keys")) {
            f.hot("s1");

            Isolation isolation = f.agents.process(1).spec.isolation();
            assertThat(isolation.confinement())
                    .isEqualTo(new Confinement(
                            Confinement.Kind.BUBBLEWRAP,
                            true,
                            false,
                            List.of(Path.of("/w")),
                            List.of(Path.of("/r1"), Path.of("/r2"))));
            assertThat(isolation.writable()).containsExactly(Path.of("/fake/state"));
            assertThat(isolation.readOnly()).containsExactly(Path.of("/fake/state/settings"));
            assertThat(isolation.hidden()).containsExactly(Path.of("/etc/keys"), dir.resolve("state"));
        }
    }

    @Test
    void theConfiguredLimitsReachTheLauncher() {
        try (EngineFixture f = new EngineFixture(
                dir,
                "limit-memory",
                "2GiB",
                "limit-processes",
                "100",
                "limit-cpus",
                "1.5",
                "limit-open-files",
                "256",
                "limit-core-size",
                "0",
                "limit-user-processes",
                "4000")) {
            f.hot("s1");

            assertThat(f.agents.process(1).spec.isolation().limits())
                    .isEqualTo(new ResourceLimits(2L << 30, 100, 1.5, 256, 0L, 4000));
        }
    }

    @Test
    void onlyASandboxCanTakeTheNetworkAway() {
        SessionTurnsTest.assertCode(
                () -> EngineConfig.builder().set("confinement-network", "false").build(), ErrorCode.CONFIG_INVALID);
        SessionTurnsTest.assertCode(
                () -> Confinement.of(Confinement.Kind.CGROUP).withNetwork(false), ErrorCode.OPTIONS_CONFLICT);
    }

    @Test
    void theParentOfControlGroupsReachesTheLauncher() {
        assertThat(EngineConfig.builder()
                        .set("cgroup-parent", "/sys/fs/cgroup/agents")
                        .build()
                        .launcherConfig()
                        .cgroupParent())
                .isEqualTo(Path.of("/sys/fs/cgroup/agents"));
    }

    @Test
    void aSessionsOwnIsolationCountsMoreThanTheConfigured() {
        Confinement own = Confinement.of(Confinement.Kind.PID_NAMESPACE).withStrict(true);
        ResourceLimits limits = ResourceLimits.builder().openFiles(64).build();
        try (EngineFixture f = new EngineFixture(dir, "confinement", "cgroup", "limit-memory", "1GiB")) {
            Session session =
                    f.engine.open(f.spec("s1").confinement(own).limits(limits).build());
            session.submit(Prompt.of("a"));

            assertThat(f.agents.process(1).spec.isolation().confinement()).isEqualTo(own);
            assertThat(f.agents.process(1).spec.isolation().limits()).isEqualTo(limits);
            assertThat(session.spec().confinement()).isEqualTo(own);
            assertThat(f.open("s2").spec().confinement()).isEqualTo(Confinement.of(Confinement.Kind.CGROUP));
        }
    }

    @Test
    void whatCannotBeHadIsWrittenDownWhenTheProcessIsReady() {
        try (EngineFixture f = new EngineFixture(dir, "confinement", "bubblewrap")) {
            Session session = f.open("s1");
            session.submit(Prompt.of("a"));
            FakeProcess process = f.agents.process(1);
            process.isolation = new Isolation.Applied(Confinement.Kind.CGROUP, List.of("bwrap is not installed"));
            process.expect("hello").say("ready").expect("prompt");

            List<EventRecord> events = read(session);
            await().until(() -> !only(events, AgentEvent.SessionStarted.class).isEmpty());
            assertThat(only(events, AgentEvent.IsolationReduced.class))
                    .containsExactly(
                            new AgentEvent.IsolationReduced("bubblewrap", "cgroup", List.of("bwrap is not installed")));
            assertThat(only(events, AgentEvent.SessionStarted.class).get(0).confinement())
                    .isEqualTo("cgroup");
        }
    }

    @Test
    void aStrictConfinementThatCannotBeHadFailsTheTurn() {
        try (EngineFixture f = new EngineFixture(dir, "confinement", "cgroup", "confinement-strict", "true")) {
            f.agents.launchFailures.add(new HotPlexException(ErrorCode.CONFINEMENT_UNAVAILABLE, "no cgroup"));

            Turn turn = f.open("s1").submit(Prompt.of("a"));

            assertThat(result(turn).code()).isEqualTo(ErrorCode.CONFINEMENT_UNAVAILABLE);
        }
    }

    @Test
    void anAgentThatTheKernelKilledForItsMemoryFailsItsTurnWithThatCode() {
        try (EngineFixture f = new EngineFixture(dir)) {
            Session session = f.hot("s1");
            List<EventRecord> events = read(session);
            Turn turn = session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a").exit(new ExitStatus(null, 9, true));

            assertThat(result(turn).code()).isEqualTo(ErrorCode.AGENT_OUT_OF_MEMORY);
            await().until(() -> !only(events, AgentEvent.ProcessExited.class).isEmpty());
            assertThat(only(events, AgentEvent.ProcessExited.class).get(0)).satisfies(exited -> {
                assertThat(exited.outOfMemory()).isTrue();
                assertThat(exited.expected()).isFalse();
                assertThat(exited.reason()).contains("limit-memory");
            });
        }
    }

    @Test
    void usageIsThatOfTheProcessAndEmptyWithoutOne() {
        try (EngineFixture f = new EngineFixture(dir)) {
            assertThat(f.open("s0").usage().toCompletableFuture().join()).isEmpty();
            Session session = f.hot("s1");
            ProcessUsage usage = new ProcessUsage(3, 1 << 20, Duration.ofSeconds(2));
            f.agents.process(1).usage = Optional.of(usage);

            assertThat(session.usage().toCompletableFuture().join()).contains(usage);
        }
    }

    @Test
    void anIdleAgentWithTooManyDescendantsIsRecycledAndTheNextPromptResumes() {
        recycles(new String[] {"max-descendants", "2"}, new ProcessUsage(4, 0, Duration.ZERO), "3 processes");
    }

    @Test
    void anIdleAgentThatHoldsTooMuchMemoryIsRecycledAndTheNextPromptResumes() {
        recycles(new String[] {"max-rss", "10MiB"}, new ProcessUsage(1, 11 << 20, Duration.ZERO), "11 MiB");
    }

    private void recycles(String[] limit, ProcessUsage tooMuch, String why) {
        try (EngineFixture f = new EngineFixture(dir, limit[0], limit[1], "idle-timeout", "2s")) {
            Session session = f.hot("s1");
            List<EventRecord> events = read(session);
            f.agents.process(1).usage = Optional.of(tooMuch);

            await().until(() -> !only(events, AgentEvent.ProcessExited.class).isEmpty());
            assertThat(only(events, AgentEvent.ProcessExited.class).get(0).reason())
                    .startsWith("recycled: ")
                    .contains(why, limit[0]);
            session.submit(Prompt.of("again"));
            assertThat(f.agents.process(2).start()).startsWith("RESUME");
        }
    }

    @Test
    void anAgentIsNotRecycledInATurnNorBelowItsLimits() {
        try (EngineFixture f = new EngineFixture(dir, "max-descendants", "2", "idle-timeout", "400ms")) {
            Session below = f.hot("s1");
            f.agents.process(1).usage = Optional.of(new ProcessUsage(3, 0, Duration.ZERO));
            Session busy = f.hot("s2");
            Turn turn = busy.submit(Prompt.of("long"));
            FakeProcess process = f.agents.process(2).expect("prompt long");
            process.usage = Optional.of(new ProcessUsage(100, 0, Duration.ZERO));
            await().until(() -> f.agents.process(1).usageCalls.get() >= 1);
            List<EventRecord> events = read(below);
            await().until(() -> !only(events, AgentEvent.ProcessExited.class).isEmpty()); // sweeps went on till then

            assertThat(only(events, AgentEvent.ProcessExited.class).get(0).reason())
                    .isEqualTo("idle");
            assertThat(process.isGone()).isFalse();
            process.say("done x");
            assertThat(result(turn).completed()).isTrue();
        }
    }
}
