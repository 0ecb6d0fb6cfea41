package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class StderrTailTest {
    @Test
    void keepsTheLastLinesOldestFirst() {
        StderrTail tail = new StderrTail(2);

        feed(tail, "a\nb\nc\nd");
        tail.end();

        assertThat(tail.lines()).containsExactly("c", "d");
    }

    @Test
    void cutsALineWithoutEnd() {
        StderrTail tail = new StderrTail(2);

        for (int i = 0; i < 1000; i++) {
            feed(tail, "x".repeat(10_000));
        }
        tail.end();

        assertThat(tail.lines()).containsExactly("x".repeat(4096));
    }

    @Test
    void keepsNothingWhenToldSo() {
        StderrTail tail = new StderrTail(0);

        feed(tail, "a\nb\n");
        tail.end();

        assertThat(tail.lines()).isEmpty();
    }

    private static void feed(StderrTail tail, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        tail.feed(bytes, bytes.length);
    }
}
