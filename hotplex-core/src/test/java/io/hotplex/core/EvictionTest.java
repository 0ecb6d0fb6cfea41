package io.hotplex.core;

import static io.hotplex.core.EngineFixture.result;
import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.Turn;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvictionTest {
    @TempDir
    Path dir;

    @Test
    void oneWaitingSessionCostsOneOtherSessionItsProcess() {
        try (EngineFixture f = new EngineFixture(dir, "max-processes", "4")) {
            List<Session> hot = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                hot.add(f.hot("hot" + i));
            }
            FakeAgents.FakeProcess victim = f.agents.process(1);
            victim.immortal = true; // as in its grace
            Turn waiting = f.open("late").submit(Prompt.of("a"));
            assertThat(victim.signals).isNotEmpty();

            for (int i = 1; i < 4; i++) {
                Turn turn = hot.get(i).submit(Prompt.of("b"));
                f.agents.process(i + 1).expect("prompt b").say("done B");
                assertThat(result(turn).completed()).isTrue();
            }

            assertThat(f.agents.processes.stream().filter(process -> !process.signals.isEmpty()))
                    .containsExactly(victim);
            victim.exit(null, 15);
            f.agents.process(5).expect("hello").say("ready").expect("prompt a").say("done A");
            assertThat(result(waiting).completed()).isTrue();
            assertThat(f.agents.process(2).signals).isEmpty();
        }
    }
}
