package io.hotplex.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.Engine;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessLauncherProvider;
import io.hotplex.testkit.LeakChecks;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Nothing that an agent started outlives it, whatever dies first. A round is one agent with descendants of every kind
 * that {@link TreeProvider} knows; five of them live at the same time. {@code -Drounds=200} does more of them. At the
 * end the times to a clean machine are printed.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(1800)
class SurvivorsTest {
    private static final int ROUNDS = Integer.getInteger("rounds", 20);
    private static final int AGENTS = 5;
    /** So long nothing may be seen: a process that hides from one look would show in another. */
    private static final Duration QUIET = Duration.ofMillis(600);

    private static final Map<String, Row> ROWS = new TreeMap<>();

    /** What was seen of one way to die. */
    private static final class Row {
        private final List<Long> times = new ArrayList<>();
        private int trees;
        private final Set<Long> survivors = new HashSet<>();
    }

    @TempDir
    Path dir;

    private final List<Process> victims = new ArrayList<>();
    private final String tag = "9" + ThreadLocalRandom.current().nextLong(100_000_000L, 1_000_000_000L);

    @BeforeEach
    void needsPerl() throws IOException {
        assumeThat(Path.of("/usr/bin/perl")).as("perl, which makes the daemon").exists();
        Files.writeString(dir.resolve("tag"), tag);
    }

    @AfterEach
    void leavesNothing() {
        victims.forEach(Process::destroyForcibly);
        List<Long> left = LeakChecks.processesMarked(tag);
        left.forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
        assertThat(left).as("survivors").isEmpty();
    }

    @AfterAll
    static void printTable() {
        System.out.printf("%-52s %6s %9s %9s %9s%n", "way", "trees", "survivors", "p50 ms", "max ms");
        ROWS.forEach((way, row) -> {
            long[] sorted =
                    row.times.stream().mapToLong(Long::longValue).sorted().toArray();
            System.out.printf(
                    Locale.ROOT,
                    "%-52s %6d %9d %9d %9d%n",
                    way,
                    row.trees,
                    row.survivors.size(),
                    sorted[sorted.length / 2],
                    sorted[sorted.length - 1]);
        });
    }

    @Test
    void afterASessionIsClosed() {
        try (Engine engine = Victim.open(dir, tag)) {
            for (int i = 0; i < ROUNDS; i += AGENTS) {
                List<Session> sessions = agents(engine, AGENTS, i);
                clean("1 sessions closed, 5 agents", AGENTS, () -> sessions.forEach(Session::close));
            }
        }
    }

    @Test
    void afterTheIdleSweep() {
        try (Engine engine = Victim.open(dir, tag, "idle-timeout", "40ms")) {
            for (int i = 0; i < ROUNDS; i += AGENTS) {
                Victim.start(engine, dir, AGENTS, i);
                clean("2 idle sweep (40 ms of idleness counted), 5 agents", AGENTS, () -> {});
            }
        }
    }

    @Test
    void afterATurnTimedOut() {
        try (Engine engine = Victim.open(dir, tag, "turn-timeout", "5s")) {
            for (int i = 0; i < ROUNDS; i += AGENTS) {
                List<Session> sessions = agents(engine, AGENTS, i);
                Prompt hang =
                        Prompt.builder("hang").timeout(Duration.ofMillis(20)).build();
                clean(
                        "3 turn timeout (20 ms of turn counted), 5 agents",
                        AGENTS,
                        () -> sessions.forEach(session -> session.submit(hang)));
            }
        }
    }

    @Test
    void afterTheEngineIsClosed() {
        for (int i = 0; i < ROUNDS; i += AGENTS) {
            Engine engine = Victim.open(dir, tag);
            agents(engine, AGENTS, 0);
            clean("4 engine closed, 5 agents", AGENTS, engine::close);
        }
    }

    @Test
    void afterTheJvmIsTerminated() throws Exception {
        for (int i = 0; i < ROUNDS; i += AGENTS) {
            Process victim = victim("hold");
            clean("5 JVM SIGTERM, 5 agents", AGENTS, victim::destroy);
        }
    }

