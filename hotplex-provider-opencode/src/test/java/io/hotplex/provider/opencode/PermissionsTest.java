package io.hotplex.provider.opencode;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class PermissionsTest {
    @Test
    void asksUnlessAToolOnlyReadsOrSearches() {
        assertThat(Permissions.json("ask", null, List.of(), List.of()))
                .startsWith("{\"*\":\"ask\",\"read\":{\"*\":\"allow\",\"*.env\":\"ask\"")
                .contains("\"grep\":\"allow\"", "\"task\":\"allow\"")
                .doesNotContain("bash", "edit");
    }

    @Test
    void leavesEverythingToTheConfigurationWhenItIsToldSo() {
        assertThat(Permissions.json("config", null, List.of(), List.of())).isNull();
        assertThat(Permissions.json("config", null, List.of("bash"), List.of())).isEqualTo("{\"bash\":\"allow\"}");
    }

    @Test
    void allowsEverythingButWhatIsDenied() {
        assertThat(Permissions.json("allow", null, List.of(), List.of("webfetch", "bash(rm *)")))
                .isEqualTo("{\"*\":\"allow\",\"webfetch\":\"deny\",\"bash\":{\"rm *\":\"deny\"}}");
    }

    @Test
    void aPatternLeavesTheRestOfItsToolAsItWas() {
        assertThat(Permissions.json("config", null, List.of("bash(git log *)", "write"), List.of("bash(git push *)")))
                .isEqualTo("{\"bash\":{\"git log *\":\"allow\",\"git push *\":\"deny\"},\"edit\":\"allow\"}");
    }

    @Test
    void denialComesLastAndWins() {
        assertThat(Permissions.json("config", null, List.of("bash(git *)"), List.of("bash")))
                .isEqualTo("{\"bash\":\"deny\"}");
    }

    @Test
    void aToolThatIsNotThereIsDenied() {
        assertThat(Permissions.json("ask", List.of("grep", "bash"), List.of(), List.of()))
                .isEqualTo("{\"*\":\"deny\",\"grep\":\"allow\",\"bash\":\"ask\"}");
    }
}
