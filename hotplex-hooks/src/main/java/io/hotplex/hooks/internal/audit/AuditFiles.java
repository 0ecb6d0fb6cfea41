package io.hotplex.hooks.internal.audit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The files of a trail: {@code audit-<number of its first entry>.ndjson}, in order. */
final class AuditFiles {
    private static final String PATTERN = "audit-[0-9]{19}\\.ndjson";

    private AuditFiles() {}

    static List<Path> in(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(directory)) {
            return all.filter(path -> path.getFileName().toString().matches(PATTERN))
                    .sorted()
                    .toList();
        }
    }

    static Path beginning(Path directory, long first) {
        return directory.resolve(String.format("audit-%019d.ndjson", first));
    }
}
