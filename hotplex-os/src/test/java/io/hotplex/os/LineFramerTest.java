package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hotplex.api.spi.AgentLine;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LineFramerTest {
    private static final int LIMIT = 5;

    @ParameterizedTest(name = "[{0}]")
    @CsvSource(
            delimiter = '>',
            value = {
                "''>''",
                "a>a",
                "a|>a",
                "a|b>a b",
                "|||a||b|>a b",
                "a^|b^|>a b",
                "^|^>''",
                "a^b|>a^b",
                "a^^|>a^",
                "12345|>12345",
                "12345^|>12345",
                "123456|x>12345+ x",
                "12345^6|>12345+",
                "1234567890>12345+",
                "12345^>12345",
                "12345^^|>12345+",
            })
    void cutsAtLineEnds(String input, String lines) {
        byte[] bytes = input.replace('|', '\n').replace('^', '\r').getBytes(StandardCharsets.UTF_8);
        List<String> expected = lines.isEmpty()
                ? List.of()
                : Arrays.stream(lines.split(" "))
                        .map(line -> line.replace('^', '\r'))
                        .toList();

        assertThat(linesOf(bytes, new int[] {bytes.length})).isEqualTo(expected);
        for (int cut = 0; cut < bytes.length; cut++) {
            assertThat(linesOf(bytes, new int[] {cut, bytes.length})).isEqualTo(expected);
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void itMakesNoDifferenceHowTheStreamWasCut(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            byte[] bytes = new byte[random.nextInt(60)];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) "ab\r\n\n".charAt(random.nextInt(5));
            }
            int[] cuts = random.ints(random.nextInt(12), 0, bytes.length + 1)
                    .sorted()
                    .toArray();
            int[] pieces = Arrays.copyOf(cuts, cuts.length + 1);
            pieces[cuts.length] = bytes.length;

            assertThat(linesOf(bytes, pieces)).isEqualTo(linesOf(bytes, new int[] {bytes.length}));
        }
    }

    @Test
    void handsOutSlicesOfThePieceItself() {
        byte[] piece = "one\ntwo\n".getBytes(StandardCharsets.UTF_8);
        List<AgentLine> lines = new ArrayList<>();
        LineFramer framer = new LineFramer(100);

        framer.feed(piece, 0, piece.length, lines::add);

        assertThat(lines).hasSize(2).allSatisfy(line -> assertThat(line.bytes()).isSameAs(piece));
        assertThat(framer.retainedBytes()).isZero();
    }

    @Test
    void holdsNoMoreThanTheLimitAndNothingBetweenLines() {
        LineFramer framer = new LineFramer(10_000);
        List<AgentLine> lines = new ArrayList<>();
        byte[] piece = new byte[4096];

        for (int i = 0; i < 1000; i++) {
            framer.feed(piece, 0, piece.length, lines::add);
            assertThat(framer.retainedBytes()).isLessThanOrEqualTo(10_000);
        }
        framer.feed(new byte[] {'\n'}, 0, 1, lines::add);

        assertThat(framer.retainedBytes()).isZero();
        assertThat(lines).hasSize(1);
        assertThat(lines.get(0).length()).isEqualTo(10_000);
        assertThat(lines.get(0).truncated()).isTrue();
    }

    @Test
    void refusesAZeroLimit() {
        assertThatThrownBy(() -> new LineFramer(0)).isInstanceOf(IllegalArgumentException.class);
    }

    /** @param ends where the pieces end, ascending */
    private static List<String> linesOf(byte[] bytes, int[] ends) {
        LineFramer framer = new LineFramer(LIMIT);
        List<String> lines = new ArrayList<>();
        int start = 0;
        for (int end : ends) {
            byte[] piece = new byte[end - start + 2]; // not at the array's beginning
            System.arraycopy(bytes, start, piece, 1, end - start);
            framer.feed(piece, 1, end - start, line -> lines.add(text(line)));
            Arrays.fill(piece, (byte) '#'); // whoever kept it without a copy shows it
            start = end;
        }
        framer.end(line -> lines.add(text(line)));
        return lines;
    }

    private static String text(AgentLine line) {
        return line.text() + (line.truncated() ? "+" : "");
    }
}
