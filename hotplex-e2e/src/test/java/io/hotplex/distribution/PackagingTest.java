package io.hotplex.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.reactor.Reactor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files for machines that run HotPlex as a service: what would hurt when it is lost stays in them. */
class PackagingTest {
    private static final Path PACKAGING = Reactor.root().resolve("packaging");

    @TempDir
    Path directory;

    @Test
    void theUnitLetsAgentsLiveAndEnd() throws IOException {
        Map<String, List<String>> unit = unit();

        assertThat(unit)
                .containsEntry("Type", List.of("exec"))
                .containsEntry("User", List.of("hotplex"))
                .containsEntry("KillMode", List.of("mixed"))
                .containsEntry("Restart", List.of("on-failure"))
                .containsEntry("RestartPreventExitStatus", List.of("2 3"))
                .containsEntry("OOMPolicy", List.of("continue"))
                .containsEntry("ProtectSystem", List.of("strict"))
                .containsEntry("NoNewPrivileges", List.of("yes"))
                .containsEntry("UMask", List.of("0077"));
        assertThat(unit.get("Delegate")).singleElement().asString().contains("memory", "pids");
        assertThat(unit.get("ExecStart"))
                .containsExactly("/opt/hotplex/bin/hotplex serve --config /etc/hotplex/hotplex.yaml");
        assertThat(unit)
                .as("agents compile while they run, and make namespaces and control groups")
                .doesNotContainKeys(
                        "MemoryDenyWriteExecute", "RestrictNamespaces", "PrivateUsers", "ProtectControlGroups");
    }

    @Test
    void theUnitLetsAgentsBeConfined() throws IOException {
        Map<String, List<String>> unit = unit();

        assertThat(unit.get("SystemCallFilter")).singleElement().asString().contains("@mount");
        assertThat(unit)
                .as("a new /proc can be mounted only where nothing of the old one is covered")
                .doesNotContainKeys(
                        "ProtectKernelTunables", "ProtectKernelLogs", "ProtectHostname", "ProtectProc", "ProcSubset");
        assertThat(unit.get("DelegateSubgroup")).containsExactly("engine");
        assertThat(Files.readAllLines(PACKAGING.resolve("config/hotplex.yaml")))
                .as("a group with the engine in it gives no controllers to those inside")
                .contains("cgroup-parent: /sys/fs/cgroup/system.slice/hotplex.service");
    }

    @Test
    void systemdUnderstandsTheUnit() throws Exception {
        Path copy = directory.resolve("hotplex.service");
        Files.writeString(
                copy,
                Files.readString(PACKAGING.resolve("systemd/hotplex.service"))
                        .replace("/opt/hotplex/bin/hotplex", "/bin/true")
                        .replace("DelegateSubgroup=engine\n", "")); // systemd 254 knows it, earlier ones complain

        lint("systemd-analyze", "verify", copy.toString());
    }

    @Test
    void theImageRunsAsNobodySpecialWithAnInitAndACheck() throws IOException {
        List<String> lines = Files.readAllLines(PACKAGING.resolve("docker/Dockerfile"));

        assertThat(lines)
                .filteredOn(line -> line.startsWith("FROM "))
                .allSatisfy(line -> assertThat(line).doesNotContain(":latest").contains(":"));
        int user = lines.indexOf("USER 10001:10001");
        assertThat(user).isPositive();
        assertThat(lines.subList(user, lines.size()))
                .noneMatch(line -> line.startsWith("RUN ") || line.startsWith("USER root"))
                .contains("STOPSIGNAL SIGTERM")
                .contains("ENV HOME=/home/hotplex CLAUDE_CONFIG_DIR=/home/hotplex/.claude")
                .contains("ENTRYPOINT [\"/usr/bin/tini\", \"--\", \"/opt/hotplex/bin/hotplex\"]")
                .anyMatch(line -> line.startsWith("HEALTHCHECK "))
                .anyMatch(line -> line.contains("http://127.0.0.1:8080/health/live"));
        assertThat(lines).noneMatch(line -> line.matches("ENV .*(KEY|TOKEN|SECRET).*") || line.startsWith("ADD "));
    }

    @Test
    void aLinterFindsNothingInTheImage() throws Exception {
        lint("hadolint", PACKAGING.resolve("docker/Dockerfile").toString());
    }

    @Test
    void theCompositionIsClosedToOtherMachines() throws IOException {
        String text = Files.readString(PACKAGING.resolve("docker/compose.yaml"));

        assertThat(text)
                .contains("- \"127.0.0.1:8080:8080\"")
                .contains("stop_grace_period: 45s")
                .contains("read_only: true")
                .contains("- no-new-privileges:true")
                .contains("- /tmp:exec", "- state:/home/hotplex/.hotplex", "- conversations:/home/hotplex/.claude")
                .doesNotContain("privileged: true");
    }

    /** Skipped, with a word, where the program is missing. */
    private void lint(String... command) throws IOException, InterruptedException {
        Path out = directory.resolve("lint.txt");
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(out.toFile())
                    .start();
        } catch (IOException e) {
            System.err.println("skipped: " + command[0] + " is not on this machine");
            return;
        }
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(out)).isZero();
        assertThat(out).isEmptyFile();
    }

    private static Map<String, List<String>> unit() throws IOException {
        Map<String, List<String>> unit = new LinkedHashMap<>();
        for (String line : Files.readAllLines(PACKAGING.resolve("systemd/hotplex.service"))) {
            int equals = line.indexOf('=');
            if (equals > 0 && !line.startsWith("#")) {
                unit.computeIfAbsent(line.substring(0, equals), key -> new ArrayList<>())
                        .add(line.substring(equals + 1));
            }
        }
        return unit;
    }
}
