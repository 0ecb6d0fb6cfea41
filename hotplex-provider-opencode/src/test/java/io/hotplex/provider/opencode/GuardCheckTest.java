package io.hotplex.provider.opencode;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What may keep guards from hearing of a call is found before the first prompt. */
class GuardCheckTest {
    private static final String ASK_ALL = "{\"permission\":\"*\",\"pattern\":\"*\",\"action\":\"ask\"}";
    private static final Permissions RULES = Permissions.of("ask", null, List.of(), List.of("deploy"));

    @Test
    void agentsThatAskAboutEverythingAreFine() {
        assertThat(agents(
                        "{\"permission\":\"*\",\"pattern\":\"*\",\"action\":\"allow\"}",
                        "{\"permission\":\"bash\",\"pattern\":\"*\",\"action\":\"allow\"}",
                        ASK_ALL,
                        "{\"permission\":\"external_directory\",\"pattern\":\"/x/*\",\"action\":\"allow\"}",
                        "{\"permission\":\"question\",\"pattern\":\"*\",\"action\":\"allow\"}",
                        "{\"permission\":\"edit\",\"pattern\":\"*\",\"action\":\"deny\"}"))
                .isNull();
    }

    @Test
    void aRuleThatComesLaterAndAllowsIsFound() {
        assertThat(agents(ASK_ALL, "{\"permission\":\"bash\",\"pattern\":\"git *\",\"action\":\"allow\"}"))
                .contains("'build'", "'bash'");
        assertThat(agents(ASK_ALL, "{\"permission\":\"*\",\"pattern\":\"*\",\"action\":\"allow\"}"))
                .contains("'*'");
    }

    @Test
    void whoSaysNothingOfQuestionsAsksNone() {
        assertThat(agents("{\"permission\":\"bash\",\"pattern\":\"*\",\"action\":\"ask\"}"))
                .contains("everything");
        assertThat(GuardCheck.agents(json("[]"))).contains("does not tell");
        assertThat(GuardCheck.agents(null)).contains("does not tell");
    }

    @Test
    void aConversationMayOnlyForbidMore() {
        assertThat(GuardCheck.conversation(json("{\"id\":\"ses_1\"}"))).isNull();
        assertThat(GuardCheck.conversation(
                        json("{\"permission\":[{\"permission\":\"task\",\"pattern\":\"*\",\"action\":\"deny\"}]}")))
                .isNull();
        assertThat(GuardCheck.conversation(
                        json("{\"permission\":[{\"permission\":\"bash\",\"pattern\":\"*\",\"action\":\"allow\"}]}")))
                .contains("'bash'");
    }

    @Test
    void aToolThatNobodyKnowsIsFoundUnlessItIsDenied() {
        assertThat(GuardCheck.tools(json("[\"bash\",\"hotplex_guard\",\"deploy\"]"), RULES))
                .isNull();
        assertThat(GuardCheck.tools(json("[\"bash\",\"hotplex_guard\",\"launch\"]"), RULES))
                .contains("'launch'");
    }

    @Test
    void aPluginThatIsNotThereIsMissed() {
        assertThat(GuardCheck.tools(json("[\"bash\"]"), RULES)).contains("did not load");
        assertThat(GuardCheck.tools(null, RULES)).contains("did not load");
    }

    private static @Nullable String agents(String... rules) {
        return GuardCheck.agents(json("[{\"name\":\"build\",\"permission\":[" + String.join(",", rules) + "]}]"));
    }

    private static JsonNode json(String text) {
        return Objects.requireNonNull(OpenCodeJson.value(text.getBytes(StandardCharsets.UTF_8)));
    }
}
