package io.hotplex.core.internal.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class FewAtATimeTest {
    private final Deque<Runnable> taken = new ArrayDeque<>();
    private final List<String> seen = new ArrayList<>();
    private Runnable onExecute = () -> {};
    private final Executor executor = task -> {
        onExecute.run();
        taken.add(task);
    };
    private final FewAtATime one = new FewAtATime(executor, 1);

    private void give(String name) {
        one.execute(() -> seen.add(name), e -> seen.add(name + " refused"));
    }

    private void runAll() {
        while (!taken.isEmpty()) {
            taken.remove().run();
        }
    }

    /** Refuses once, after others have come to wait for the one that is refused. */
    private void refuseWhile(Runnable meanwhile) {
        onExecute = () -> {
            onExecute = () -> {};
            meanwhile.run();
            throw new RejectedExecutionException("planted");
        };
    }

    @Test
    void whatWaitsBehindATaskThatIsRefusedRunsOnTheExecutor() {
        refuseWhile(() -> {
            give("b");
            give("c");
        });
        give("a");
        assertThat(seen).as("on this thread").containsExactly("a refused");

        runAll();
        assertThat(seen).containsExactly("a refused", "b", "c");
    }

    @Test
    void whatWaitsIsRefusedWhenTheExecutorTakesNothing() {
        onExecute = () -> {
            onExecute = () -> {
                throw new RejectedExecutionException("planted");
            };
            give("b");
            onExecute.run();
        };
        give("a");
        assertThat(seen).containsExactly("a refused", "b refused");

        onExecute = () -> {};
        give("c");
        runAll();
        assertThat(seen).as("the slot is free").endsWith("c");
    }

    @Test
    void whatIsRemovedDoesNotRun() {
        Runnable gone = () -> seen.add("gone");
        give("a");
        one.execute(gone, e -> {});
        give("b");
        one.remove(gone);

        runAll();
        assertThat(seen).containsExactly("a", "b");
    }
}
