package io.hotplex.server.internal.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ReadinessTest {
    private final AtomicInteger looks = new AtomicInteger();
    private final AtomicLong now = new AtomicLong();
    private final Queue<Runnable> work = new ArrayDeque<>();

    private Readiness readiness(Duration limit) {
        return new Readiness(Map.of("disk", () -> looks.incrementAndGet() > 0), now::get, work::add, limit);
    }

    @Test
    void oneLookServesAllWhoAskWhileItLastsAndAMomentLonger() {
        Readiness readiness = readiness(Duration.ofMinutes(1));
        CompletableFuture<Map<String, Boolean>> first = readiness.checks().toCompletableFuture();
        CompletableFuture<Map<String, Boolean>> second = readiness.checks().toCompletableFuture();
        assertThat(first).isNotDone();

        work.remove().run();

        assertThat(first.join()).isEqualTo(Map.of("disk", true));
        assertThat(second.join()).isEqualTo(Map.of("disk", true));
        assertThat(readiness.checks().toCompletableFuture().join()).isEqualTo(Map.of("disk", true));
        assertThat(looks).hasValue(1);
        now.addAndGet(Duration.ofSeconds(3).toNanos());
        assertThat(readiness.checks().toCompletableFuture()).isNotDone();
        assertThat(work).hasSize(1);
    }

    @Test
    void whoAsksWhileChecksHangIsToldSo() {
        Readiness readiness = readiness(Duration.ofMillis(1));

        assertThat(readiness.checks().toCompletableFuture().join()).isEqualTo(Map.of(Readiness.CHECKS, false));
    }
}
