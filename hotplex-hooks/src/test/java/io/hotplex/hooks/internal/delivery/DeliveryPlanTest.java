package io.hotplex.hooks.internal.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.spi.HookConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Without threads and clocks: nanoseconds are numbers here. */
class DeliveryPlanTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final RetryPolicy retries = RetryPolicy.of(
            HookConfig.of("h", "t", Map.of("retry-delay", "1s", "retry-max-delay", "10s", "retry-attempts", "3")),
            () -> 0);
    private final DeliveryPlan plan = new DeliveryPlan(retries);
    private final Lane a = new Lane("a", "o", "p", 0);
    private final Lane b = new Lane("b", "o", "p", 0);

    @Test
    void waitsLongerAfterEachFailure() {
        assertThat(retries.delayNanos(1)).isEqualTo(SECOND);
        assertThat(retries.delayNanos(2)).isEqualTo(2 * SECOND);
        assertThat(retries.delayNanos(4)).isEqualTo(8 * SECOND);
        assertThat(retries.delayNanos(5)).isEqualTo(10 * SECOND);
        assertThat(retries.delayNanos(1_000)).isEqualTo(10 * SECOND);
        RetryPolicy jittered = new RetryPolicy(3, Duration.ofSeconds(1), Duration.ofSeconds(10), () -> 1);
        assertThat(jittered.delayNanos(1)).as("at least a half").isEqualTo(SECOND / 2);
    }

    @Test
    void takesWhatCameFirst() {
        plan.ready(a, 0);
        plan.ready(b, 0);

        assertThat(plan.take(0)).isSameAs(a);
        assertThat(plan.take(0)).isSameAs(b);
        assertThat(plan.take(0)).isNull();
        assertThat(plan.waitNanos(0)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void afterAFailureEverybodyWaitsAndTheLaneThatFailedWaitsOnItsOwn() {
        plan.ready(a, 0);
        assertThat(plan.take(0)).isSameAs(a);
        plan.failed(a, 5 * SECOND, 0);
        plan.ready(b, SECOND);

        assertThat(plan.take(SECOND)).isNull();
        assertThat(plan.waitNanos(SECOND)).isEqualTo(4 * SECOND);
        assertThat(plan.take(5 * SECOND)).as("its time came first").isSameAs(b);
        plan.rests();
        assertThat(plan.take(5 * SECOND)).isSameAs(a);
        plan.failed(a, 0, 5 * SECOND);
        assertThat(plan.waitNanos(5 * SECOND)).isEqualTo(2 * SECOND);
        assertThat(plan.take(7 * SECOND)).isSameAs(a);
        assertThat(plan.exhausted(a)).as("the third failure would be the last").isTrue();
        plan.gaveUp(a, 7 * SECOND);
        assertThat(plan.retrying()).isTrue();
        plan.delivered(b, 7 * SECOND);
        assertThat(plan.retrying()).isFalse();
    }

    @Test
    void collectsWhatComesAndLetsItGoWhenItDrains() {
        plan.ready(a, 0);
        assertThat(plan.take(0)).isSameAs(a);
        plan.again(a, SECOND, 0);
        assertThat(plan.take(0)).isNull();
        assertThat(plan.drained(0)).as("nothing is ready").isTrue();

        plan.drain(0);

        assertThat(plan.drained(0)).isFalse();
        assertThat(plan.take(0)).isSameAs(a);
        plan.failed(a, 0, 0);
        assertThat(plan.drained(0)).as("what failed is not waited for").isTrue();
    }

    @Test
    void sessionsThatAlwaysHaveSomethingDoNotKeepTheOthersFromTheirTurn() {
        Lane quiet = new Lane("quiet", "o", "p", 0);
        long now = 0;
        plan.ready(a, now);
        plan.ready(b, now);
        List<String> order = new ArrayList<>();

        for (int i = 0; i < 10; i++) {
            Lane lane = Objects.requireNonNull(plan.take(now), "nothing is due");
            order.add(lane.session);
            now += SECOND / 20; // longer than others wait to be looked at again
            if (i == 3) {
                plan.ready(quiet, now);
            }
            plan.again(lane, SECOND / 50, now);
        }

        assertThat(order.subList(4, 7)).contains("quiet");
    }
}
