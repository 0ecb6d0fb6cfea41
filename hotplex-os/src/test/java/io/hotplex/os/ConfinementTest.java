package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hotplex.api.Confinement;
import io.hotplex.api.Confinement.Kind;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.ProcessUsage;
import io.hotplex.api.ResourceLimits;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.Isolation;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What agents are kept in, with the real tools, as far as they work on this machine. */
@EnabledOnOs(OS.LINUX)
class ConfinementTest {
    private static final Duration NONE = Duration.ZERO;
    /** Forks, leaves its group, drops its environment and ends, all the time: nobody can catch it by its id. */
    private static final String HOPPER =
            "trap \"\" TERM; sleep 0.003; env -i setsid /bin/sh -c \"$0\" \"$0\" \"$1\" & exit 0";

    @TempDir
    Path dir;

    /** Not in {@code /tmp}, where a sandbox shows nothing anyway. */
    private Path outside;

    private final List<ProcessLauncher> launchers = new ArrayList<>();

    @BeforeEach
    void makeOutside() throws IOException {
        Path target = Files.createDirectories(Path.of("target").toAbsolutePath());
        outside = Files.createTempDirectory(target, "sandbox-").toRealPath();
    }

    @AfterEach
    void closeLaunchers() throws IOException {
        launchers.forEach(ProcessLauncher::close);
        try (Stream<Path> all = Files.walk(outside)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    static Stream<Arguments> launchersAndKinds() {
        return Stream.of("posix", "portable")
                .flatMap(launcher -> Stream.of(Kind.CGROUP, Kind.PID_NAMESPACE, Kind.BUBBLEWRAP)
                        .map(kind -> Arguments.of(launcher, kind)));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("launchersAndKinds")
    void speaksWithAConfinedProcessAndTellsHowItEnded(String launcher, Kind kind) throws Exception {
        Recorder recorder = new Recorder();
        AgentProcess process = start(launcher, confined(kind), recorder, "read x; echo \"got $x\"; exit 7");
        process.write("hello\n".getBytes(StandardCharsets.UTF_8));

        assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(7, null));
        assertThat(recorder.calls).containsExactly("got hello", "<end>", "<exit status 7>");
        assertThat(process.isolation()).isEqualTo(new Isolation.Applied(kind, List.of()));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("launchersAndKinds")
    void killsEvenWhatHopsFromProcessToProcess(String launcher, Kind kind) throws Exception {
        Recorder recorder = new Recorder();
        AgentProcess process = start(launcher, confined(kind), recorder, hopping());
        recorder.line(1);
        await().until(() -> hoppers() > 0);

        process.terminate(NONE, NONE);

        assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(null, 9));
        await().during(Duration.ofMillis(100)).until(() -> hoppers() == 0);
    }

    /** A script that starts one, which shows itself by a word in its command line. */
    private String hopping() {
        return "/bin/sh -c '" + HOPPER + "' '" + HOPPER + "' hop-" + dir.getFileName()
                + " & echo started; while :; do sleep 1; done";
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource(
            value = Kind.class,
            names = {"CGROUP", "PID_NAMESPACE", "BUBBLEWRAP"})
    void nothingOutlivesAKilledJvmForLong(Kind kind) throws Exception {
        available(launcher("posix", null), kind);
        Path ready = dir.resolve("ready");
        Process jvm = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        ConfinedJvm.class.getName(),
                        kind.name(),
                        dir.toString(),
                        hopping(),
                        ready.toString())
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve("output").toFile())
                .start();
        try {
            await().atMost(Duration.ofSeconds(30)).until(() -> Files.exists(ready) && hoppers() > 0);
        } finally {
            jvm.destroyForcibly();
        }
        assertThat(jvm.waitFor()).isEqualTo(128 + 9);

        if (kind == Kind.CGROUP) { // nobody is left who could end it, until the next engine looks
            launcher("posix", null).confinements();
        }
        await().during(Duration.ofMillis(100)).until(() -> hoppers() == 0);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("launchersAndKinds")
    void termReachesTheAgentAndMayBeHandled(String launcher, Kind kind) throws Exception {
        Recorder recorder = new Recorder();
        AgentProcess process = start(
                launcher,
                confined(kind),
                recorder,
                "trap 'echo got; exit 5' TERM; echo ready; while :; do sleep 0.01; done");
        recorder.line(1);

        process.terminate(NONE, Duration.ofSeconds(20));

        assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(5, null));
        assertThat(recorder.calls).containsExactly("ready", "got", "<end>", "<exit status 5>");
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("launchersAndKinds")
    void anAgentStartsWithNoSignalIgnoredOrBlocked(String launcher, Kind kind) throws Exception {
        Recorder recorder = new Recorder();
        start(launcher, confined(kind), recorder, "grep -E '^Sig(Ign|Blk)' /proc/self/status");

        recorder.exit();
        assertThat(recorder.lines)
                .extracting(line -> signals(line.text()))
                .containsExactly(0L, launcher.equals("portable") ? ignoredHere() : 0L);
    }

    /** What the JDK hands on to what it starts, as after {@code nohup}. */
    private static long ignoredHere() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("SigIgn"))
                .mapToLong(line -> signals(line))
                .findFirst()
                .orElseThrow();
    }

