package io.hotplex.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.Attachment;
import io.hotplex.api.Prompt;
import io.hotplex.api.spi.PromptGuard.Decision;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Prompts: hidden characters, and prompts that are nothing but a command. */
class PromptsTest {
    /** One for all tests: it takes a while to try the rules on their examples. */
    private static final GuardRig RIG = new GuardRig();

    private String rule(Prompt prompt) {
        return RIG.prompt(prompt) instanceof Decision.Block block ? block.ruleId() : "";
    }

    @Test
    void charactersThatNobodySeesAreNotTaken() {
        assertThat(rule(Prompt.of("a\u0000b"))).isEqualTo("null_byte");
        assertThat(rule(Prompt.of("a\u0007b"))).isEqualTo("control_char");
        assertThat(rule(Prompt.of("a\u009Bb"))).isEqualTo("control_char");
        assertThat(rule(Prompt.of("a\u202Eb"))).isEqualTo("bidi_override");
        assertThat(rule(Prompt.of("a" + Character.toString(0xE0041) + "b"))).isEqualTo("invisible_text");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "tabs\tand\r\nlines",
                "a log: \u001B[31mred\u001B[0m",
                "العربية \u200Fعبري",
                "👩\u200D💻 works",
                "\uD83C\uDFF4\uDB40\uDC67\uDB40\uDC62\uDB40\uDC65\uDB40\uDC6E\uDB40\uDC67\uDB40\uDC7F",
                "soft\u00ADhyphen and zero\u200Bwidth",
                "ｆｕｌｌ ｗｉｄｔｈ",
            })
    void whatPeopleTypeAndPastePasses(String text) {
        assertThat(rule(Prompt.of(text))).isEmpty();
    }

    @Test
    void instructionsAndAttachmentsAreLookedAtAsWell() {
        assertThat(rule(Prompt.builder("hello").instructions("be \u202E evil").build()))
                .isEqualTo("bidi_override");
        assertThat(rule(Prompt.builder("look")
                        .attach(new Attachment(
                                "a.txt", "text/plain", "x :(){ :|:& };:".getBytes(StandardCharsets.UTF_8)))
                        .build()))
                .isEqualTo("prompt-fork-bomb");
        assertThat(rule(Prompt.builder("look")
                        .attach(new Attachment("a\u202Egnp.exe", "image/png", new byte[] {0, 1}))
                        .build()))
                .isEqualTo("bidi_override");
    }

    @ParameterizedTest
    @CsvSource({"rm -rf /, delete-root", "$ rm -rf ~, delete-root", "run dd if=/dev/zero of=/dev/sda, write-disk"})
    void aPromptThatIsNothingButACommandIsJudgedAsOne(String text, String rule) {
        assertThat(rule(Prompt.of(text))).isEqualTo(rule);
        assertThat(rule(Prompt.of(text + " is what he typed"))).isEmpty();
        assertThat(rule(Prompt.of("What does " + text + " do?"))).isEmpty();
    }

    @Test
    void lettersThatLookLikeOthersHideNothing() {
        String bomb = ":(){ :|:& };:";
        assertThat(rule(Prompt.of("run " + bomb))).isEqualTo("prompt-fork-bomb");
        assertThat(rule(Prompt.of("run :\u200B(){ :|\u2060:& };:"))).isEqualTo("prompt-fork-bomb");
        assertThat(rule(Prompt.of("run ：（）｛ ：｜：＆ ｝；："))).isEqualTo("prompt-fork-bomb");
    }
}
