package io.hotplex.testkit.provider;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hotplex.api.spi.AgentProvider.Capability;
import org.junit.jupiter.api.Test;

/** A provider that claims what it cannot do is found out. */
class AgentProviderContractTest {
    private static ToyContract claiming(Capability untrue) {
        return new ToyContract(new ToyProviderFactory(untrue)) {
            @Override
            protected String questionPrompt() {
                return "which?";
            }
        };
    }

    @Test
    void findsOutWhoNeverSteers() {
        assertThatThrownBy(() -> claiming(Capability.STEER).steersOnlyWhenItSaysSo())
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("STEER");
    }

    @Test
    void findsOutWhoNeverForks() {
        assertThatThrownBy(() -> claiming(Capability.FORK).branchesTheConversationThatItIsTold())
                .isInstanceOf(AssertionError.class);
    }

    @Test
    void findsOutWhoNeverAsks() {
        assertThatThrownBy(() -> claiming(Capability.QUESTIONS).asksQuestionsAndTakesTheAnswers())
                .isInstanceOf(AssertionError.class);
    }

    @Test
    void findsOutWhoDropsImages() {
        assertThatThrownBy(() -> claiming(Capability.IMAGES).takesImagesWhenItSaysSo())
                .isInstanceOf(AssertionError.class);
    }
}