    /** The C library ignores two signals of its own, 32 and 33, in whatever it starts. */
    private static long signals(String line) {
        return Long.parseUnsignedLong(line.split("\t", -1)[1], 16) & Integer.MAX_VALUE;
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("launchersAndKinds")
    void anAgentThatIsKilledIsReportedAsKilled(String launcher, Kind kind) throws Exception {
        Recorder recorder = new Recorder();
        start(launcher, confined(kind), recorder, "kill -9 $$");

        assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(null, 9));
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource(
            value = Kind.class,
            names = {"PID_NAMESPACE", "BUBBLEWRAP"})
    void livesOnWhenTheThreadEndsThatAskedForIt(Kind kind) throws Exception {
        Recorder recorder = new Recorder();
        List<AgentProcess> started = new ArrayList<>();
        ProcessLauncher launcher = launcher("posix", null);
        available(launcher, kind);
        Thread caller = new Thread(() ->
                started.add(launcher.launch(spec(confined(kind), "while read x; do echo \"$x\"; done"), recorder)));
        caller.start();
        caller.join();

        started.get(0).write("still\n".getBytes(StandardCharsets.UTF_8));

        assertThat(recorder.line(1)).isEqualTo("still");
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"posix", "portable"})
    void aProcessNamespaceShowsItsOwnProcessesOnlyAndReapsOrphans(String launcher) throws Exception {
        Recorder recorder = new Recorder();
        start(
                launcher,
                confined(Kind.PID_NAMESPACE),
                recorder,
                "(sleep 0 & sleep 0.1 &) ; sleep 0.3; ls /proc | grep -c '^[0-9]'; echo $$");

        recorder.exit();
        assertThat(Integer.parseInt(recorder.lines.get(0).text())).isLessThanOrEqualTo(5);
        assertThat(recorder.lines.get(1).text()).isEqualTo("2");
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"posix", "portable"})
    void aSandboxHasAReadOnlyRootAndAWritableWorkDir(String launcher) throws Exception {
        assertThat(sandboxed(
                        launcher,
                        Confinement.of(Kind.BUBBLEWRAP),
                        "t() { (echo x >\"$1\") 2>/dev/null && echo \"wrote $1\" || echo \"no $1\"; };"
                                + "t /etc/t; t /usr/t; t /t; t ./in-work-dir; t /tmp/t; t $HOME/t; pwd"))
                .containsExactly(
                        "no /etc/t",
                        "no /usr/t",
                        "no /t",
                        "wrote ./in-work-dir",
                        "wrote /tmp/t",
                        "wrote " + outside.resolve("home") + "/t",
                        outside.resolve("work").toString());
        assertThat(outside.resolve("work/in-work-dir")).exists();
        assertThat(outside.resolve("home/t")).doesNotExist();
    }

    @Test
    void aSandboxShowsNoSecrets() throws Exception {
        Files.writeString(
                Files.createDirectories(outside.resolve("home/.hotplex")).resolve("token"), "secret");
        Files.writeString(outside.resolve("home/.netrc"), "secret");
        Files.writeString(Files.createDirectories(outside.resolve("visible")).resolve("keys"), "secret");
        Files.writeString(Files.createDirectories(outside.resolve("work/state")).resolve("key"), "secret");
        String look =
                "cat $HOME/.hotplex/token $HOME/.netrc state/key ../visible/keys /etc/shadow 2>/dev/null; ls state; echo done";

        assertThat(sandboxed("posix", Confinement.of(Kind.BUBBLEWRAP), look)).containsExactly("done");
        // nor to whoever makes namespaces of its own in there, and becomes root in them
        String inside = "unshare -Urm sh -c 'umount $HOME; umount " + outside.resolve("work/state")
                + "; mount -o remount,rw /; echo x >/etc/t; " + look + "' 2>/dev/null; ls /etc/t 2>/dev/null; echo out";
        assertThat(sandboxed("posix", Confinement.of(Kind.BUBBLEWRAP), inside))
                .doesNotContain("secret", "key", "/etc/t")
                .endsWith("out");
    }

    @Test
    void aSandboxShowsWhatTheAgentAndItsOperatorNeed() throws Exception {
        Path agents = Files.createDirectories(outside.resolve("home/.agent"));
        Files.writeString(agents.resolve("settings"), "as they were\n");
        Path cache = Files.createDirectories(outside.resolve("home/cache"));
        Path tools = Files.createDirectories(outside.resolve("home/tools"));
        Files.writeString(tools.resolve("tool"), "a tool\n");
        Path hidden = Files.createDirectories(outside.resolve("home/.hotplex/asked-for"));
        Files.writeString(hidden.resolve("key"), "secret");

        assertThat(sandboxed(
                        "posix",
                        Confinement.of(Kind.BUBBLEWRAP)
                                .withWritable(List.of(cache, hidden))
                                .withReadOnly(List.of(tools)),
                        "cat $HOME/tools/tool; echo x >$HOME/.agent/a; echo x >$HOME/cache/c;"
                                + " (echo x >$HOME/tools/t) 2>/dev/null || echo no;"
                                + " cat $HOME/.hotplex/asked-for/key 2>/dev/null || echo hidden;"
                                + " (echo y >$HOME/.agent/settings) 2>/dev/null || echo protected;"
                                + " rm -f $HOME/.agent/settings 2>/dev/null || echo stays; cat $HOME/.agent/settings"))
                .containsExactly("a tool", "no", "hidden", "protected", "stays", "as they were");
        assertThat(agents.resolve("a")).exists();
        assertThat(cache.resolve("c")).exists();
    }

    @Test
    void aLinkThatAnAgentPlantedOpensNothing() throws Exception {
        Path home = Files.createDirectories(outside.resolve("home"));
        Files.writeString(home.resolve("key"), "secret");
        Path bin = Files.createDirectories(outside.resolve("work/node_modules")).resolve(".bin");
        Files.createSymbolicLink(bin, home);
        Path tools = Files.createDirectories(outside.resolve("tools"));
        Files.createSymbolicLink(tools.resolve("bin"), bin); // ours, and over theirs

        String path = bin + ":" + tools.resolve("bin") + ":" + outside.resolve("work/../work/node_modules/.bin")
                + ":/usr/bin:/bin";
        assertThat(sandboxed(
                        "posix",
                        Confinement.of(Kind.BUBBLEWRAP),
                        Map.of("PATH", path),
                        "cat $HOME/key 2>/dev/null || echo nothing"))
                .containsExactly("nothing");
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"writable", "read-only", "state", "settings", "below"})
    void aPathThatLeadsOverALinkOfAnAgentIsRefused(String asked) throws Exception {
        Path secrets = Files.createDirectories(outside.resolve("secrets/below"));
        Path work = Files.createDirectories(outside.resolve("work"));
        Path link = Files.createSymbolicLink(work.resolve("link"), secrets.getParent());
        Confinement sandbox = Confinement.of(Kind.BUBBLEWRAP);
        Isolation isolation = switch (asked) {
            case "writable" -> isolation(sandbox.withWritable(List.of(link)), ResourceLimits.NONE);
            case "read-only" -> isolation(sandbox.withReadOnly(List.of(link)), ResourceLimits.NONE);
            case "below" -> isolation(sandbox.withWritable(List.of(link.resolve("below"))), ResourceLimits.NONE);
            case "state" -> new Isolation(sandbox, ResourceLimits.NONE, List.of(link), List.of());
            default ->
                new Isolation(
                        sandbox, ResourceLimits.NONE, List.of(secrets), List.of(), List.of(link.resolve("below")));
        };
        StartPlan plan = new StartPlan(Path.of("/bin/true"), List.of("true"), work, Map.of());

        LauncherContract.assertCode(() -> Mounts.of(plan, isolation), ErrorCode.CONFINEMENT_UNAVAILABLE);
        assertThat(Mounts.of(plan, isolation(sandbox.withWritable(List.of(secrets)), ResourceLimits.NONE)))
                .containsEntry(secrets, Mounts.View.WRITABLE);
    }

    @Test
    void aLinkOfTheOperatorIsFollowed() throws Exception {
        Path state = Files.createDirectories(outside.resolve("data/state"));
        Path settings = Files.createFile(state.resolve("settings"));
        Path link = Files.createSymbolicLink(outside.resolve("link"), state.getParent());
        Path work = Files.createDirectories(outside.resolve("work"));
        Path bin = Files.createDirectory(work.resolve("bin"));
        StartPlan plan = new StartPlan(Path.of("/bin/true"), List.of("true"), work, Map.of("PATH", bin.toString()));
        Isolation isolation = new Isolation(
                Confinement.of(Kind.BUBBLEWRAP),
                ResourceLimits.NONE,
                List.of(link.resolve("state")),
                List.of(),
                List.of(link.resolve("state/settings")));

        assertThat(Mounts.of(plan, isolation))
                .containsEntry(state, Mounts.View.WRITABLE)
                .containsEntry(settings, Mounts.View.PROTECTED)
                .containsEntry(work, Mounts.View.WRITABLE)
                .doesNotContainKey(bin);
    }

    @Test
    void aProgramOpensNoDirectoryThatHasAHomeInIt() throws Exception {
        Path home = Files.createDirectories(dir.resolve("users/home")); // in /tmp, of which nothing is seen
        Path program = Files.createFile(dir.resolve("users/agent"));
        StartPlan plan = new StartPlan(program, List.of("agent"), home, Map.of("HOME", home.toString()));

        assertThat(Mounts.of(plan, confined(Kind.BUBBLEWRAP))).doesNotContainKey(program.getParent());
    }

    @ParameterizedTest(name = "network {0}")
    @ValueSource(booleans = {true, false})
    void aSandboxHasTheNetworkOrNot(boolean network) throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String connect = "perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(\"127.0.0.1:"
                    + server.getLocalPort() + "\") ? \"reached\" : \"no way\"; print \"\\n\"'";

            assertThat(sandboxed("posix", Confinement.of(Kind.BUBBLEWRAP).withNetwork(network), connect))
                    .containsExactly(network ? "reached" : "no way");
        }
    }

    @Test
    void aSandboxHasNoCapabilities() throws Exception {
        assertThat(sandboxed("posix", Confinement.of(Kind.BUBBLEWRAP), "grep CapEff /proc/self/status"))
                .containsExactly("CapEff:\t0000000000000000");
    }

    @Test
    void aChildThatLeadsNoGroupIsNotSignalledAsOne() throws Exception {
        Recorder recorder = new Recorder();
        AgentProcess process = start(
                "posix", isolation(Confinement.NONE, ResourceLimits.NONE), recorder, "sleep 600 & echo started; wait");
        recorder.line(1);
        StartPlan plan = new StartPlan(Path.of("/bin/true"), List.of("true"), dir, Map.of());
        Enclosure sandbox = new Enclosure(plan, new Isolation.Applied(Kind.BUBBLEWRAP, List.of()), null);

        assertThat(sandbox.termGroup(process.pid())).isEqualTo(process.pid());
        process.terminate(NONE, NONE);
        recorder.exit();
    }

    @Test
    void whatMovesItselfOutOfItsControlGroupIsFoundByItsMarks() throws Exception {
        Recorder recorder = new Recorder();
        ProcessLauncher launcher = launcher("posix", null);
        available(launcher, Kind.CGROUP);
        AgentProcess process = launcher.launch(
                spec(
                        confined(Kind.CGROUP),
                        "grep '^0::' /proc/self/cgroup; read procs;"
                                + " setsid sh -c 'echo 0 >\"$0\" && echo $$ && exec sleep 600' \"$procs\" & read end"),
                recorder);
        Path group = groups(recorder.line(1).substring("0::".length())).get(0);
        Path above = group.resolve("../../" + Cgroup.PROCESSES).normalize();
        process.write((above + "\n").getBytes(StandardCharsets.UTF_8));
        long moved = Long.parseLong(recorder.line(2));
        assertThat(new Cgroup(group).processes()).isNotEmpty().doesNotContain((int) moved);

        process.terminate(NONE, NONE);

        recorder.exit();
        await().until(() -> ProcessHandle.of(moved).isEmpty());
    }

    @Test
    void theControlGroupIsRemovedAfterTheEnd() throws Exception {
        Recorder recorder = new Recorder();
        ProcessLauncher launcher = launcher("posix", null);
        available(launcher, Kind.CGROUP);
        launcher.launch(spec(confined(Kind.CGROUP), "setsid sleep 600 & grep '^0::' /proc/self/cgroup"), recorder);
        String group = recorder.line(1).substring("0::".length());
        recorder.exit();

        assertThat(group).contains("/hotplex-");
        await().until(() -> groups(group).isEmpty());
        launcher.close();
        assertThat(groups(group.substring(0, group.lastIndexOf('/')))).isEmpty();
    }

    /** Directories of that name, wherever control groups are mounted. */
    private static List<Path> groups(String group) throws IOException {
        return Stream.of("/sys/fs/cgroup", "/sys/fs/cgroup/unified")
                .map(root -> Path.of(root + group))
                .filter(Files::exists)
                .toList();
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"posix", "portable"})
    void limitsHoldForTheAgent(String launcher) throws Exception {
        Recorder recorder = new Recorder();
        ResourceLimits limits = ResourceLimits.builder()
                .openFiles(123)
                .coreBytes(0L)
                .userProcesses(54_321)
                .build();
        AgentProcess process = launcher(launcher, null)
                .launch(spec(isolation(Confinement.NONE, limits), "echo ready; read x"), recorder);
        recorder.line(1);

        String found = Files.readString(Path.of("/proc/" + process.pid() + "/limits"));
        assertThat(found)
                .containsPattern("Max open files +123 +123 ")
                .containsPattern("Max core file size +0 +0 ")
                .containsPattern("Max processes +54321 +54321 ");
        assertThat(process.isolation().missing().toString().contains("limit-user-processes"))
                .isEqualTo(ConfinementProbe.isRoot());
    }

    @Test
    void aStrictConfinementIsRefusedWithTheReasonWhenItCannotBeHad() {
        ProcessLauncher launcher = launcher("posix", dir.resolve("no-control-group"));
        Isolation strict = isolation(Confinement.of(Kind.CGROUP).withStrict(true), ResourceLimits.NONE);

        LauncherContract.assertCode(
                () -> launcher.launch(spec(strict, "true"), new Recorder()), ErrorCode.CONFINEMENT_UNAVAILABLE);
        Isolation limited = isolation(
                Confinement.NONE.withStrict(true),
                ResourceLimits.builder().memoryBytes(1L << 30).build());
        LauncherContract.assertCode(
                () -> launcher.launch(spec(limited, "true"), new Recorder()), ErrorCode.CONFINEMENT_UNAVAILABLE);
    }

    @Test
    void theBestThereIsStandsInForWhatCannotBeHad() throws Exception {
        ProcessLauncher launcher = launcher("posix", dir.resolve("no-control-group"));
        available(launcher, Kind.PID_NAMESPACE);
        Recorder recorder = new Recorder();
        AgentProcess process = launcher.launch(spec(confined(Kind.CGROUP), "echo hello"), recorder);

        assertThat(recorder.line(1)).isEqualTo("hello");
        assertThat(process.isolation().confinement()).isEqualTo(Kind.PID_NAMESPACE);
        assertThat(process.isolation().missing()).singleElement().asString().contains("confinement cgroup: ");
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource(Kind.class)
    void usageCountsWhatTheAgentStarted(Kind kind) throws Exception {
        Recorder recorder = new Recorder();
        AgentProcess process = start(
                "posix",
                confined(kind),
                recorder,
                "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; sleep 600 & sleep 600 & echo busy; read x");
        recorder.line(1);

        await().untilAsserted(() -> assertThat(process.usage()).get().satisfies(usage -> {
            assertThat(usage.processes()).isBetween(3, 6);
            assertThat(usage.rssBytes()).isPositive();
            assertThat(usage.cpu()).isPositive();
        }));
        process.terminate(NONE, NONE);
        recorder.exit();
        await().until(() -> process.usage().map(ProcessUsage::processes).isEmpty());
    }

    private List<String> sandboxed(String launcher, Confinement confinement, String script) throws Exception {
        return sandboxed(launcher, confinement, Map.of(), script);
    }

    private List<String> sandboxed(
            String launcher, Confinement confinement, Map<String, String> environment, String script) throws Exception {
        Path home = Files.createDirectories(outside.resolve("home"));
        Path work = Files.createDirectories(outside.resolve("work"));
        Recorder recorder = new Recorder();
        ProcessLauncher open = launcher(launcher, null);
        available(open, Kind.BUBBLEWRAP);
        Isolation isolation = new Isolation(
                confinement,
                ResourceLimits.NONE,
                List.of(home.resolve(".agent"), outside.resolve("visible")),
                List.of(home.resolve(".hotplex"), work.resolve("state"), outside.resolve("visible/keys")),
                List.of(home.resolve(".agent/settings")));
        Map<String, String> variables = new HashMap<>(environment);
        variables.put("HOME", home.toString());
        open.launch(
                new ProcessSpec("test", List.of("sh", "-c", script), work, List.of(), variables, isolation), recorder);
        recorder.exit();
        return recorder.lines.stream().map(line -> line.text()).toList();
    }

    private AgentProcess start(String launcher, Isolation isolation, Recorder recorder, String script) {
        ProcessLauncher open = launcher(launcher, null);
        available(open, isolation.confinement().kind());
        return open.launch(spec(isolation, script), recorder);
    }

    private ProcessSpec spec(Isolation isolation, String script) {
        return new ProcessSpec("test", List.of("sh", "-c", script), dir, List.of(), Map.of(), isolation);
    }

    private ProcessLauncher launcher(String kind, @Nullable Path cgroupParent) {
        ProcessLauncher launcher = new OsLaunchers()
                .open(LauncherConfig.builder()
                        .kind(kind)
                        .cgroupParent(cgroupParent)
                        .build());
        launchers.add(launcher);
        return launcher;
    }

    private static Isolation confined(Kind kind) {
        return isolation(Confinement.of(kind), ResourceLimits.NONE);
    }

    private static Isolation isolation(Confinement confinement, ResourceLimits limits) {
        return new Isolation(confinement, limits, List.of(), List.of());
    }

    /** Skips, saying why, what cannot be had on this machine. */
    private static void available(ProcessLauncher launcher, Kind kind) {
        launcher.confinements().stream()
                .filter(probe -> probe.name().equals(kind.key()) && !probe.ok())
                .findFirst()
                .ifPresent(probe -> {
                    System.out.println("skipped, no " + probe.name() + ": " + probe.detail());
                    assumeTrue(false, probe.detail());
                });
    }

    private long hoppers() throws IOException {
        String token = "hop-" + dir.getFileName();
        long count = 0;
        Collection<Path> processes;
        try (Stream<Path> all = Files.list(Path.of("/proc"))) {
            processes = all.filter(each -> each.getFileName().toString().matches("\\d+"))
                    .toList();
        }
        for (Path process : processes) {
            try {
                String command = Files.readString(process.resolve("cmdline"), StandardCharsets.ISO_8859_1);
                String stat = Files.readString(process.resolve("stat"), StandardCharsets.ISO_8859_1);
                // its starter has the name in a longer argument
                boolean hops = List.of(command.split("\0", -1)).contains(token);
                count += hops && !stat.contains(") Z ") ? 1 : 0;
            } catch (IOException e) {
                // it has just ended
            }
        }
        return count;
    }
}
