package io.hotplex.provider.opencode;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class PermissionsTest {
    @Test
    void asksUnlessAToolOnlyReadsOrSearches() {
        assertThat(Permissions.of("ask", null, List.of(), List.of()).json())
                .startsWith("{\"*\":\"ask\",\"read\":{\"*\":\"allow\",\"*.env\":\"ask\"")
                .contains("\"grep\":\"allow\"", "\"task\":\"allow\"")
                .doesNotContain("bash", "edit");
    }

    @Test
    void leavesEverythingToTheConfigurationWhenItIsToldSo() {
        assertThat(Permissions.of("config", null, List.of(), List.of()).json()).isNull();
        assertThat(Permissions.of("config", null, List.of("bash"), List.of()).json())
                .isEqualTo("{\"bash\":\"allow\"}");
    }

    @Test
    void allowsEverythingButWhatIsDenied() {
        assertThat(Permissions.of("allow", null, List.of(), List.of("webfetch", "bash(rm *)"))
                        .json())
                .isEqualTo("{\"*\":\"allow\",\"webfetch\":\"deny\",\"bash\":{\"rm *\":\"deny\"}}");
    }

    @Test
    void aPatternLeavesTheRestOfItsToolAsItWas() {
        assertThat(Permissions.of("config", null, List.of("bash(git log *)", "write"), List.of("bash(git push *)"))
                        .json())
                .isEqualTo("{\"bash\":{\"git log *\":\"allow\",\"git push *\":\"deny\"},\"edit\":\"allow\"}");
    }

    @Test
    void denialComesLastAndWins() {
        assertThat(Permissions.of("config", null, List.of("bash(git *)"), List.of("bash"))
                        .json())
                .isEqualTo("{\"bash\":\"deny\"}");
    }

    @Test
    void aToolThatIsNotThereIsDenied() {
        assertThat(Permissions.of("ask", List.of("grep", "bash"), List.of(), List.of())
                        .json())
                .isEqualTo("{\"*\":\"deny\",\"grep\":\"allow\",\"bash\":\"ask\"}");
    }

    @Test
    void everythingAsksThatIsNotDeniedAsAWholeWhereGuardsAreToHearOfIt() {
        assertThat(Permissions.of("allow", null, List.of("bash"), List.of("webfetch", "bash(rm *)", "acme_*"))
                        .guardedJson())
                .startsWith("{\"*\":\"ask\"")
                .contains("\"bash\":\"ask\"", "\"read\":\"ask\"", "\"edit\":\"ask\"", "\"question\":\"allow\"")
                .contains("\"webfetch\":\"deny\"", "\"acme_*\":\"deny\"", "\"hotplex_guard\":\"deny\"")
                .doesNotContain("rm *");
        assertThat(Permissions.of("ask", List.of("grep"), List.of(), List.of()).guardedJson())
                .startsWith("{\"*\":\"deny\"")
                .contains("\"bash\":\"deny\"", "\"grep\":\"ask\"");
    }

    @Test
    void theLastRuleThatFitsCounts() {
        Permissions rules = Permissions.of("ask", null, List.of("bash(git log *)"), List.of("bash(git log --all)"));

        assertThat(rules.action("bash", List.of("git log -1"))).isEqualTo("allow");
        assertThat(rules.action("bash", List.of("git log"))).isEqualTo("allow");
        assertThat(rules.action("bash", List.of("git log --all"))).isEqualTo("deny");
        assertThat(rules.action("bash", List.of("git log -1", "make"))).isEqualTo("ask");
        assertThat(rules.action("bash", List.of("make", "git log --all"))).isEqualTo("deny");
        assertThat(rules.action("read", List.of("src/a.txt"))).isEqualTo("allow");
        assertThat(rules.action("read", List.of("src/.env"))).isEqualTo("ask");
        assertThat(rules.action("acme_search", List.of("*"))).isEqualTo("ask");
        assertThat(rules.action("bash", List.of())).isEqualTo("ask");
    }

    @Test
    void patternsMeanWhatTheyMeanToOpenCode() {
        assertThat(Permissions.fits("ls *", "ls")).isTrue();
        assertThat(Permissions.fits("ls *", "ls -la\n/tmp")).isTrue();
        assertThat(Permissions.fits("ls *", "lsof")).isFalse();
        assertThat(Permissions.fits("acme_*", "acme_search")).isTrue();
        assertThat(Permissions.fits("a.c", "abc")).isFalse();
        assertThat(Permissions.fits("a?c", "abc")).isTrue();
    }
}
