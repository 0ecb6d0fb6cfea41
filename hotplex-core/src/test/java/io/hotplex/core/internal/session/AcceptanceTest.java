package io.hotplex.core.internal.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Delivery;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Prompt;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.TurnResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AcceptanceTest {
    private static final int QUARTER = (int) (Acceptance.MAX_REMEMBERED_BYTES / 4);

    private final Acceptance acceptance = new Acceptance("s", 1_000, 1_000, 100);

    @Test
    void aRepetitionGetsTheTurnAndItsResult() {
        OpenTurn turn = accept("id").turn();
        end(turn, 10);

        Acceptance.Accepted again = accept("id");

        assertThat(again.fresh()).isFalse();
        assertThat(again.turn()).isSameAs(turn);
        assertThat(again.turn().result().toCompletableFuture().join().text()).hasSize(10);
    }

    @Test
    void theOldestAreForgottenWhenResultsAreLarge() {
        for (int i = 0; i < 100; i++) {
            end(accept("id" + i).turn(), QUARTER);
        }

        assertThat(known()).containsExactly("id97", "id98", "id99");
    }

    @Test
    void theLastResultIsRememberedHoweverLargeItIs() {
        end(accept("id0").turn(), 10);
        end(accept("id1").turn(), 10 * QUARTER);
        assertThat(known()).containsExactly("id1");

        end(accept("id2").turn(), 10);
        assertThat(known()).containsExactly("id2");
    }

    @Test
    void turnsThatHaveNotEndedAreNotForgottenForTheirResults() {
        accept("id0");
        OpenTurn late = accept("id1").turn();
        for (int i = 2; i < 10; i++) {
            end(accept("id" + i).turn(), QUARTER);
        }
        assertThat(known()).containsExactly("id0", "id1", "id7", "id8", "id9");

        end(late, QUARTER);

        assertThat(known()).containsExactly("id0", "id1", "id8", "id9");
    }

    @Test
    void whatIsForgottenForItsNumberDoesNotCountAnyMore() {
        Acceptance two = new Acceptance("s", 1_000, 1_000, 2);
        for (int i = 0; i < 50; i++) {
            OpenTurn turn = accept(two, "id" + i).turn();
            OpenTurn next = accept(two, "next" + i).turn();
            end(turn, QUARTER);
            end(next, QUARTER);
            assertThat(accept(two, "id" + i).fresh()).isFalse();
            assertThat(accept(two, "next" + i).fresh()).isFalse();
        }
    }

    @Test
    void aClientIdCountsAsPartOfThePrompt() {
        assertThatExceptionOfType(HotPlexException.class)
                .isThrownBy(() -> accept("x".repeat(1_000)))
                .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.PROMPT_TOO_LARGE));
    }

    private List<String> known() {
        List<String> known = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            String id = "id" + i;
            if (!new Probe(acceptance).fresh(id)) {
                known.add(id);
            }
        }
        return known;
    }

    /** Asks without leaving a trace: a new turn is refused before it is remembered. */
    private record Probe(Acceptance acceptance) {
        boolean fresh(String id) {
            try {
                acceptance.accept(prompt(id), () -> {
                    throw new UnsupportedOperationException();
                });
                return false;
            } catch (UnsupportedOperationException e) {
                return true;
            }
        }
    }

    private Acceptance.Accepted accept(String clientId) {
        return accept(acceptance, clientId);
    }

    private static Acceptance.Accepted accept(Acceptance acceptance, String clientId) {
        Prompt prompt = prompt(clientId);
        return acceptance.accept(
                prompt, () -> new OpenTurn("s", "turn of " + clientId, AgentEvent.Origin.PROMPT, prompt, t -> {}));
    }

    @Test
    void whatReplacesTheOthersMayWaitTwiceAsOftenAndNoOftener() {
        Acceptance few = new Acceptance("s", 1_000, 2, 2);
        for (int i = 0; i < 3; i++) {
            accept(few, "queued" + i);
        }
        assertFull(few, Delivery.QUEUE);
        submit(few, Delivery.INTERRUPT);
        submit(few, Delivery.INTERRUPT);
        assertFull(few, Delivery.INTERRUPT);
    }

    private static void submit(Acceptance acceptance, Delivery delivery) {
        Prompt prompt = Prompt.builder("a").delivery(delivery).build();
        acceptance.accept(prompt, () -> new OpenTurn("s", "t", AgentEvent.Origin.PROMPT, prompt, turn -> {}));
    }

    private static void assertFull(Acceptance acceptance, Delivery delivery) {
        assertThatExceptionOfType(HotPlexException.class)
                .isThrownBy(() -> submit(acceptance, delivery))
                .extracting(HotPlexException::code)
                .isEqualTo(ErrorCode.QUEUE_FULL);
    }

    private static Prompt prompt(String clientId) {
        return Prompt.builder("a").clientId(clientId).build();
    }

    private void end(OpenTurn turn, int length) {
        turn.end();
        turn.complete(new TurnResult(
                "s",
                turn.id(),
                1,
                new AgentEvent.TurnCompleted("x".repeat(length), TokenUsage.ZERO, null, Duration.ZERO, null, null)));
        acceptance.ended();
    }
}
