package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The real script in the shells that there are; a shell that is not installed is skipped. */
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class GuardianScriptTest {
    private static final String SHELLS_DASH = "/bin/dash";
    private static final String BASH_POSIX = "/bin/bash --posix";
    private static final String BUSYBOX = "/bin/busybox ash";

    private final RunMarker marker = RunMarker.random();
    private final List<Process> started = new ArrayList<>();

    @AfterEach
    void endAll() {
        started.forEach(Process::destroyForcibly);
    }

    @ParameterizedTest
    @ValueSource(strings = {SHELLS_DASH, BASH_POSIX, BUSYBOX})
    void atTheEndOfItsInputRegisteredGroupsAndMarkedProcessesDie(String shell) throws Exception {
        Process registered = group("sleep", "600");
        Process forgotten = group("sleep", "600");
        Process byVariable = group("env", marker.variable() + "=7", "sleep", "600");
        Process byLimit =
                group("env", "-i", "/bin/dash", "-c", "ulimit -S -w " + marker.lockLimit(7) + "; exec /bin/sleep 600");
        Process stranger = group("env", "HOTPLEX_1=7", "sleep", "600");
        Process guardian = guardian(shell);

        tell(guardian, "+ " + registered.pid() + "\n+ " + forgotten.pid() + "\n- " + forgotten.pid() + "\n");
        guardian.getOutputStream().close();

        assertThat(guardian.waitFor(30, TimeUnit.SECONDS)).isTrue();
        for (Process dead : List.of(registered, byVariable, byLimit)) {
            assertThat(dead.waitFor(5, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(forgotten.isAlive()).isTrue();
        assertThat(stranger.isAlive()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {SHELLS_DASH, BASH_POSIX, BUSYBOX})
    void signalsAGroupWhenAsked(String shell) throws Exception {
        Process group = group("sleep", "600");
        Process guardian = guardian(shell);

        tell(guardian, "k TERM " + group.pid() + "\n");

        assertThat(group.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(guardian.isAlive()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {SHELLS_DASH, BASH_POSIX, BUSYBOX})
    void leavesWithoutKillingWhenToldTo(String shell) throws Exception {
        Process group = group("sleep", "600");
        Process guardian = guardian(shell);

        tell(guardian, "+ " + group.pid() + "\nq\n");

        assertThat(guardian.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(group.isAlive()).isTrue();
    }

    /** No line may make it signal what it should not, or end it: groups 0 and 1 would be its own and everybody's. */
    @ParameterizedTest
    @ValueSource(strings = {SHELLS_DASH, BASH_POSIX, BUSYBOX})
    void garbageIsHarmless(String shell) throws Exception {
        long seed = Long.getLong("hotplex.seed", 20260101L);
        Random random = new Random(seed);
        Process bystander = group("sleep", "600");
        Process doomed = group("sleep", "600");
        Process guardian = guardian(shell);
        String[] words = {
            "+",
            "-",
            "k",
            "q q",
            "k KILL",
            "k TERM",
            "k HUP",
            "0",
            "1",
            "-1",
            "00",
            "01",
            "*",
            "?",
            "$(exit)",
            "`exit`",
            ";exit",
            "'",
            "\"",
            "\\",
            "99999999999999999999",
            "1e3",
            "0x1",
            "-0",
            "+ +",
            "k 9 1",
            "k KILL -1",
            "k KILL 1",
            "k KILL 0",
            "+ 1",
            "+ 0",
            "- 1",
            "\t",
            "\u00e9",
            "${x?}",
            "$((1/0))"
        };
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 500; i++) {
            for (int word = random.nextInt(5); word >= 0; word--) {
                lines.append(words[random.nextInt(words.length)]).append(random.nextBoolean() ? " " : "");
            }
            lines.append('\n');
        }

        tell(guardian, lines + "+ " + doomed.pid() + "\n");
        guardian.getOutputStream().close();

        assertThat(guardian.waitFor(30, TimeUnit.SECONDS)).as("seed %d", seed).isTrue();
        assertThat(doomed.waitFor(5, TimeUnit.SECONDS)).as("seed %d", seed).isTrue();
        assertThat(bystander.isAlive()).as("seed %d", seed).isTrue();
    }

    private Process guardian(String shell) throws Exception {
        assumeThat(Files.isExecutable(Path.of(shell.split(" ", -1)[0])))
                .as("%s is not installed", shell)
                .isTrue();
        List<String> command = new ArrayList<>(List.of("setsid"));
        command.addAll(List.of(shell.split(" ", -1)));
        List<String> script = GuardianScript.command("sh", marker);
        command.addAll(script.subList(1, script.size()));
        return start(command);
    }

    private Process group(String... command) throws Exception {
        List<String> all = new ArrayList<>(List.of("setsid"));
        all.addAll(List.of(command));
        Process process = start(all);
        ProcFs proc = new ProcFs();
        org.awaitility.Awaitility.await().until(() -> {
            ProcFs.Look look = proc.look((int) process.pid());
            String line = Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"));
            return look != null && look.group() == process.pid() && line.contains("sleep\u0000600");
        });
        return process;
    }

    private Process start(List<String> command) throws Exception {
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        started.add(process);
        return process;
    }

    private static void tell(Process guardian, String lines) throws Exception {
        OutputStream to = guardian.getOutputStream();
        to.write(lines.getBytes(StandardCharsets.UTF_8));
        to.flush();
    }
}
