package io.hotplex.core.internal.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentIdsTest {
    @ParameterizedTest(name = "{0}/{1}")
    @CsvSource({
        "default, user-123, b7c3c461-c85f-5ee3-87bc-5534b12e4e9a",
        "default, s1, e7012601-53ee-5449-a486-1fd014b129a1"
    })
    void aConversationsIdFollowsFromItsNames(String namespace, String session, String expected) {
        assertThat(AgentIds.conversation(namespace, session)).hasToString(expected);
    }

    @Test
    void turnIdsAreVersionSevenAndGrowEvenWhenTheClockDoesNot() {
        long now = 1_900_000_000_000L;
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            UUID id = AgentIds.turn(now - i % 3);
            assertThat(id.version()).isEqualTo(7);
            assertThat(id.variant()).isEqualTo(2);
            ids.add(id.toString());
        }

        assertThat(ids).doesNotHaveDuplicates().isSorted();
        assertThat(UUID.fromString(ids.get(0)).getMostSignificantBits() >>> 16).isEqualTo(now);
    }
}
