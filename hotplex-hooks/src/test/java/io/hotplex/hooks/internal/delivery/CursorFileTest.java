package io.hotplex.hooks.internal.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CursorFileTest {
    /** With one more change the file is written anew. */
    private static final int MANY = 20_000;

    @TempDir
    Path parent;

    private Path directory;
    private Path file;

    @BeforeEach
    void make() throws IOException {
        directory = Files.createDirectory(parent.resolve("hook"));
        file = directory.resolve("cursors");
    }

    @Test
    void knowsTheLastOffsetOfEachSessionWhateverIsTornAtTheEnd() throws IOException {
        try (CursorFile cursors = CursorFile.open(file)) {
            assertThat(cursors.found()).isFalse();
            cursors.put("a", 1);
            cursors.put("b", 7);
            cursors.put("a", 2);
            cursors.put("gone", 3);
            cursors.remove("gone");
        }
        Files.writeString(file, Files.readString(file) + "9 b");

        try (CursorFile cursors = CursorFile.open(file)) {
            assertThat(cursors.found()).isTrue();
            assertThat(cursors.get("a")).hasValue(2);
            assertThat(cursors.get("b")).hasValue(7);
            assertThat(cursors.get("gone")).isEmpty();
            cursors.retain(List.of("b"));
        }
        assertThat(file).content().isEqualTo("7 b\n");
    }

    @Test
    void goesOnWhenTheFileCanBeWrittenAgain() throws IOException {
        Path away = parent.resolve("away");
        try (CursorFile cursors = CursorFile.open(file)) {
            cursors.put("early", 5);
            for (int i = 1; i <= MANY; i++) {
                cursors.put("s", i);
            }
            Files.move(directory, away);
            assertThatThrownBy(() -> cursors.put("s", MANY + 1)).isInstanceOf(IOException.class);
            assertThat(cursors.get("s")).hasValue(MANY + 1);
            Files.move(away, directory);

            cursors.put("late", 1);
        }

        try (CursorFile cursors = CursorFile.open(file)) {
            assertThat(cursors.get("early")).hasValue(5);
            assertThat(cursors.get("s")).hasValue(MANY + 1);
            assertThat(cursors.get("late")).hasValue(1);
        }
    }
}
