package io.hotplex.core.internal.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.LogListener;
import io.hotplex.api.spi.PromptGuard;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.core.MemoryJournal;
import io.hotplex.core.internal.event.StatsFold;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecorderTest {
    @TempDir
    Path dir;

    private final Parts engine = new Parts();
    private final MemoryJournal memory = new MemoryJournal(1 << 20, 1 << 20);
    private final List<String> told = new ArrayList<>();

    @AfterEach
    void stop() {
        engine.close();
        memory.close();
    }

    private Recorder recorder(Journal journal) {
        EngineParts parts = engine.parts(dir, PromptGuard.NONE, 1);
        return new Recorder(parts, journal, new StatsFold("s"), "s", () -> {}, () -> told.add("owner"));
    }

    @Test
    void aJournalThatIsLostWhileALogIsOpenedIsToldOnceTheSessionIsThere() {
        Recorder recorder = recorder(new Journal() {
            @Override
            public SessionLog open(String sessionId, LogListener listener) {
                listener.lost();
                return memory.open(sessionId, listener);
            }

            @Override
            public void close() {}
        });
        assertThat(told).isEmpty();
        recorder.whenReadable(
                1, () -> told.add("readable"), why -> told.add(why.code().name()));

        recorder.announce(SessionSpec.builder("s", dir).build());

        assertThat(told).containsExactly("STATE_IN_USE", "owner");
    }

    @Test
    void ofALongPromptTheBeginningIsShownAndNoHalfOfASecret() {
        Recorder recorder = recorder(memory);
        String key = "ghp_abcdefghijklmnopqrstuvwxyz0123456789";
        String head = "words ".repeat(Recorder.PREVIEW_CHARS / 6);
        String cut = head.substring(0, Recorder.PREVIEW_CHARS - 22) + key + " more";

        assertThat(recorder.preview("short " + key)).startsWith("short ").doesNotContain("abcdef");
        assertThat(recorder.preview(" ".repeat(Recorder.PREVIEW_CHARS) + "more"))
                .isBlank()
                .hasSize(Recorder.PREVIEW_CHARS);
        assertThat(recorder.preview(cut)).startsWith("words words").doesNotContain("abcdef");
        assertThat(recorder.preview("x".repeat(Recorder.PREVIEW_CHARS - 1) + "\uD83D\uDE00"))
                .hasSize(Recorder.PREVIEW_CHARS - 1);
    }
}
