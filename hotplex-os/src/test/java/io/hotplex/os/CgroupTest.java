package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hotplex.api.Confinement.Kind;
import io.hotplex.api.ResourceLimits;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.Isolation;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Control groups, as far as ordinary files can stand in for those of the kernel. */
class CgroupTest {
    @TempDir
    Path dir;

    @Test
    void writesTheLimitsForWhichTheKernelHasAFile() throws IOException {
        for (String file : List.of("memory.max", "memory.swap.max", "pids.max", "cpu.max")) {
            Files.createFile(dir.resolve(file));
        }
        new Cgroup(dir)
                .limit(ResourceLimits.builder()
                        .memoryBytes(2L << 30)
                        .processes(100)
                        .cpus(1.5)
                        .build());

        assertThat(dir.resolve("memory.max")).hasContent("2147483648");
        assertThat(dir.resolve("memory.swap.max")).hasContent("0");
        assertThat(dir.resolve("pids.max")).hasContent("100");
        assertThat(dir.resolve("cpu.max")).hasContent("150000 100000");
    }

    @Test
    void makesNoFileThatTheKernelHasNot() throws IOException {
        new Cgroup(dir)
                .limit(ResourceLimits.builder()
                        .memoryBytes(2L << 30)
                        .processes(100)
                        .cpus(1.5)
                        .build());
        new Cgroup(dir).kill();

        assertThat(dir).isEmptyDirectory();
    }

    @ParameterizedTest(name = "{0} {1} after {2} kills: {3}")
    @CsvSource({",9,1,true", "137,,1,true", ",9,0,false", "0,,1,false", ",15,1,false", "1,,3,false"})
    void anEndByKillAfterTheKernelKilledForMemoryIsOne(Integer code, Integer signal, int kills, boolean outOfMemory)
            throws IOException {
        Files.writeString(dir.resolve("memory.events"), "low 0\nhigh 0\nmax 7\noom 1\noom_kill " + kills + "\n");
        StartPlan plan = new StartPlan(Path.of("/bin/true"), List.of("true"), dir, Map.of());
        Enclosure enclosure = new Enclosure(plan, new Isolation.Applied(Kind.BUBBLEWRAP, List.of()), new Cgroup(dir));

        assertThat(enclosure.meaning(new ExitStatus(code, signal)).outOfMemory())
                .isEqualTo(outOfMemory);
    }

    @Test
    void readsWhatItsProcessesUse() throws IOException {
        Files.writeString(dir.resolve("cpu.stat"), "usage_usec 1500000\nuser_usec 1\nsystem_usec 2\n");
        Files.writeString(dir.resolve("cgroup.procs"), "12\n34\n");
        Files.writeString(Files.createDirectory(dir.resolve("nested")).resolve("cgroup.procs"), "56\n");

        Cgroup group = new Cgroup(dir);
        assertThat(group.cpu()).isEqualTo(Duration.ofMillis(1500));
        assertThat(group.processes()).containsExactlyInAnyOrder(12, 34, 56);
    }

    @Test
    void findsItsOwnGroupInAUnifiedAndInAHybridLayout() throws IOException {
        proc("0::/user.slice/app\n", "30 20 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n");
        assertThat(Cgroups.own(dir)).isEqualTo(Path.of("/sys/fs/cgroup/user.slice/app"));

        proc("""
                4:memory:/box
                0::/
                """, """
                31 20 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
                32 20 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
                """);
        assertThat(Cgroups.own(dir)).isEqualTo(Path.of("/sys/fs/cgroup/unified"));
    }

    @Test
    void findsItsOwnGroupWhereAPartIsMounted() throws IOException {
        proc("0::/docker/abc/job\n", "30 20 0:26 /docker/abc /mnt/c\\040g rw - cgroup2 cgroup2 rw\n");

        assertThat(Cgroups.own(dir)).isEqualTo(Path.of("/mnt/c g/job"));
    }

