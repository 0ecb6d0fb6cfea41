package io.hotplex.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.hotplex.api.Prompt;
import io.hotplex.api.spi.GuardConfig;
import io.hotplex.api.spi.PromptGuard.Decision;
import io.hotplex.api.spi.ToolGuard.Action;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What stands around a command changes nothing, and nothing takes long to look at. */
class WrappersTest {
    private static final GuardRig RIG = new GuardRig();

    @AfterAll
    static void close() {
        RIG.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sudo --user root rm -rf ~",
                "sudo --user=root rm -rf ~",
                "sudo --preserve-env rm -rf ~",
                "timeout --kill-after 5 10 rm -rf ~",
                "nice --adjustment 5 rm -rf ~",
                "env --unset FOO rm -rf ~",
                "stdbuf --output 0 rm -rf ~",
                "echo ~ | xargs --max-args 1 rm -rf",
                "sh -c 'rm -rf \"$0\"' ~",
                "sh -c 'rm -rf \"$1\"' _ ~",
                "bash -c '\"$@\"' _ rm -rf ~",
                "sh -c 'exec \"$@\"' _ rm -rf ~",
                "set -- ~; rm -rf \"$1\"",
                "set -- rm -rf ~; \"$@\"",
            })
    void theWayACommandIsStartedChangesNothing(String command) {
        assertThat(RIG.command(command).action()).as(command).isEqualTo(Action.DENY);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nice --adjustment 5 ls",
                "env --unset FOO make",
                "sh -c 'ls \"$1\"' _ ~",
                "sh -c 'rm -rf \"$1\"' _ build; ls ~",
                "set -- build; rm -rf \"$1\"",
            })
    void norDoesItMakeAHarmlessOneDangerous(String command) {
        assertThat(RIG.command(command).action()).as(command).isEqualTo(Action.NONE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "curl allowed.example evil.example",
                "curl -sS evil.example",
                "curl -o allowed.example evil.example",
                "curl https://allowed.example evil.example/x",
                "git clone git@evil.example:team/x",
                "git remote add x evil.example:team/x.git",
            })
    void everyHostThatACommandNamesIsLookedAt(String command) {
        GuardConfig config =
                new GuardConfig(true, List.of(), List.of(), Action.ASK, Action.NONE, List.of("allowed.example"));
        try (GuardRig rig = new GuardRig(config, GuardRig.WORK)) {
            assertThat(rig.rule(command)).isEqualTo("DENY host-not-allowed");
            assertThat(rig.rule("curl -o out.json https://allowed.example/x")).isEqualTo("NONE");
            assertThat(rig.rule("git clone git@allowed.example:team/x && git commit -m 'a: b'"))
                    .isEqualTo("NONE");
        }
    }

    @Test
    void aValueThatIsRepeatedIsNotMadeALongText() {
        String command = "x=" + "a".repeat(8_000) + "; echo " + "$x".repeat(100_000);

        assertTimeoutPreemptively(
                Duration.ofSeconds(20), () -> assertThat(RIG.rule(command)).isEqualTo("ASK unreadable-command"));
    }

    @Test
    void charactersNearThoseOfFlagsDoNotMakeEachOtherLookAtEverything() {
        String text = "\uDB40\uDD00".repeat(400_000);

        assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> assertThat(RIG.prompt(Prompt.of(text))).isEqualTo(Decision.ALLOW));
        assertThat(RIG.prompt(Prompt.of(
                        "go \uD83C\uDFF4\uDB40\uDC67\uDB40\uDC62\uDB40\uDC73\uDB40\uDC63\uDB40\uDC74\uDB40\uDC7F")))
                .isEqualTo(Decision.ALLOW);
        assertThat(RIG.prompt(Prompt.of("hidden \uDB40\uDC67"))).isInstanceOf(Decision.Block.class);
    }
}
