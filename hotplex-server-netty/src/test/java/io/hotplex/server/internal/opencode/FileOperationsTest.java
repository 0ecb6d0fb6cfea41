package io.hotplex.server.internal.opencode;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileOperationsTest {
    @Test
    void aSearchEndsAlsoWhereFilesTakeLong(@TempDir Path dir) throws IOException {
        for (int i = 0; i < 20; i++) {
            Files.createFile(dir.resolve("f" + i));
        }
        AtomicLong now = new AtomicLong();
        List<Path> visited = new ArrayList<>();

        FileOperations.walk(
                dir,
                path -> false,
                (path, isDirectory) -> {
                    now.addAndGet(Duration.ofSeconds(1).toNanos());
                    return visited.add(path);
                },
                now::get);

        assertThat(visited).hasSizeBetween(2, 10);
    }
}
