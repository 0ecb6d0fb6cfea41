package io.hotplex.hooks.internal.audit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a trail begins and ends, noted beside it, so that one that was cut off is not taken for a whole one. Immutable.
 *
 * @param first the number of the first entry that is kept
 * @param last the number of the last one
 * @param hash that of the last one
 */
record AuditEnd(long first, long last, String hash) {
    private static final String FILE = "end";

    /** Of one length, so that a new one replaces all of the one before. */
    private static final Pattern TEXT = Pattern.compile("([0-9]{19}) ([0-9]{19}) ([0-9a-f]{64})\n");

    static Path file(Path directory) {
        return directory.resolve(FILE);
    }

    /** What was noted, or {@code null} when nothing was. */
    static @Nullable AuditEnd read(Path directory) throws IOException {
        Path file = file(directory);
        if (!Files.exists(file)) {
            return null;
        }
        Matcher text = TEXT.matcher(Files.readString(file, StandardCharsets.UTF_8));
        if (!text.matches()) {
            throw new IOException(file.getFileName() + " does not tell where the trail ends");
        }
        return new AuditEnd(Long.parseLong(text.group(1)), Long.parseLong(text.group(2)), text.group(3));
    }

    void write(Path directory) throws IOException {
        String text = String.format("%019d %019d %s\n", first, last, hash);
        try (FileChannel channel =
                FileChannel.open(file(directory), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                var unused = channel.write(bytes);
            }
        }
    }

    /** What is wrong with a trail that ends with this entry, or {@code null}. */
    @Nullable
    String missing(long lastEntry, String lastHash) {
        if (lastEntry < last) {
            return "it was cut off: it ended with entry " + last;
        }
        return lastEntry == last && !lastHash.equals(hash) ? "its last entry is not the one that was written" : null;
    }
}
