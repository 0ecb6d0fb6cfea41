package io.hotplex.server.internal.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimiterTest {
    private final AtomicLong now = new AtomicLong(-5);
    private final RateLimiter<String> limiter = new RateLimiter<>(now::get);

    @Test
    void letsABurstOfOneSecondThroughAndThenTheRate() {
        for (int i = 0; i < 10; i++) {
            assertThat(limiter.take("a", 10)).isNull();
        }
        Duration wait = Objects.requireNonNull(limiter.take("a", 10));
        assertThat(wait).isEqualTo(Duration.ofMillis(100));
        assertThat(limiter.take("b", 10)).as("another sender").isNull();

        now.addAndGet(wait.toNanos());
        assertThat(limiter.take("a", 10)).isNull();
        assertThat(limiter.take("a", 10)).as("refusals cost nothing").isEqualTo(wait);

        now.addAndGet(Duration.ofSeconds(60).toNanos());
        for (int i = 0; i < 10; i++) {
            assertThat(limiter.take("a", 10)).isNull();
        }
        assertThat(limiter.take("a", 10))
                .as("a long rest gives one second's worth")
                .isNotNull();
    }

    @Test
    void forgetsWhoIsQuiet() {
        for (int i = 0; i < 5000; i++) {
            limiter.take("sender-" + i, 1000);
            now.addAndGet(Duration.ofMillis(2).toNanos());
        }
        assertThat(limiter.size()).isLessThan(1100);
    }
}
