package io.hotplex.server.internal.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileWatchTest {
    private static final Duration OFTEN = Duration.ofMillis(10);

    @TempDir
    Path directory;

    @Test
    void aChangeBetweenTheFirstLookAndTheStartIsNoticed() throws IOException {
        Path file = Files.writeString(directory.resolve("a"), "one");
        AtomicInteger changes = new AtomicInteger();
        try (FileWatch watch = FileWatch.of(() -> List.of(file))) {
            Files.writeString(file, "another");
            watch.start(changes::incrementAndGet, OFTEN);

            await().until(() -> changes.get() == 1);
        }
    }

    @Test
    void whatFailsIsTriedAgainAndEndsNothing() throws IOException {
        Path file = Files.writeString(directory.resolve("a"), "one");
        AtomicReference<RuntimeException> trouble = new AtomicReference<>();
        AtomicInteger done = new AtomicInteger();
        AtomicInteger asked = new AtomicInteger();
        try (FileWatch watch = FileWatch.of(() -> List.of(file))) {
            trouble.set(new IllegalStateException("full"));
            watch.start(
                    () -> {
                        asked.incrementAndGet();
                        RuntimeException now = trouble.get();
                        if (now != null) {
                            throw now;
                        }
                        done.incrementAndGet();
                    },
                    OFTEN);
            Files.writeString(file, "another");
            await().until(() -> asked.get() > 2);
            assertThat(done).hasValue(0);
            trouble.set(null);

            await().until(() -> done.get() == 1);
        }
    }
}
