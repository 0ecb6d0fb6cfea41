package io.hotplex.server.internal.opencode;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class IdsTest {
    private static final Instant NOW = Instant.parse("2026-11-22T14:21:30.176Z");

    @Test
    void theNumberWithinAnIdIsThatOfTheOriginal() {
        // msg_203a22ec0001… was made by OpenCode at 1795357290176
        Instant made = Instant.ofEpochMilli(1795357290176L);

        assertThat(Ids.of("msg", made.toEpochMilli() * Ids.PER_MILLI + 1, "x"))
                .startsWith("msg_203a22ec0001")
                .hasSize(30);
        assertThat(Ids.numberOf("msg_203a22ec00011lY1b9dAh8utDM", made) / Ids.PER_MILLI)
                .isEqualTo(made.toEpochMilli());
    }

    @Test
    void aSessionOfTheOriginalTellsWhenItWasMade() {
        assertThat(Ids.madeAt("ses_dfc5dd15cffeuk6Wsgq6d0cL2m", NOW.plus(Duration.ofDays(100))))
                .isEqualTo(Instant.ofEpochMilli(1795357290147L));
        assertThat(Ids.madeAt("ses-mine", NOW)).isNull();
    }

    @Test
    void aNumberIsFoundAgainOverTheBorderOfItsTwoYears() {
        long border = ((NOW.toEpochMilli() * Ids.PER_MILLI >> 48) + 1 << 48) / Ids.PER_MILLI;
        for (long millis : new long[] {border - 1, border, border + 1}) {
            String id = Ids.of("msg", millis * Ids.PER_MILLI + 7, "x");
            for (long near : new long[] {border - 100_000, border + 100_000}) {
                assertThat(Ids.numberOf(id, Instant.ofEpochMilli(near))).isEqualTo(millis * Ids.PER_MILLI + 7);
            }
        }
    }

    @Test
    void idsGrowAndThoseOfSessionsShrinkAlsoWhenTheClockStandsOrGoesBack() {
        List<String> messages = new ArrayList<>();
        List<String> sessions = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            messages.add(Ids.fresh("msg", NOW.minusMillis(i)));
            sessions.add(Ids.freshSession(NOW));
        }

        assertThat(messages).isSorted();
        assertThat(sessions).isSortedAccordingTo(Comparator.reverseOrder());
        assertThat(new HashSet<>(messages)).hasSameSizeAs(messages);
        Collections.shuffle(messages);
        assertThat(messages).allMatch(id -> id.matches("msg_[0-9a-f]{12}[0-9A-Za-z]{14}"));
    }

    @Test
    void everySessionHasAnIdOfItsOwnThatLeadsBackToIt() {
        for (String id : List.of("trip", "ses_dfc5dd15cffeuk6Wsgq6d0cL2m", "ses-x", "ses", "ses:1", "a.b_c-d:e")) {
            assertThat(Ids.shown(id)).startsWith("ses");
            assertThat(Ids.sessionOf(Ids.shown(id))).isEqualTo(id);
            String sub = Ids.subagent(Ids.shown(id), "toolu_1");
            assertThat(Ids.isSubagent(sub)).isTrue();
            assertThat(Ids.sessionOf(sub)).isEqualTo(id);
        }
        assertThat(Ids.shown("ses-x")).isNotEqualTo(Ids.shown("x"));
    }

    @Test
    void clientsMayGiveIdsOfTheRightKindAlone() {
        assertThat(Ids.mayBeGiven("msg_custom1", "msg")).isTrue();
        assertThat(Ids.mayBeGiven("prt_1", "msg")).isFalse();
        assertThat(Ids.mayBeGiven("msg:1", "msg")).isFalse();
        assertThat(Ids.mayBeGiven("msg" + "x".repeat(97), "msg")).isFalse();
    }
}
