package io.hotplex.core.internal.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.AgentEvent.ToolKind;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.PromptGuard;
import io.hotplex.api.spi.ToolCall;
import io.hotplex.api.spi.ToolGuard.Action;
import io.hotplex.core.EngineConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ToolPolicyTest {
    @TempDir
    Path dir;

    private final ToolCall call = new ToolCall("t1", "Bash", ToolKind.EXECUTE, Map.of("command", "make"));
    private final CompletableFuture<Void> expiry = new CompletableFuture<>();
    private ToolPolicy policy;

    @BeforeEach
    void answer() {
        Guards none =
                new Guards("off", EngineConfig.fromProperties(Map.of()).guardConfig(), PromptGuard.NONE, List.of());
        policy = new ToolPolicy(SessionSpec.builder("s", dir).build(), none, new RememberedApprovals(dir));
        policy.answeredBefore(CallPrint.of(call), "alice", null, expiry);
    }

    @Test
    void theClockOfAnAnswerStopsWhenItIsUsed() {
        assertThat(policy.answersWait()).isTrue();

        assertThat(policy.decide(call, true).verdict().action()).isEqualTo(Action.ALLOW);
        assertThat(expiry).isCancelled();
        assertThat(policy.answersWait()).isFalse();
    }

    @Test
    void theClockOfAnAnswerStopsWhenAnotherTakesItsPlace() {
        policy.answeredBefore(CallPrint.of(call), "bob", "no", null);

        assertThat(expiry).isCancelled();
        assertThat(policy.decide(call, true).verdict().action()).isEqualTo(Action.DENY);
    }

    @Test
    void theClocksOfAllAnswersStopWhenTheSessionEnds() {
        policy.forgetAnswers();

        assertThat(expiry).isCancelled();
        assertThat(policy.answersWait()).isFalse();
    }
}
