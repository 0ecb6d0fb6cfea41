package io.hotplex.provider.claude;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.spi.AgentLine;
import io.hotplex.os.LineFramer;
import io.hotplex.testkit.provider.RecordingSink;
import io.hotplex.testkit.provider.Transcript;
import io.hotplex.testkit.provider.TranscriptPlayer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every recorded conversation gives the events of its golden file. After a change that is meant, write the files anew
 * with {@code mvn -pl hotplex-provider-claude test -Dtest=TranscriptsTest -Dhotplex.golden.write=true} and read the
 * difference.
 */
class TranscriptsTest {
    private static final int CUTS = 3;
    private static final int MAX_LINE_BYTES = 64 << 20;
    private static final int PADDING = 16;

    private static final boolean WRITE = Boolean.getBoolean("hotplex.golden.write");

    /**
     * Conversations in which a prompt stays open, as it should. Killed or crashed in a turn: 15, 18c, 18d, 23, 35, 36,
     * 40, 40b, 40c. The host did what we do not: gave up after a minute without our interrupt (20d), wrote one uuid
     * twice (27), steered without {@code --replay-user-messages}, so that 2.1.197 could not tell what it took (12, 12b,
     * 12e, 13).
     */
    private static final Set<String> LEFT_OPEN =
            Set.of("12", "12b", "12e", "13", "15", "18c", "18d", "20d", "23", "27", "35", "36", "40", "40b", "40c");

    static Stream<Arguments> conversations() {
        return Stream.of("v2.1.197", "v2.1.330")
                .flatMap(version -> Transcript.resources("claude/" + version).stream()
                        .map(transcript -> Arguments.of(version, transcript.name(), transcript)));
    }

    @ParameterizedTest(name = "{0}/{1}")
    @MethodSource("conversations")
    void givesTheEventsOfItsGoldenFile(String version, String name, Transcript transcript) throws IOException {
        List<String> lines = new ArrayList<>();
        for (Transcript.Run run : transcript.processes()) {
            lines.add("== process " + run.title());
            lines.addAll(Replay.of(run).described());
        }
        String file = "/golden/" + version + "/" + name.replace(".ndjson", ".txt");
        if (WRITE) {
            Path target = Path.of("src/test/resources" + file);
            Files.createDirectories(Objects.requireNonNull(target.getParent()));
            Files.writeString(target, String.join("\n", lines) + "\n");
            return;
        }
        try (InputStream golden = Objects.requireNonNull(getClass().getResourceAsStream(file), file)) {
            assertThat(String.join("\n", lines) + "\n")
                    .isEqualTo(new String(golden.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    @ParameterizedTest(name = "{0}/{1}")
    @MethodSource("conversations")
    void endsEveryPromptExactlyOnce(String version, String name, Transcript transcript) {
        for (Transcript.Run run : transcript.processes()) {
            TranscriptPlayer replay = Replay.of(run);

            for (RecordingSink.TurnEnded ended : replay.sink().ends()) {
                if (ended.turnId() != null) {
                    assertThat(replay.prompts()).contains(ended.turnId());
                    assertThat(replay.sink().ends(ended.turnId())).hasSize(1);
                }
            }
            if (!LEFT_OPEN.contains(name.substring(0, name.indexOf('-')))) {
                assertThat(replay.open()).isZero();
            }
        }
    }

    @ParameterizedTest(name = "{0}/{1}")
    @MethodSource("conversations")
    void doesNotDependOnTheOrderOfKeys(String version, String name, Transcript transcript) {
        long seed = Long.getLong("hotplex.seed", 20260101L);
        for (Transcript.Run run : transcript.processes()) {
            KeyShuffle shuffle = new KeyShuffle(new Random(seed));
            List<String> shuffled = Replay.player(run, shuffle::apply).play().described();

            // raw events hold the line itself
            assertThat(withoutRaw(shuffled))
                    .as("seed %d", seed)
                    .isEqualTo(withoutRaw(Replay.of(run).described()));
        }
    }

    @ParameterizedTest(name = "{0}/{1}")
    @MethodSource("conversations")
    void doesNotDependOnWhereTheBytesAreCut(String version, String name, Transcript transcript) {
        long first = Long.getLong("hotplex.seed", 20260101L);
        for (Transcript.Run run : transcript.processes()) {
            List<RecordingSink.Entry> whole = Replay.of(run).sink().entries();
            for (long seed = first; seed < first + CUTS; seed++) {
                Random random = new Random(seed);
                TranscriptPlayer cut = Replay.player(run, UnaryOperator.identity())
                        .play((lines, receiver) -> cut(lines, receiver, random));

                assertThat(cut.sink().entries()).as("hotplex.seed %d", seed).isEqualTo(whole);
            }
        }
    }

    /** From one byte at a time to all at once, each time in an array that is used again. */
    private static void cut(List<String> lines, Consumer<AgentLine> receiver, Random random) {
        byte[] bytes = String.join("\n", lines).getBytes(StandardCharsets.UTF_8);
        LineFramer framer = new LineFramer(MAX_LINE_BYTES);
        int longest = 1 << random.nextInt(20);
        byte[] buffer = new byte[longest + PADDING];
        int at = 0;
        while (at < bytes.length) {
            int length = Math.min(bytes.length - at, 1 + random.nextInt(longest));
            int offset = random.nextInt(PADDING);
            random.nextBytes(buffer);
            System.arraycopy(bytes, at, buffer, offset, length);
            framer.feed(buffer, offset, length, receiver);
            at += length;
        }
        framer.end(receiver);
    }

    private static List<String> withoutRaw(List<String> lines) {
        return lines.stream()
                .map(line -> line.startsWith("event raw") ? "event raw" : line)
                .toList();
    }
}