    @Test
    void afterTheJvmIsKilled() throws Exception {
        for (int i = 0; i < ROUNDS; i += AGENTS) {
            Process victim = victim("hold");
            clean("6 JVM SIGKILL, 5 agents", AGENTS, victim::destroyForcibly);
        }
    }

    @Test
    void afterTheJvmIsKilledInTheMiddleOfLaunches() throws Exception {
        for (int i = 0; i < ROUNDS; i += AGENTS) {
            Process victim = victim("launch");
            int some = ThreadLocalRandom.current().nextInt(3, 40);
            await().pollInterval(Duration.ofMillis(1))
                    .until(() -> LeakChecks.processesMarked(tag).size() >= some);
            clean("7 JVM SIGKILL while 4 agents start", AGENTS, victim::destroyForcibly);
        }
    }

    @Test
    void afterTheGuardianIsKilledAndThenTheJvm() throws Exception {
        for (int i = 0; i < ROUNDS; i += AGENTS) {
            Process victim = victim("hold");
            long first = guardian(victim);
            signal("KILL", first);
            await().until(() -> guardian(victim), pid -> pid > 0 && pid != first); // asked once: it may end meanwhile
            clean("8 guardian SIGKILL, another one, JVM SIGKILL", AGENTS, victim::destroyForcibly);
        }
    }

