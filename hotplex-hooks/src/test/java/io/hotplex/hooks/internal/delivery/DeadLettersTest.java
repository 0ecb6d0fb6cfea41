package io.hotplex.hooks.internal.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.spi.HookEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeadLettersTest {
    @TempDir
    Path directory;

    private static HookEvent event(long offset) {
        return new HookEvent(
                "evt_" + offset,
                new EventRecord("s", offset, offset, null, Instant.EPOCH, new AgentEvent.SessionClosed("done")),
                "ann",
                "claude",
                HookEvent.Severity.INFO,
                null);
    }

    private DeadLetters letters(long maxBytes) {
        return new DeadLetters(directory, maxBytes);
    }

    private static long put(DeadLetters letters, long offset) throws IOException {
        return letters.put(List.of(event(offset)), "no", 1, Instant.EPOCH);
    }

    private static List<String> ids(List<DeadLetters.Letter> letters) {
        return letters.stream().map(letter -> letter.event().id()).toList();
    }

    @Test
    void aLineThatWasNotWrittenToItsEndSpoilsNoOther() throws IOException {
        DeadLetters letters = letters(1 << 20);
        put(letters, 1);
        Files.writeString(directory.resolve(DeadLetters.FILE), "{\"at\":\"1970", StandardOpenOption.APPEND);
        put(letters, 2);

        assertThat(ids(letters.take())).containsExactly("evt_1", "evt_2");
        letters.dealtWith();
        assertThat(letters.count()).isZero();
    }

    @Test
    void whatIsAddedWhileItIsTakenAwayComesTheNextTime() throws IOException {
        DeadLetters gateway = letters(1 << 20);
        put(gateway, 1);
        DeadLetters operator = letters(1 << 20);
        assertThat(ids(operator.take())).containsExactly("evt_1");

        try (var taken = Files.newDirectoryStream(directory, "*.taken-*")) {
            for (Path file : taken) { // a gateway that had opened it before
                Files.writeString(file, Files.readString(file), StandardOpenOption.APPEND);
            }
        }
        put(gateway, 2);
        operator.dealtWith();

        assertThat(ids(operator.take())).contains("evt_1", "evt_2");
        operator.dealtWith();
        assertThat(operator.count()).isZero();
    }

    @Test
    void whoTookAndDidNotFinishIsFollowedUp() throws IOException {
        DeadLetters letters = letters(1 << 20);
        put(letters, 1);
        assertThat(letters(1 << 20).take()).hasSize(1); // and ends here
        put(letters, 2);

        assertThat(letters.count()).isEqualTo(2);
        assertThat(ids(letters(1 << 20).take())).containsExactly("evt_1", "evt_2");
    }

    @Test
    void whatNobodyHereCanReadStays() throws IOException {
        DeadLetters letters = letters(1 << 20);
        put(letters, 1);
        String unknown = "{\"event\":{\"type\":\"turn_completed\"}}";
        Files.writeString(directory.resolve(DeadLetters.FILE), unknown + "\n", StandardOpenOption.APPEND);

        assertThat(ids(letters.take())).containsExactly("evt_1");
        letters.dealtWith();

        assertThat(directory.resolve(DeadLetters.FILE)).content().isEqualTo(unknown + "\n");
    }

    @Test
    void whatIsLongIsReadAgain() throws IOException {
        HookEvent book = new HookEvent(
                "evt_1",
                new EventRecord(
                        "s", 1, 1, "t", Instant.EPOCH, new AgentEvent.Text("m", 0, "x".repeat(20_000_001), null)),
                "ann",
                "claude",
                HookEvent.Severity.INFO,
                null);
        DeadLetters letters = letters(1 << 30);
        letters.put(List.of(book), "no", 1, Instant.EPOCH);

        assertThat(ids(letters.take())).containsExactly("evt_1");
    }

    @Test
    void tellsHowManyAreGoneWhenItIsFull() throws IOException {
        DeadLetters letters = letters(700);
        long gone = 0;
        for (int i = 1; i <= 20; i++) {
            gone += put(letters, i);
        }

        assertThat(gone).isPositive();
        assertThat(gone + letters.count()).isEqualTo(20);
        assertThat(Files.getPosixFilePermissions(directory.resolve(DeadLetters.FILE)))
                .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }
}
