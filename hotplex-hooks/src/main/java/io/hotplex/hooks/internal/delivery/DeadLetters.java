package io.hotplex.hooks.internal.delivery;

import io.hotplex.api.spi.HookEvent;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What could not be delivered: a file with one event a line, and why, for its owner alone to read. When it is full it
 * becomes {@code .1}, and what was that is gone.
 *
 * <p>Others may take the file away at any time, to deliver again what is in it: it is opened for each line. Guarded by
 * its monitor.
 */
final class DeadLetters {
    static final String FILE = "dead-letters.ndjson";

    private final Path file;
    private final long maxBytes;

    DeadLetters(Path directory, long maxBytes) {
        this.file = directory.resolve(FILE);
        this.maxBytes = maxBytes;
    }

    /** One that was put aside, and why. */
    record Letter(HookEvent event, String reason) {}

    synchronized void put(List<HookEvent> events, String reason, int attempts, Instant now) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (HookEvent event : events) {
            Map<String, @Nullable Object> line = new LinkedHashMap<>();
            line.put("at", now.toString());
            line.put("reason", reason);
            line.put("attempts", attempts);
            line.put("event", HookJson.map(event));
            lines.append(new String(HookJson.bytes(line), StandardCharsets.UTF_8))
                    .append('\n');
        }
        append(lines.toString());
    }

    private void append(String lines) throws IOException {
        if (Files.exists(file) && Files.size(file) + lines.length() > maxBytes) {
            Files.move(file, file.resolveSibling(FILE + ".1"), StandardCopyOption.REPLACE_EXISTING);
        }
        if (!Files.exists(file)) {
            Files.createFile(file, ownersOnly(file));
        }
        Files.writeString(file, lines, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private static FileAttribute<?>[] ownersOnly(Path file) {
        boolean posix = file.getFileSystem().supportedFileAttributeViews().contains("posix");
        return posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
    }

    /** Takes everything out; what was left by one who took and did not finish comes first. */
    synchronized List<Letter> take() throws IOException {
        Path taken = file.resolveSibling(FILE + ".taken");
        List<Letter> letters = new ArrayList<>();
        if (Files.exists(taken)) {
            letters.addAll(read(taken));
        }
        Path next = file.resolveSibling(FILE + ".taking");
        for (Path source : List.of(file.resolveSibling(FILE + ".1"), file)) {
            if (Files.exists(source)) {
                Files.move(source, next, StandardCopyOption.REPLACE_EXISTING);
                Files.writeString(
                        taken,
                        Files.readString(next, StandardCharsets.UTF_8),
                        StandardCharsets.UTF_8,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.APPEND);
                letters.addAll(read(next));
                Files.delete(next);
            }
        }
        return letters;
    }

    /** What was taken is dealt with: delivered, or put aside again. */
    synchronized void dealtWith() throws IOException {
        Files.deleteIfExists(file.resolveSibling(FILE + ".taken"));
    }

    /** How many there are. */
    synchronized long count() throws IOException {
        long count = 0;
        for (String name : List.of(FILE, FILE + ".1", FILE + ".taken")) {
            Path path = file.resolveSibling(name);
            if (Files.exists(path)) {
                try (var lines = Files.lines(path, StandardCharsets.UTF_8)) {
                    count += lines.count();
                }
            }
        }
        return count;
    }

    @SuppressWarnings("unchecked")
    private static List<Letter> read(Path path) throws IOException {
        List<Letter> letters = new ArrayList<>();
        try (BufferedReader lines = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Map<String, @Nullable Object> map = HookJson.read(line.getBytes(StandardCharsets.UTF_8));
                if (map.get("event") instanceof Map<?, ?> event) {
                    letters.add(new Letter(
                            HookJson.event((Map<String, @Nullable Object>) event), String.valueOf(map.get("reason"))));
                }
            }
        }
        return letters;
    }
}
