package io.hotplex.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.GuardConfig;
import io.hotplex.api.spi.ToolGuard.Action;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rules of files: what is wrong is told with its place, and what changes is in force without a restart. */
class RuleFilesTest {
    private static final String RULE = """
            rules:
              - id: no-frobnicate
                category: local
                level: high
                decision: %s
                message: not here
                expires: 10m
                command: {program: [frobnicate], options: [[x, extra]]}
                examples: {match: ["frobnicate -x"], pass: ["frobnicate"]}
            """;

    @TempDir
    Path dir;

    private GuardRig rig(boolean defaults, Path... files) {
        return new GuardRig(
                new GuardConfig(defaults, List.of(files), List.of(), Action.ASK, Action.NONE, List.of()),
                GuardRig.WORK);
    }

    private Path file(String name, String content) throws IOException {
        return Files.writeString(dir.resolve(name), content);
    }

    @Test
    void aRuleOfTheApplicationIsInForceBesideTheOthers() throws IOException {
        try (GuardRig rig = rig(true, file("a.yaml", RULE.formatted("ask")))) {
            assertThat(rig.rule("sudo frobnicate --extra")).isEqualTo("ASK become-root");
            assertThat(rig.rule("frobnicate --ext")).isEqualTo("ASK no-frobnicate");
            assertThat(rig.command("frobnicate -x").expiry()).isEqualTo(Duration.ofMinutes(10));
            assertThat(rig.rule("rm -rf /")).isEqualTo("DENY delete-root");
        }
        try (GuardRig rig = rig(false, dir)) {
            assertThat(rig.rule("frobnicate -x")).isEqualTo("ASK no-frobnicate");
            assertThat(rig.rule("rm -rf /")).isEqualTo("ASK outside-write");
        }
    }

    @Test
    void theRulesThatComeWithItDoWhatTheirExamplesSay() throws IOException {
        Path file = Files.createDirectories(dir.resolve("copy")).resolve("default.yaml");
        try (InputStream in = RuleGuardProvider.class.getResourceAsStream("internal/rules/default-rules.yaml")) {
            Files.copy(java.util.Objects.requireNonNull(in), file);
        }
        try (GuardRig rig = rig(false, file)) {
            assertThat(rig.rule("rm -rf /")).isEqualTo("DENY delete-root");
        }
    }

    @Test
    void aRuleWithTheIdOfAnotherTakesItsPlace() throws IOException {
        Path file = file("a.yaml", RULE.formatted("allow").replace("no-frobnicate", "git-discard"));
        try (GuardRig rig = rig(true, file)) {
            assertThat(rig.rule("git reset --hard")).isEqualTo("NONE");
            assertThat(rig.rule("frobnicate -x")).isEqualTo("ALLOW git-discard");
        }
    }

    @Test
    void aChangeIsInForceWithoutARestartAndABrokenOneChangesNothing() throws IOException {
        Path file = file("a.yaml", RULE.formatted("ask"));
        try (GuardRig rig = rig(true, file)) {
            file("a.yaml", RULE.formatted("deny") + "\n");
            await().atMost(Duration.ofSeconds(10))
                    .until(() -> rig.rule("frobnicate -x").equals("DENY no-frobnicate"));

            file("a.yaml", RULE.formatted("perhaps"));
            file("b.yml", RULE.formatted("deny"));
            await().during(Duration.ofMillis(1_300))
                    .atMost(Duration.ofSeconds(5))
                    .until(() -> rig.rule("frobnicate -x").equals("DENY no-frobnicate"));
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '|',
            value = {
                "decision: perhaps; line 2: decision: 'perhaps' (expected: one of [allow, ask, deny])",
                "level: bad; line 2: level: 'bad' (expected: one of [critical, high, moderate])",
                "expires: soon; line 2: expires: 'soon' (expected: a number and s, m or h)",
                "|command: {program: [x], text: '(?=a)'}|; is no expression of RE2, which has no look-around",
                "|command: {program: [x], operand-in: [moon]}|; no kind of place is named 'moon' (known: [root, home",
                "command: {prog: [x]}; line 7: 'prog' is not known here",
                "command: {text: x}; line 7: without program, redirect-in, input-in and code it would match everything",
                "|prompt: {regex: 'x'}|; 1 of command, path and prompt are given (expected: one)",
                "|examples: {match: [\"ls\"]}|; rule 'r' does not match its example: ls",
                "|examples: {match: [\"frob -x\"], pass: [\"frob -x a\"]}|; rule 'r' matches what it should pass: frob -x a",
                "|id: Bad Id|; id 'Bad Id' (expected: lower case letters, digits, dashes)",
                "colour: red; line 9: 'colour' is not known here",
            })
    void whatIsWrongIsToldWithItsPlace(String change, String problem) throws IOException {
        String key = change.substring(0, change.indexOf(':'));
        String rule = """
                rules:
                  - id: r
                    category: local
                    level: high
                    decision: deny
                    message: no
                    command: {program: [frob], options: [[x]]}
                    examples: {match: ["frob -x"]}
                """;
        String changed = rule.replaceFirst("(?m)(^  (- |  ))" + key + ":.*$", "$1" + change.replace("\\", "\\\\"));
        String content = changed.equals(rule) ? rule + "    " + change + "\n" : changed;
        if (key.equals("prompt")) {
            content = content.replaceFirst("(?m)^    command:.*\n", "");
        }
        String expected = key.equals("prompt") ? "a prompt needs 'regex', and 'literals'" : problem;
        Path file = file("a.yaml", content);

        assertThatExceptionOfType(HotPlexException.class)
                .isThrownBy(() -> rig(true, file).close())
                .withMessageContaining(file.toString())
                .withMessageContaining(expected)
                .extracting(HotPlexException::code)
                .isEqualTo(ErrorCode.CONFIG_INVALID);
    }

    @Test
    void aFileThatIsNoYamlOrIsNotThereIsRefused() throws IOException {
        Path file = file("a.yaml", "rules: [");

        assertThatExceptionOfType(HotPlexException.class)
                .isThrownBy(() -> rig(true, file).close())
                .withMessageContaining("line")
                .withMessageContaining("not YAML");
        assertThatExceptionOfType(HotPlexException.class)
                .isThrownBy(() -> rig(true, dir.resolve("missing.yaml")).close())
                .withMessageContaining("cannot be read");
    }
}