    @Test
    void saysWhyThereIsNoGroup() throws IOException {
        proc("4:memory:/box\n", "");
        assertThatThrownBy(() -> Cgroups.own(dir)).hasMessageContaining("no control groups of version 2");
        proc("0::/\n", "31 20 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
        assertThatThrownBy(() -> Cgroups.own(dir)).hasMessageContaining("mounted");
    }

    @Test
    void saysWhichControllersAreMissingAndWhy() throws IOException {
        Files.writeString(dir.resolve("cgroup.controllers"), "cpuset memory\n");
        Files.writeString(dir.resolve("cgroup.subtree_control"), "");

        // an ordinary directory gets no files of its own, so that nothing can be given on to what is inside of it
        Cgroups groups = Cgroups.in(dir, 7);

        assertThat(groups.base().getFileName().toString())
                .matches("hotplex-\\d+-" + ProcessHandle.current().pid() + "-\\d+-7");
        assertThat(groups.obstacle("pids")).contains("has no pids controller");
        assertThat(groups.obstacle("memory")).contains("cgroup-parent");
        assertThat(dir.resolve("cgroup.subtree_control")).hasContent("+memory");
        assertThat(groups.controllers()).isEmpty();
    }

    @Test
    void findsWhatEnginesLeftThatDoNotLive() throws IOException {
        long pid = ProcessHandle.current().pid();
        Path own = Cgroups.in(dir, 7).base();
        String namespace = own.getFileName().toString().split("-", -1)[1];
        String start = own.getFileName().toString().split("-", -1)[3];
        assertThat(start)
                .as("ticks since the boot, which no clock moves")
                .isEqualTo(Long.toString(
                        Objects.requireNonNull(new ProcFs().look((int) pid)).start()));
        Path reused = Files.createDirectory(dir.resolve("hotplex-" + namespace + "-" + pid + "-1-8"));
        Path dead = Files.createDirectory(dir.resolve("hotplex-" + namespace + "-2147483647-1-8"));
        Path container = Files.createDirectory(dir.resolve("hotplex-1-2147483647-1-8"));
        Path foreign = Files.createDirectory(dir.resolve("hotplex-data"));

        assertThat(Cgroups.abandoned(dir))
                .extracting(Cgroup::path)
                .containsExactlyInAnyOrder(reused, dead)
                .doesNotContain(own, container, foreign);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void anEngineOfAnotherUserThatCannotBeSeenMayLive() throws IOException {
        assumeTrue(ConfinementProbe.isRoot(), "only root can give a directory away");
        String namespace = Cgroups.in(dir, 7).base().getFileName().toString().split("-", -1)[1];
        Path hidden = Files.createDirectory(dir.resolve("hotplex-" + namespace + "-2147483647-1-8"));
        Files.setAttribute(hidden, "unix:uid", 1);

        assertThat(Cgroups.abandoned(dir)).isEmpty();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void anAgentAboveItsMemoryLimitIsKilledAndReportedAsThat() throws Exception {
        try (ProcessLauncher launcher = new OsLaunchers().open(LauncherConfig.DEFAULT)) {
            ResourceLimits limits =
                    ResourceLimits.builder().memoryBytes(32L << 20).build();
            Recorder recorder = new Recorder();
            List<String> hog = List.of("perl", "-e", "$x = 'x' x (256 << 20); sleep 600");
            var process = launcher.launch(
                    new ProcessSpec(
                            "hog",
                            hog,
                            dir,
                            List.of(),
                            Map.of(),
                            new Isolation(io.hotplex.api.Confinement.of(Kind.CGROUP), limits, List.of(), List.of())),
                    recorder);
            if (!process.isolation().missing().isEmpty()) {
                process.terminate(Duration.ZERO, Duration.ZERO);
                System.out.println(
                        "skipped, no memory limit here: " + process.isolation().missing());
                assumeTrue(false, "no memory limit here");
            }
            assertThat(recorder.exit().status()).isEqualTo(new ExitStatus(null, 9, true));
        }
    }

    private void proc(String cgroup, String mountinfo) throws IOException {
        Files.writeString(dir.resolve("cgroup"), cgroup);
        Files.writeString(dir.resolve("mountinfo"), mountinfo);
    }
}
