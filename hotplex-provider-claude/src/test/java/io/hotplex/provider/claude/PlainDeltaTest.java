package io.hotplex.provider.claude;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.spi.AgentLine;
import io.hotplex.testkit.provider.Transcript;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The short way of reading a delta finds what the parser finds, or leaves the line to it. */
@NullMarked
class PlainDeltaTest {
    private static final String BEFORE =
            "{\"type\":\"stream_event\",\"event\":{\"type\":\"content_block_delta\",\"index\":0,\"delta\":";

    private static final String AFTER = "},\"session_id\":\"s\",\"parent_tool_use_id\":null,\"uuid\":\"u\"}";
    private static final int ROUNDS = 300_000;

    private final PlainDelta plain = new PlainDelta();
    private final DeltaScanner parser = new DeltaScanner();

    private static List<String> recordedDeltas() {
        return Stream.of("v2.1.197", "v2.1.330")
                .flatMap(version -> Transcript.resources("claude/" + version).stream())
                .flatMap(transcript -> transcript.processes().stream())
                .flatMap(run -> run.output().stream())
                .map(AgentLine::text)
                .filter(line -> line.contains("content_block_delta"))
                .distinct()
                .toList();
    }

    private static AgentLine line(String text) {
        return AgentLine.of(text);
    }

    private void sameAsParser(AgentLine line, String message) {
        if (plain.read(line)) {
            assertThat(parser.walk(line)).as(message).isTrue();
            DeltaScanner.Kind kind = plain.kind();
            assertThat(parser.index()).as(message).isEqualTo(plain.index());
            assertThat(parser.parent()).as(message).isEqualTo(plain.parent());
            assertThat(parser.text()).as(message).isEqualTo(kind == DeltaScanner.Kind.TEXT ? plain.text() : null);
            assertThat(parser.thinking())
                    .as(message)
                    .isEqualTo(kind == DeltaScanner.Kind.THINKING ? plain.thinking() : null);
        }
    }

    @Test
    void takesEveryRecordedTextWithoutEscapes() {
        List<String> texts = recordedDeltas().stream()
                .filter(text -> text.contains("\"text_delta\"") && text.indexOf('\\') < 0)
                .toList();

        assertThat(texts).hasSizeGreaterThan(50).allSatisfy(text -> {
            assertThat(plain.read(line(text))).isTrue();
            sameAsParser(line(text), text);
        });
    }

    @Test
    void agreesWithTheParserOnDamagedLines() {
        long seed = Long.getLong("hotplex.seed", 20260101L);
        Random random = new Random(seed);
        List<byte[]> lines = new ArrayList<>();
        recordedDeltas().forEach(text -> lines.add(text.getBytes(StandardCharsets.UTF_8)));
        byte[] likely = "\"\\{}[]:,0129.-entf \u0000\n\u00e4".getBytes(StandardCharsets.UTF_8);
        int understood = 0;
        for (int i = 0; i < ROUNDS; i++) {
            byte[] damaged = lines.get(random.nextInt(lines.size())).clone();
            for (int changes = random.nextInt(3); changes >= 0; changes--) {
                damaged[random.nextInt(damaged.length)] =
                        random.nextBoolean() ? likely[random.nextInt(likely.length)] : (byte) random.nextInt(256);
            }
            if (random.nextInt(4) == 0) {
                damaged = Arrays.copyOf(damaged, random.nextInt(damaged.length + 1));
            }
            AgentLine line = new AgentLine(damaged, 0, damaged.length, false);
            String message = "seed " + seed + ": " + line.text();
            understood += plain.read(line) ? 1 : 0;
            sameAsParser(line, message);
        }

        assertThat(understood).as("seed %d", seed).isGreaterThan(ROUNDS / 100);
    }

    @Test
    void agreesWithTheParserInAnyOrderOfKeys() {
        KeyShuffle shuffle = new KeyShuffle(new Random(7));
        recordedDeltas().forEach(text -> sameAsParser(line(shuffle.apply(text)), text));
    }

    @Test
    void readsTextBeyondAscii() {
        String text = BEFORE + "{\"type\":\"text_delta\",\"text\":\"süß 漢字 😀\"}" + AFTER;

        assertThat(plain.read(line(text))).isTrue();
        assertThat(plain.text()).isEqualTo("süß 漢字 😀");
        sameAsParser(line(text), text);
    }

    @Test
    void readsASliceOfALargerArray() {
        byte[] text = (BEFORE + "{\"type\":\"text_delta\",\"text\":\"a\"}" + AFTER).getBytes(StandardCharsets.UTF_8);
        byte[] larger = new byte[text.length + 20];
        Arrays.fill(larger, (byte) '}');
        System.arraycopy(text, 0, larger, 10, text.length);

        assertThat(plain.read(new AgentLine(larger, 10, text.length, false))).isTrue();
        assertThat(plain.read(new AgentLine(larger, 10, text.length + 1, false)))
                .isFalse();
        assertThat(plain.read(new AgentLine(larger, 10, text.length - 1, false)))
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"text_delta\",\"text\":\"a\\nb\"}",
                "{\"type\":\"text_delta\",\"text\":\"a\" }",
                "{\"type\":\"text_delta\",\"text\":\"\uFFFD\"}",
                "{\"type\":\"text_delta\",\"text\":\"a\",\"more\":[1]}",
                "{\"type\":\"text_delta\",\"text\":\"a\",\"more\":1.5}",
                "{\"type\":\"text_delta\",\"text\":\"a\",\"more\":01}",
                "{\"type\":\"text_delta\",\"text\":null}",
                "{\"type\":\"text_delta\",\"text\":\"a\"",
                "{}"
            })
    void leavesEverythingElseToTheParser(String delta) {
        assertThat(plain.read(line(BEFORE + delta + AFTER))).isFalse();
    }
}
