package io.hotplex.core.internal.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.AgentEvent.Origin;
import io.hotplex.api.AgentEvent.Terminal;
import io.hotplex.api.AgentEvent.TurnBlocked;
import io.hotplex.api.AgentEvent.TurnFailed;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.Prompt;
import io.hotplex.api.spi.PromptGuard;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptDeskTest {
    private static final String LARGE = "x".repeat(PromptDesk.AT_ONCE_BYTES);

    @TempDir
    Path dir;

    private final Parts engine = new Parts();
    private final List<String> scanned = new ArrayList<>();
    private final Map<String, @Nullable Terminal> said = new LinkedHashMap<>();
    private Runnable whileScanning = () -> {};
    private EngineParts parts;

    @BeforeEach
    void start() {
        parts = engine.parts(
                dir,
                (spec, prompt) -> {
                    scanned.add(prompt.text().substring(0, 1));
                    whileScanning.run();
                    return PromptGuard.Decision.ALLOW;
                },
                1);
    }

    @AfterEach
    void stop() {
        engine.close();
    }

    private PromptDesk desk() {
        return new PromptDesk(Parts.scope(dir, parts), () -> false);
    }

    private OpenTurn look(PromptDesk desk, String name) {
        OpenTurn turn = new OpenTurn("s", name, Origin.PROMPT, Prompt.of(name + LARGE), t -> {});
        desk.look(turn, end -> said.put(name, end));
        return turn;
    }

    @Test
    void theTimeForAScanBeginsWithTheScan() {
        look(desk(), "a");
        look(desk(), "b");
        assertThat(engine.pending()).containsExactly(PromptDesk.WAIT_LIMIT, PromptDesk.WAIT_LIMIT);

        whileScanning = () -> {
            whileScanning = () -> {};
            assertThat(engine.pending()).containsExactlyInAnyOrder(PromptDesk.LIMIT, PromptDesk.WAIT_LIMIT);
        };
        engine.runAll();

        assertThat(said).containsEntry("a", null).containsEntry("b", null);
        assertThat(engine.pending()).isEmpty();
    }

    @Test
    void whatTakesTooLongToLookAtIsBlockedAndWhatWasSaidLaterDoesNotCount() {
        look(desk(), "a");
        whileScanning = engine::fire;

        engine.runAll();

        assertThat(said.get("a"))
                .isInstanceOfSatisfying(
                        TurnBlocked.class, end -> assertThat(end.ruleId()).isEqualTo("guard-failed"));
    }

    @Test
    void whoseTurnDoesNotComeMayTryAgainAndIsNotLookedAt() {
        look(desk(), "a");
        look(desk(), "b");
        engine.fire();
        engine.runAll();

        assertThat(said)
                .hasSize(2)
                .allSatisfy((name, end) -> assertThat(end).isInstanceOfSatisfying(TurnFailed.class, failed -> {
                    assertThat(failed.code()).isEqualTo(ErrorCode.QUEUE_FULL);
                    assertThat(failed.retryable()).isTrue();
                }));
        assertThat(scanned).isEmpty();
    }

    @Test
    void aPromptWhoseTurnEndsBeforeItIsLookedAtIsDroppedAndTheNextTakesItsPlace() {
        PromptDesk desk = desk();
        OpenTurn first = look(desk, "a");
        look(desk, "b");
        desk.forget(first);
        engine.runAll();

        assertThat(scanned).containsExactly("b");
        assertThat(said).containsOnlyKeys("b");
        assertThat(engine.pending()).isEmpty();
    }

    @Test
    void whatIsDroppedDoesNotWaitForASlotAnyMore() {
        look(desk(), "a");
        PromptDesk desk = desk();
        OpenTurn second = look(desk, "b");
        whileScanning = () -> {
            whileScanning = () -> {};
            desk.forget(second);
            look(desk, "c");
        };
        engine.runAll();

        assertThat(scanned).containsExactly("a", "c");
    }

    @Test
    void oneOfASessionIsLookedAtAtATimeAlsoWhenItsTurnEndsMeanwhile() {
        PromptDesk desk = desk();
        OpenTurn first = look(desk, "a");
        look(desk, "b");
        whileScanning = () -> {
            whileScanning = () -> {};
            desk.forget(first);
            assertThat(engine.pending()).containsExactly(PromptDesk.LIMIT);
        };
        engine.runAll();

        assertThat(scanned).containsExactly("a", "b");
    }
}
