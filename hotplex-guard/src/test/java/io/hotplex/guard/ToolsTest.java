package io.hotplex.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.hotplex.api.AgentEvent.ToolKind;
import io.hotplex.api.spi.GuardConfig;
import io.hotplex.api.spi.ToolGuard.Action;
import io.hotplex.api.spi.ToolGuard.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tool calls: commands, files, hosts, and tools that nobody knows. */
class ToolsTest {
    private static final int ROUNDS = Integer.getInteger("hotplex.guard.rounds", 500);

    /** One for all tests: it takes a while to try the rules on their examples. */
    private static final GuardRig RIG = new GuardRig();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sudo -u root -- env A=b nohup rm -rf /",
                "bash -c \"sh -c 'rm -rf /'\"",
                "find . -exec sh -c 'rm -rf ~' \\;",
                "echo / | xargs rm -rf",
                "if true; then :; else rm -rf /; fi",
                "case x in x) rm -rf /;; esac",
                "f() { rm -rf /; }; f",
                "for d in / ~; do rm -rf \"$d\"; done",
                "echo / | while read d; do rm -rf $d; done",
                "a=(rm -rf /); \"${a[@]}\"",
                "cat <<A | cat <<B\nx\nA\n$(rm -rf /)\nB",
                "echo $(( $(rm -rf /) ))$(rm -rf /)",
                "r${nothing}m -rf /",
                "/???/r? -rf /",
                "rm -rf /$nothing",
                "[[ -d / ]] && rm -rf /",
                "coproc rm -rf /",
                "rm -rf `echo /`",
                "(cd /; rm -rf *)",
                "! rm -rf /",
                "rm -rf \"/\" # only a comment",
                "echo 'rm -rf /' | sh",
                "alias x='rm -rf /'",
                "rm -rf /./usr/../",
                "${SHELL} -c 'rm -rf /'",
                "x=/; rm -rf ${x}home",
                "ssh host -- 'sudo rm -rf /'",
                "time -p rm -rf /",
                "xargs -I{} rm -rf {} <<< /",
                "python3 <<EOF\nimport os\nos.system('rm -rf /')\nEOF",
            })
    void commandsAreSeenWhereverTheyStand(String command) {
        assertThat(RIG.command(command).action()).as(RIG.rule(command)).isEqualTo(Action.DENY);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "echo rm -rf /",
                "echo 'rm -rf /' > notes.txt",
                "# rm -rf /",
                "grep 'rm -rf /' *.sh",
                "cat > x.sh <<'EOF'\nrm -rf /\nEOF",
                "git commit -m 'rm -rf /'",
                "printf '%s' 'sudo reboot'",
                "case rm in rm) echo -rf;; esac",
                "x='rm -rf /'",
                "rm -rf \"$TMPDIR/build\"",
                "rm -rf $BUILD/out",
            })
    void wordsAreNoCommands(String command) {
        assertThat(RIG.rule(command)).isEqualTo("NONE");
    }

    @Test
    void filesThatToolsNameAreJudgedByWhereTheyLead() {
        assertThat(RIG.tool("Read", ToolKind.READ, Map.of("file_path", "/etc/shadow"))
                        .action())
                .isEqualTo(Action.DENY);
        assertThat(RIG.tool("Write", ToolKind.EDIT, Map.of("file_path", "src/../../../../etc/passwd", "content", "x"))
                        .action())
                .isEqualTo(Action.DENY);
        assertThat(RIG.tool("Write", ToolKind.EDIT, Map.of("file_path", "src/main.c", "content", "rm -rf /"))
                        .action())
                .isEqualTo(Action.NONE);
        assertThat(RIG.tool("mcp__files__save", ToolKind.OTHER, Map.of("path", "~/.bashrc", "content", "x"))
                        .action())
                .isEqualTo(Action.DENY);
    }

    @Test
    void aToolThatNobodyKnowsIsJudgedByItsFields() {
        assertThat(RIG.tool("mcp__host__run", ToolKind.OTHER, Map.of("args", Map.of("cmd", "rm -rf /")))
                        .action())
                .isEqualTo(Action.DENY);
        assertThat(RIG.tool("shell", ToolKind.OTHER, Map.of("command", List.of("bash", "-lc", "rm -rf ~")))
                        .action())
                .isEqualTo(Action.DENY);
        assertThat(RIG.tool("PowerShell", ToolKind.EXECUTE, Map.of("command", "Get-ChildItem | rm C:\\ -r -fo"))
                        .action())
                .isEqualTo(Action.DENY);
    }

    @Test
    void linksOutOfTheWorkDirectoryAreFollowed(@TempDir Path dir) throws IOException {
        Path work = Files.createDirectories(Path.of("target", "links", "work").toAbsolutePath());
        assumeThat(work.startsWith(dir.getParent()))
                .as("a project among temporary files, which count as inside")
                .isFalse();
        Path outside =
                Files.createDirectories(Path.of("target", "links", "outside").toAbsolutePath());
        link(work.resolve("out"), outside);
        link(work.resolve("dangling"), outside.resolve("new"));
        link(work.resolve("loop"), work.resolve("loop"));
        try (GuardRig here = new GuardRig(config(Action.DENY, Action.ASK, List.of()), work.toRealPath())) {
            assertThat(write(here, "file")).isEqualTo(Action.NONE);
            assertThat(write(here, "out/file")).isEqualTo(Action.DENY);
            assertThat(write(here, "dangling")).isEqualTo(Action.DENY);
            assertThat(write(here, "loop/x")).isEqualTo(Action.DENY);
            assertThat(write(here, outside.resolve("x").toString())).isEqualTo(Action.DENY);
            assertThat(write(here, dir.resolve("temporary").toString())).isEqualTo(Action.NONE);
            assertThat(here.command("cp a " + outside).action()).isEqualTo(Action.DENY);
            assertThat(here.command("cp " + outside.resolve("x") + " .").action())
                    .isEqualTo(Action.ASK);
            assertThat(here.command("echo x > out/y").action()).isEqualTo(Action.DENY);
        }
        GuardConfig rooted = new GuardConfig(true, List.of(), List.of(outside), Action.DENY, Action.ASK, List.of());
        try (GuardRig here = new GuardRig(rooted, work.toRealPath())) {
            assertThat(write(here, "out/file")).isEqualTo(Action.NONE);
        }
    }

    @Test
    void linksHideNoSecrets(@TempDir Path dir) throws IOException {
        assumeThat(Path.of("/etc/shadow"))
                .as("a file that is secret everywhere")
                .exists();
        link(dir.resolve("notes"), Path.of("/etc/shadow"));
        link(dir.resolve("settings"), Path.of("/etc"));
        link(dir.resolve("here"), Files.writeString(dir.resolve("fine"), "text"));
        try (GuardRig here = new GuardRig(config(Action.ASK, Action.NONE, List.of()), dir.toRealPath())) {
            assertThat(read(here, "notes")).isEqualTo(Action.DENY);
            assertThat(read(here, "settings/shadow")).isEqualTo(Action.DENY);
            assertThat(read(here, "here")).isEqualTo(Action.NONE);
            assertThat(here.command("cat settings/shadow").action()).isEqualTo(Action.DENY);
            assertThat(here.command("wc -l < notes").action()).isEqualTo(Action.DENY);
            assertThat(here.command("cat here settings/hostname").action()).isEqualTo(Action.NONE);
        }
    }

    @Test
    void linksHideNoFilesThatAreNotThereYet(@TempDir Path dir) throws IOException {
        assumeThat(Path.of("/etc")).as("a directory that is there").isDirectory();
        link(dir.resolve("settings"), Path.of("/etc"));
        link(dir.resolve("keys"), Path.of("/home/nobody-there/.ssh"));
        link(dir.resolve("notes"), Path.of("/home/nobody-there/.bashrc"));
        link(dir.resolve("loop"), dir.resolve("loop"));
        GuardConfig config =
                new GuardConfig(true, List.of(), List.of(Path.of("/")), Action.NONE, Action.NONE, List.of());
        try (GuardRig here = new GuardRig(config, dir.toRealPath())) {
            assertThat(write(here, "settings/cron.d/hotplex-new")).isNotEqualTo(Action.NONE);
            assertThat(write(here, "keys/authorized_keys")).isNotEqualTo(Action.NONE);
            assertThat(write(here, "notes")).isNotEqualTo(Action.NONE);
            assertThat(here.command("echo x >> keys/authorized_keys").action()).isNotEqualTo(Action.NONE);
            assertThat(read(here, "keys/id_new")).isEqualTo(Action.DENY);
            assertThat(write(here, "keys.d/authorized_keys")).isEqualTo(Action.NONE);
            assertThat(write(here, "loop/authorized_keys")).isEqualTo(Action.NONE);
            assertThat(here.command("echo x > /dev/fd/63").action())
                    .as("a stream of the shell, not of this process")
                    .isEqualTo(Action.NONE);
        }
    }

    private static Action read(GuardRig rig, String path) {
        return rig.tool("Read", ToolKind.READ, Map.of("file_path", path)).action();
    }

    private static void link(Path from, Path to) throws IOException {
        Files.deleteIfExists(from);
        Files.createSymbolicLink(from, to);
    }

    private static Action write(GuardRig rig, String path) {
        return rig.tool("Write", ToolKind.EDIT, Map.of("file_path", path, "content", "x"))
                .action();
    }

    private static GuardConfig config(Action writes, Action reads, List<String> hosts) {
        return new GuardConfig(true, List.of(), List.of(), writes, reads, hosts);
    }

    @Test
    void onlyHostsOfTheListMayBeReached() {
        try (GuardRig listed = new GuardRig(
                config(Action.ASK, Action.NONE, List.of("example.org", "*.example.com", "127.0.0.1")), GuardRig.WORK)) {
            assertThat(fetch(listed, "https://example.org/x")).isEqualTo(Action.NONE);
            assertThat(fetch(listed, "https://a.b.example.com:8443/x")).isEqualTo(Action.NONE);
            assertThat(fetch(listed, "https://example.com/")).isEqualTo(Action.DENY);
            assertThat(fetch(listed, "https://example.org.evil.net/")).isEqualTo(Action.DENY);
            assertThat(fetch(listed, "https://example.org@evil.net/")).isEqualTo(Action.DENY);
            assertThat(fetch(listed, "not a url")).isEqualTo(Action.DENY);
            assertThat(listed.command("curl -s http://127.0.0.1:8080/x").action())
                    .isEqualTo(Action.NONE);
            assertThat(listed.command("curl evil.net").action()).isEqualTo(Action.DENY);
            assertThat(listed.command("git clone https://evil.net/x").action()).isEqualTo(Action.DENY);
            assertThat(listed.command("ssh me@evil.net ls").action()).isEqualTo(Action.DENY);
        }
        assertThat(fetch(RIG, "https://anywhere.example/")).isEqualTo(Action.NONE);
    }

    private static Action fetch(GuardRig rig, String url) {
        return rig.tool("WebFetch", ToolKind.FETCH, Map.of("url", url)).action();
    }

    @Test
    void aDetourHidesNoPlace() {
        Path far = Path.of("/mnt/elsewhere/x");
        String detour = "/a/..".repeat(2_000) + far;

        assertThat(write(RIG, far.toString())).isEqualTo(Action.ASK);
        assertThat(write(RIG, detour)).isEqualTo(Action.ASK);
        assertThat(write(RIG, "/a/..".repeat(2_000) + "/etc/hosts")).isEqualTo(Action.DENY);
    }

    @Test
    void aPathIsFoundHoweverDeepItIsNested() {
        Object nested = Map.of("path", "/etc/hosts");
        for (int depth = 0; depth < 200; depth++) {
            nested = depth % 2 == 0 ? List.of(nested) : Map.of("edit", nested);
        }
        assertThat(RIG.tool("mcp__files__write", ToolKind.OTHER, Map.of("changes", nested))
                        .action())
                .isEqualTo(Action.DENY);
    }

    @Test
    void whatIsTooMuchToReadIsAskedAbout() {
        List<String> files = new ArrayList<>(Collections.nCopies(1_000, "src/main.c"));
        assertThat(RIG.tool("edit", ToolKind.EDIT, Map.of("paths", files)).action())
                .isEqualTo(Action.NONE);
        files.addAll(List.of("src/main.c", "/etc/hosts"));
        assertThat(RIG.tool("edit", ToolKind.EDIT, Map.of("paths", files)).why().ruleId())
                .isEqualTo("unreadable-call");
        assertThat(RIG.rule("echo " + "x".repeat(300_000))).isEqualTo("ASK unreadable-command");
        assertThat(RIG.rule("eval ".repeat(40) + "ls")).isEqualTo("ASK unreadable-command");
        assertThat(RIG.rule("echo {a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"))
                .isEqualTo("ASK unreadable-command");
    }

    @Test
    void noTextMakesItFail() {
        long seed = Long.getLong("hotplex.seed", 20260101L);
        Random random = new Random(seed);
        String alphabet = "rm -f/~$(){}[]`'\"\\|&;<>\n#=*?!,abc ENOF\u0001\u0000";
        for (int i = 0; i < ROUNDS; i++) {
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(60); length > 0; length--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            Verdict verdict = RIG.command(text.toString());
            assertThat(verdict).as("seed %d: %s", seed, text).isNotNull();
            assertThat(RIG.tool("PowerShell", ToolKind.EXECUTE, Map.of("command", text.toString())))
                    .as("seed %d: %s", seed, text)
                    .isNotNull();
        }
    }
}
