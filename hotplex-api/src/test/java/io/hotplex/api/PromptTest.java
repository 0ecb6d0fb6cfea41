package io.hotplex.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.Test;

class PromptTest {
    @Test
    void refusesATimeoutThatIsNoTimeOrTooLongToCount() {
        for (Duration timeout : List.of(
                Duration.ZERO,
                Duration.ofMillis(-1),
                Duration.ofDays(365).plusNanos(1),
                ChronoUnit.FOREVER.getDuration())) {
            assertThatExceptionOfType(HotPlexException.class)
                    .isThrownBy(() -> Prompt.builder("a").timeout(timeout).build())
                    .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT))
                    .withMessageContaining("365 days");
        }
    }

    @Test
    void takesAYear() {
        assertThat(Prompt.builder("a").timeout(Duration.ofDays(365)).build().timeout())
                .isEqualTo(Duration.ofDays(365));
    }
}
