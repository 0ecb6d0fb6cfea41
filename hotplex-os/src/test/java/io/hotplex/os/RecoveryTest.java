package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The run's file, and what the next start makes of it. */
@EnabledOnOs(OS.LINUX)
class RecoveryTest {
    private static final int NOBODY = 999_999_999;

    @TempDir
    Path dir;

    private final RunMarker marker = RunMarker.random();
    private final List<Integer> killedGroups = new ArrayList<>();
    private final List<Process> started = new ArrayList<>();

    @AfterEach
    void endAll() {
        started.forEach(Process::destroyForcibly);
    }

    @Test
    void killsWhatARunWithoutItsJvmLeftAndDeletesItsFile() throws Exception {
        Process stray = marked();
        ProcFs.Look leader = look(stray);
        try (RunRegistry registry = registry(ProcFs.host(), NOBODY, 1)) {
            registry.add(leader.pid(), leader.start(), 1);
            registry.add(leader.pid() + 1, 5, 2); // that pid is another's by now, or nobody's
        }

        recover();

        assertThat(killedGroups).containsExactly(leader.pid());
        assertThat(stray.waitFor(5, TimeUnit.SECONDS)).isTrue();
        assertThat(files()).isEmpty();
    }

    @Test
    void leavesTheProcessesOfALivingJvmAlone() throws Exception {
        Process child = marked();
        ProcFs.Look self = Objects.requireNonNull(
                new ProcFs().look((int) ProcessHandle.current().pid()));
        registry(ProcFs.host(), self.pid(), self.start()).close();

        recover();

        assertThat(child.isAlive()).isTrue();
        assertThat(files()).hasSize(1);
    }

    @Test
    void deletesTheFileOfAnotherBootAndKillsNothing() throws Exception {
        Process child = marked();
        registry(new RunFile.Host("another", ProcFs.host().namespace()), NOBODY, 1)
                .close();

        recover();

        assertThat(child.isAlive()).isTrue();
        assertThat(files()).isEmpty();
    }

    @Test
    void leavesAnotherNamespaceAlone() throws Exception {
        Process child = marked();
        registry(new RunFile.Host(ProcFs.host().boot(), "pid:[1]"), NOBODY, 1).close();

        recover();

        assertThat(child.isAlive()).isTrue();
        assertThat(files()).hasSize(1);
    }

    @Test
    void directoryAndFileArePrivate() throws Exception {
        registry(ProcFs.host(), NOBODY, 1).close();

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(runs())))
                .isEqualTo("rwx------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(files().get(0))))
                .isEqualTo("rw-------");
    }

    @Test
    void aTornFileTellsWhatIsWholeAndGarbageTellsNothing() throws Exception {
        RunFile run = new RunFile(marker.run(), ProcFs.host(), 7, 8, Map.of());
        String whole = run.header() + "+ 10 100 1\n+ 11 110 2\n- 10\n";
        long seed = Long.getLong("hotplex.seed", 20260101L);
        Random random = new Random(seed);

        assertThat(RunFile.parse(whole))
                .isNotNull()
                .extracting(RunFile::leaders)
                .isEqualTo(Map.of(11, 110L));
        for (int length = 0; length <= whole.length(); length++) {
            RunFile torn = RunFile.parse(whole.substring(0, length));
            assertThat(torn == null).isEqualTo(length < run.header().length());
        }
        for (int i = 0; i < 2000; i++) {
            byte[] bytes = whole.getBytes(StandardCharsets.ISO_8859_1);
            for (int change = random.nextInt(8); change >= 0; change--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            RunFile read = RunFile.parse(new String(bytes, StandardCharsets.ISO_8859_1)); // never throws
            assertThat(read == null || read.leaders().size() <= 3)
                    .as("seed %d", seed)
                    .isTrue();
        }
    }

    @Test
    void aFileThatHasGrownLargeIsWrittenAnewWithWhatIsThere() throws Exception {
        RunFile run = new RunFile(marker.run(), ProcFs.host(), NOBODY, 1, Map.of());
        try (RunRegistry registry = RunRegistry.create(runs(), run, 2000)) {
            registry.add(5, 50, 1);
            for (int i = 0; i < 500; i++) {
                registry.add(1000 + i, i, i);
                registry.remove(1000 + i);
            }
        }

        assertThat(Files.size(files().get(0))).isLessThan(2100);
        assertThat(RunFile.parse(Files.readString(files().get(0))))
                .isNotNull()
                .extracting(RunFile::leaders)
                .isEqualTo(Map.of(5, 50L));
    }

    @Test
    void oneRunThatCannotBeKilledDoesNotMakeAStartWaitForEver() throws Exception {
        Process stray = marked();
        registry(ProcFs.host(), NOBODY, 1).close();

        new Recovery(runs(), ProcFs.host(), Duration.ZERO, true, killedGroups::add).run(); // the time is over

        assertThat(files()).hasSize(1); // what was found was killed, whether it is gone is for the next start to see
        recover();
        assertThat(stray.waitFor(5, TimeUnit.SECONDS)).isTrue();
        assertThat(files()).isEmpty();
    }

    @Test
    void whatIsNotThereAnyMoreIsNeitherSignalledNorWaitedFor() throws Exception {
        Process stranger = marked();
        ProcFs.Look look = look(stranger);
        LeftBehind same = new LeftBehind(ProcFs.host(), marker.run(), 2, look.pid(), look.start());
        assertThat(LeftBehind.parse(same.text())).isEqualTo(same);

        for (LeftBehind gone : List.of(
                new LeftBehind(ProcFs.host(), marker.run(), 2, look.pid(), look.start() + 1), // its id is another's now
                new LeftBehind(new RunFile.Host("another", ProcFs.host().namespace()), marker.run(), 1, look.pid(), 0),
                new LeftBehind(new RunFile.Host(ProcFs.host().boot(), "pid:[1]"), marker.run(), 1, look.pid(), 0))) {
            assertThat(gone.end(Duration.ofSeconds(5), true, killedGroups::add)).isTrue();
        }

        assertThat(killedGroups).isEmpty();
        assertThat(stranger.isAlive()).isTrue();
    }

    @Test
    void whatCannotBeKilledInTimeIsTold() throws Exception {
        ProcFs.Look look = look(marked());
        LeftBehind left = new LeftBehind(ProcFs.host(), marker.run(), 1, look.pid(), look.start());

        assertThat(left.end(Duration.ZERO, true, group -> {})).isFalse();
        await().until(() -> left.end(Duration.ofSeconds(5), true, group -> {}));
    }

    private RunRegistry registry(RunFile.Host host, int owner, long start) throws Exception {
        return RunRegistry.create(runs(), new RunFile(marker.run(), host, owner, start, Map.of()));
    }

    private void recover() throws Exception {
        new Recovery(runs(), ProcFs.host(), Duration.ofSeconds(5), true, killedGroups::add).run();
    }

    private Path runs() {
        return dir.resolve("runs");
    }

    private List<Path> files() throws Exception {
        try (Stream<Path> files = Files.list(runs())) {
            return files.toList();
        }
    }

    private Process marked() throws Exception {
        ProcessBuilder builder = new ProcessBuilder("sleep", "600");
        builder.environment().put(marker.variable(), "1");
        Process process = builder.start();
        started.add(process);
        return process;
    }

    private static ProcFs.Look look(Process process) {
        return Objects.requireNonNull(new ProcFs().look((int) process.pid()));
    }
}