    @Test
    void afterTheGuardianIsKilledAndTheJvmBeforeAnotherOneIsUp() throws Exception {
        for (int i = 0; i < ROUNDS; i += AGENTS) {
            Process victim = victim("hold");
            signal("KILL", guardian(victim));
            victim.destroyForcibly().waitFor(); // at once: there may be another one by now, or not
            clean(
                    "9 guardian SIGKILL, at once JVM SIGKILL, next start",
                    AGENTS,
                    () -> Victim.open(dir, tag).close());
        }
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"portable launcher", "cgroup", "pid-namespace", "bubblewrap"})
    void withAnotherLauncherAndInEachConfinement(String name) throws Exception {
        String[] settings = name.startsWith("portable")
                ? new String[] {"launcher", "portable"}
                : new String[] {"confinement", name, "confinement-strict", "true"};
        assumeAvailable(name);
        try (Engine engine = Victim.open(dir, tag, settings)) {
            List<Session> sessions = Victim.start(engine, dir, AGENTS, 0);
            awaitAtLeast(AGENTS * TreeProvider.PROCESSES);
            clean("B " + name + ", sessions closed", AGENTS, () -> sessions.forEach(Session::close));
        }
        Process victim = victim("hold with settings", 0, settings);
        awaitAtLeast(AGENTS * TreeProvider.PROCESSES);
        clean("B " + name + ", JVM SIGKILL", AGENTS, victim::destroyForcibly);
    }

    /** Wrappers count as well. */
    private void awaitAtLeast(int count) {
        await().atMost(Duration.ofSeconds(30))
                .until(() -> LeakChecks.processesMarked(tag).size() >= count);
    }

    /** Skips, saying why, what cannot be had on this machine. */
    private static void assumeAvailable(String confinement) {
        try (ProcessLauncher launcher = ServiceLoader.load(ProcessLauncherProvider.class)
                .findFirst()
                .orElseThrow()
                .open(LauncherConfig.DEFAULT)) {
            for (ProcessLauncher.Probe probe : launcher.confinements()) {
                if (probe.name().equals(confinement) && !probe.ok()) {
                    System.out.println("skipped, no " + confinement + ": " + probe.detail());
                    assumeThat(probe.ok()).as(probe.detail()).isTrue();
                }
            }
        }
    }

    @Test
    void afterTheNextStartWhenGuardianAndJvmAreKilledTogether() throws Exception {
        for (int i = 0; i < ROUNDS; i += AGENTS) {
            Process victim = victim("hold");
            signal("STOP", victim.pid()); // so that it starts no other guardian
            signal("KILL", guardian(victim));
            victim.destroyForcibly().waitFor();
            assertThat(LeakChecks.processesMarked(tag)).isNotEmpty();

            clean(
                    "A guardian and JVM SIGKILL, next start",
                    AGENTS,
                    () -> Victim.open(dir, tag).close());
        }
    }

    @Test
    void ofOneEngineAreNotTheAgentsOfAnother() throws Exception {
        try (Engine other = Victim.open(dir, tag + "1")) { // the same state directory
            agents(other, 1, 99, tag + "1"); // a session of another id
            int kept = LeakChecks.processesMarked(tag + "1").size();
            Process victim = victim("hold", AGENTS * TreeProvider.PROCESSES + kept);
            signal("STOP", victim.pid());
            signal("KILL", guardian(victim));
            victim.destroyForcibly().waitFor();

            Victim.open(dir, tag + "2").close(); // recovers what the victim left, and nothing else

            await().untilAsserted(
                            () -> assertThat(LeakChecks.processesMarked(tag)).hasSize(kept));
            assertThat(LeakChecks.processesMarked(tag + "1")).hasSize(kept);
        }
    }

    private List<Session> agents(Engine engine, int count, int round) {
        return agents(engine, count, round, tag);
    }

    private List<Session> agents(Engine engine, int count, int round, String mark) {
        List<Session> sessions = Victim.start(engine, dir, count, round);
        awaitProcesses(mark, count * TreeProvider.PROCESSES);
        return sessions;
    }

    private static void awaitProcesses(String mark, int count) {
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(5))
                .untilAsserted(
                        () -> assertThat(LeakChecks.processesMarked(mark)).hasSize(count));
    }

    private Process victim(String mode) throws IOException {
        return victim(mode, AGENTS * TreeProvider.PROCESSES);
    }

    private Process victim(String mode, int processes, String... settings) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Victim.class.getName()));
        command.addAll(List.of(dir.toString(), String.valueOf(AGENTS), mode));
        command.addAll(List.of(settings));
        Process victim = new ProcessBuilder(command)
                .redirectError(dir.resolve("victim.log").toFile())
                .start();
        victims.add(victim);
        BufferedReader out = victim.inputReader();
        assertThat(out.readLine()).as(() -> log()).isEqualTo("READY");
        if (mode.equals("hold")) {
            awaitProcesses(tag, processes);
        }
        return victim;
    }

    private String log() {
        try {
            return Files.readString(dir.resolve("victim.log"));
        } catch (IOException e) {
            return String.valueOf(e);
        }
    }

    /**
     * Does it, waits until no process of the trees is left, and goes on looking for a while.
     *
     * @param trees that there were
     */
    private void clean(String way, int trees, Runnable action) {
        long begun = System.nanoTime();
        action.run();
        await().atMost(Duration.ofSeconds(30))
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(2))
                .untilAsserted(() -> assertThat(LeakChecks.processesMarked(tag))
                        .as(() -> way + guardians())
                        .isEmpty());
        Row row = ROWS.computeIfAbsent(way, any -> new Row());
        row.times.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun));
        row.trees += trees;
        await().atMost(QUIET.multipliedBy(10))
                .during(QUIET)
                .pollInterval(Duration.ofMillis(50))
                .untilAsserted(() -> {
                    row.survivors.addAll(LeakChecks.processesMarked(tag));
                    assertThat(row.survivors).as(way).isEmpty();
                });
    }

    /** What a failure has to tell: who should have killed them. */
    private static String guardians() {
        return ProcessHandle.allProcesses()
                .filter(process -> commandLine(process.pid()).contains("hotplex-guardian"))
                .map(process -> "guardian " + process.pid() + " of " + process.parent() + " since "
                        + process.info().startInstant())
                .collect(Collectors.joining(", ", " (", ")"));
    }

    private static long guardian(Process victim) {
        return victim.children()
                .filter(child -> commandLine(child.pid()).contains("hotplex-guardian"))
                .mapToLong(ProcessHandle::pid)
                .findFirst()
                .orElse(-1);
    }

    private static String commandLine(long pid) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }

    private static void signal(String signal, long pid) throws Exception {
        assertThat(pid).isPositive();
        List<String> command = Arrays.asList("kill", "-" + signal, String.valueOf(pid));
        assertThat(new ProcessBuilder(command).start().waitFor()).isZero();
    }
}
