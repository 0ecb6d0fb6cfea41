package io.hotplex.hooks.internal.delivery;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.hotplex.api.spi.HookEvent;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What could not be delivered: a file with one event a line, and why, for its owner alone to read. When it is full it
 * becomes {@code .1}, and what was that is gone.
 *
 * <p>Others may take the file away at any time, to deliver again what is in it: it is opened for each line, and a file
 * that was taken is deleted only when nobody added to it since it was read. Guarded by its monitor.
 */
final class DeadLetters {
    private static final Logger log = LoggerFactory.getLogger(DeadLetters.class);

    static final String FILE = "dead-letters.ndjson";

    private static final String TAKEN = FILE + ".taken-";

    private static final Set<StandardOpenOption> APPEND = Set.of(StandardOpenOption.CREATE, StandardOpenOption.APPEND);

    private final Path file;
    private final long maxBytes;

    /** The files that were taken, and how much of each was read. */
    private final Map<Path, Long> taken = new LinkedHashMap<>();

    /** Lines that were taken, and that nobody here can read. */
    private final StringBuilder unknown = new StringBuilder();

    DeadLetters(Path directory, long maxBytes) {
        this.file = directory.resolve(FILE);
        this.maxBytes = maxBytes;
    }

    /** One that was put aside, and why. */
    record Letter(HookEvent event, String reason) {}

    /**
     * Puts events aside.
     *
     * @return how many are gone for that, because the files were full
     */
    synchronized long put(List<HookEvent> events, String reason, int attempts, Instant now) throws IOException {
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
        return append(lines.toString().getBytes(StandardCharsets.UTF_8));
    }

    private long append(byte[] lines) throws IOException {
        long gone = 0;
        if (Files.exists(file) && Files.size(file) + lines.length > maxBytes) {
            Path full = file.resolveSibling(FILE + ".1");
            gone = lines(full);
            Files.move(file, full, StandardCopyOption.REPLACE_EXISTING);
        }
        boolean torn = torn(); // by a write that failed, which must not spoil what comes now
        try (FileChannel channel = FileChannel.open(file, APPEND, OwnerOnly.file(file))) {
            ByteBuffer bytes = ByteBuffer.allocate(lines.length + 1);
            bytes.put(torn ? new byte[] {'\n'} : new byte[0]).put(lines).flip();
            while (bytes.hasRemaining()) {
                var unused = channel.write(bytes);
            }
        }
        return gone;
    }

    private boolean torn() throws IOException {
        if (!Files.exists(file)) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer last = ByteBuffer.allocate(1);
            return channel.size() > 0 && channel.read(last, channel.size() - 1) == 1 && last.get(0) != '\n';
        }
    }

    /** Takes everything out; what was left by one who took and did not finish comes first. */
    synchronized List<Letter> take() throws IOException {
        List<Path> found = new ArrayList<>(taken());
        for (Path source : List.of(file.resolveSibling(FILE + ".1"), file)) {
            if (Files.exists(source)) {
                Path next = file.resolveSibling(TAKEN + System.currentTimeMillis() + "-" + found.size());
                Files.move(source, next);
                found.add(next);
            }
        }
        List<Letter> letters = new ArrayList<>();
        unknown.setLength(0);
        for (Path each : found) {
            taken.put(each, Files.size(each));
            letters.addAll(read(each));
        }
        return letters;
    }

    /** What was taken is dealt with: delivered, or put aside again. What was added meanwhile is taken the next time. */
    synchronized void dealtWith() throws IOException {
        for (Map.Entry<Path, Long> each : taken.entrySet()) {
            if (Files.exists(each.getKey()) && Files.size(each.getKey()) <= each.getValue()) {
                Files.delete(each.getKey());
            }
        }
        taken.clear();
        if (unknown.length() > 0) {
            append(unknown.toString().getBytes(StandardCharsets.UTF_8));
            unknown.setLength(0);
        }
    }

    private List<Path> taken() throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory == null || !Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(directory)) {
            return all.filter(path -> path.getFileName().toString().startsWith(TAKEN))
                    .sorted()
                    .toList();
        }
    }

    /** How many there are. */
    synchronized long count() throws IOException {
        long count = lines(file) + lines(file.resolveSibling(FILE + ".1"));
        for (Path each : taken()) {
            count += lines(each);
        }
        return count;
    }

    private static long lines(Path path) throws IOException {
        if (!Files.exists(path)) {
            return 0;
        }
        try (Stream<String> lines = Files.lines(path, StandardCharsets.UTF_8)) {
            return lines.filter(line -> !line.isEmpty()).count();
        }
    }

    /**
     * A line that was not written to its end is passed over: who wrote it noticed, and put its event aside again. One
     * that is whole and still no event of this version stays.
     */
    @SuppressWarnings({"unchecked", "IllegalCatch"}) // whatever is wrong with a line, the others are to be delivered
    private List<Letter> read(Path path) throws IOException {
        List<Letter> letters = new ArrayList<>();
        try (BufferedReader lines = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                try {
                    Map<String, @Nullable Object> map = HookJson.read(line.getBytes(StandardCharsets.UTF_8));
                    Map<String, @Nullable Object> event =
                            (Map<String, @Nullable Object>) Objects.requireNonNull(map.get("event"), "event");
                    letters.add(new Letter(HookJson.event(event), String.valueOf(map.get("reason"))));
                } catch (JsonProcessingException e) {
                    log.debug("{} has a line that was not written to its end", path.getFileName());
                } catch (RuntimeException e) {
                    unknown.append(line).append('\n');
                }
            }
        }
        return letters;
    }
}
