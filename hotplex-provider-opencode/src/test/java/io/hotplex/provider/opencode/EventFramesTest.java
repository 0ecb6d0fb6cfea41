package io.hotplex.provider.opencode;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.spi.AgentLine;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EventFramesTest {
    private static final int ROUNDS = 200;

    @Test
    void doesNotDependOnWhereTheBytesAreCut() {
        String stream = "data: {\"a\":1}\n\n: a comment\n\nevent: x\ndata:{\"ü\":2}\r\n\r\ndata: \n\ndata: last\n\n";
        byte[] bytes = stream.getBytes(StandardCharsets.UTF_8);
        long seed = Long.getLong("hotplex.seed", 20260101L);
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            List<String> frames = new ArrayList<>();
            EventFrames reader = new EventFrames(1 << 20, line -> frames.add(line.text()));
            for (int at = 0; at < bytes.length; ) {
                int count = Math.min(bytes.length - at, 1 + random.nextInt(12));
                reader.feed(bytes, at, count);
                at += count;
            }

            assertThat(frames).as("seed %d", seed).containsExactly("{\"a\":1}", "{\"ü\":2}", "", "last");
        }
    }

    @Test
    void cutsALineThatIsTooLongAndSaysSo() {
        List<AgentLine> frames = new ArrayList<>();
        EventFrames reader = new EventFrames(16, line -> frames.add(line.copy()));
        byte[] bytes = ("data: " + "x".repeat(100) + "\n\ndata: short\n\n").getBytes(StandardCharsets.UTF_8);
        reader.feed(bytes, 0, bytes.length);

        assertThat(frames).extracting(AgentLine::truncated).containsExactly(true, false);
        assertThat(frames).extracting(AgentLine::length).containsExactly(10, 5);
    }

    @Test
    void anEventsAddressIsFoundWhereverItStands() {
        assertThat(EventAddress.of(
                        AgentLine.of("{\"payload\":{\"properties\":{\"info\":{\"parentID\":\"p\",\"x\":{\"sessionID\":"
                                + "\"no\"}},\"sessionID\":\"s\"},\"type\":\"session.created\"},\"directory\":\"/d\"}")))
                .isEqualTo(new EventAddress("session.created", "s", "p", null));
        assertThat(EventAddress.of(AgentLine.of("{\"payload\":{\"type\":\"server.instance.disposed\",\"properties\":"
                        + "{\"directory\":\"/d\"}}}")))
                .isEqualTo(new EventAddress("server.instance.disposed", null, null, "/d"));
        assertThat(EventAddress.of(AgentLine.of(
                        "{\"payload\":{\"type\":\"a\",\"properties\":{\"sessionID\":\"s\",\"text\":\"cut off")))
                .isEqualTo(new EventAddress("a", "s", null, null));
        assertThat(EventAddress.of(AgentLine.of("nothing of the kind")))
                .isEqualTo(new EventAddress("", null, null, null));
    }
}
