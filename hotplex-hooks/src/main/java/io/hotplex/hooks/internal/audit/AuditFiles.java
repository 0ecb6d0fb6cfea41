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

    /** The number of the first entry of these files, in order; 1 when there are none. */
    static long first(List<Path> files) {
        return files.isEmpty()
                ? 1
                : Long.parseLong(files.get(0).getFileName().toString().replaceAll("[^0-9]", ""));
    }

    static Path beginning(Path directory, long first) {
        return directory.resolve(String.format("audit-%019d.ndjson", first));
    }
}
