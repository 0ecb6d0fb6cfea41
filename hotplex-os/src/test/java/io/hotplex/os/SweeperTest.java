package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.spi.ProcessListener.Cleanup;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SweeperTest {
    private static final Enclosure NONE =
            Enclosure.none(new StartPlan(Path.of("/bin/true"), List.of("true"), Path.of("/"), Map.of()));

    private final CountDownLatch hangs = new CountDownLatch(1);

    @Test
    void whoWaitsIsAnsweredAtTheLimitWhenALookHangsAndTheNextIsWhenItDoesNotAnyMore() throws Exception {
        MarkedProcesses processes = new MarkedProcesses() {
            @Override
            public List<Marked> find(long notBefore) {
                awaitEnd();
                return List.of();
            }

            @Override
            public boolean kill(Marked process) {
                return false;
            }
        };
        try (Sweeper sweeper = new Sweeper("hotplex-test-sweep", processes, Duration.ofMillis(50), null)) {
            CompletableFuture<Cleanup> first = new CompletableFuture<>();
            sweeper.sweep(new Sweeper.Ended(1, 7, 0, NONE), first::complete);
            assertThat(first.get(10, TimeUnit.SECONDS).survivorsFound()).isZero();

            hangs.countDown();
            CompletableFuture<Cleanup> second = new CompletableFuture<>();
            sweeper.sweep(new Sweeper.Ended(2, 8, 0, NONE), second::complete);
            assertThat(second.get(10, TimeUnit.SECONDS).survivorsFound()).isZero();
        }
    }

    private void awaitEnd() {
        try {
            hangs.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
