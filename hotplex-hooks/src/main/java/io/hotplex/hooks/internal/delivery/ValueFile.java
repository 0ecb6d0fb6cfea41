package io.hotplex.hooks.internal.delivery;

import java.io.Closeable;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Values by name, in a file to which each change is appended, one line each, {@code value name}, or {@code - name} for
 * one that is gone. The last line of a name counts; a torn last line is passed over. Written anew when most of it is
 * history, and when a line could not be written, since the next would be read as a part of it. For its owner alone to
 * read.
 *
 * <p>It is handed to the operating system with every change, not to the disk.
 *
 * <p>Guarded by its monitor, under which the file is written; looking up a value waits for nobody.
 */
public final class ValueFile implements Closeable {
    /** Rewriting takes some milliseconds, so it is worth it only for a file of some size. */
    private static final long MIN_LINES = 20_000;

    private static final String GONE = "-";

    private final Path file;
    private final Map<String, String> values;
    private final boolean found;

    /** Where lines are appended; {@code null} when the file has to be written anew first. */
    private @Nullable FileOutputStream out;

    private boolean closed;
    private long lines;

    private ValueFile(Path file, Predicate<String> valid) throws IOException {
        this.file = file;
        this.found = Files.exists(file);
        this.values = new ConcurrentHashMap<>(read(file, valid));
        this.out = rewrite();
    }

    /**
     * Opens the file; one that is missing is made.
     *
     * @param valid tells values from what is no line of ours, which is passed over
     */
    public static ValueFile open(Path file, Predicate<String> valid) throws IOException {
        return new ValueFile(file, valid);
    }

    /** What a file has, which somebody else may be writing to; nothing when it is not there. */
    public static Map<String, String> read(Path file, Predicate<String> valid) throws IOException {
        Map<String, String> read = new LinkedHashMap<>();
        if (Files.exists(file)) {
            String text = Files.readString(file, StandardCharsets.UTF_8);
            text.substring(0, text.lastIndexOf('\n') + 1).lines().forEach(line -> {
                int space = line.indexOf(' ');
                String value = space < 0 ? "" : line.substring(0, space);
                String name = line.substring(space + 1);
                if (value.equals(GONE)) {
                    read.remove(name);
                } else if (space > 0 && valid.test(value)) {
                    read.put(name, value);
                }
            });
        }
        return read;
    }

    /** Whether the file was there. */
    boolean found() {
        return found;
    }

    @Nullable
    String get(String name) {
        return values.get(name);
    }

    /**
     * @param value without spaces
     * @throws IOException when it is not in the file; then the next change that succeeds brings it there as well
     */
    public synchronized void put(String name, String value) throws IOException {
        values.put(name, value);
        write(value + " " + name + "\n");
    }

    /** @throws IOException as {@link #put} */
    public synchronized void remove(String name) throws IOException {
        if (values.remove(name) != null) {
            write(GONE + " " + name + "\n");
        }
    }

    /** Forgets all others. */
    public synchronized void retain(Collection<String> names) throws IOException {
        if (values.keySet().retainAll(Set.copyOf(names))) {
            anew();
        }
    }

    private void write(String line) throws IOException {
        if (closed) {
            throw new IOException("it is closed");
        }
        FileOutputStream stream = out;
        if (stream == null || lines > MIN_LINES && lines > 4L * values.size()) {
            anew();
            return;
        }
        try {
            append(stream, line);
            lines++;
        } catch (IOException e) {
            abandon();
            throw e;
        }
    }

    private void anew() throws IOException {
        abandon();
        out = rewrite();
    }

    private void abandon() throws IOException {
        FileOutputStream stream = out;
        out = null;
        if (stream != null) {
            stream.close();
        }
    }

    private FileOutputStream rewrite() throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".next");
        StringBuilder all = new StringBuilder();
        values.forEach(
                (name, value) -> all.append(value).append(' ').append(name).append('\n'));
        Files.deleteIfExists(next);
        Files.createFile(next, OwnerOnly.file(next));
        try (FileOutputStream stream = new FileOutputStream(next.toFile())) {
            append(stream, all.toString());
            stream.getFD().sync(); // lest a loss of power leaves an empty file in its place
        }
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        lines = values.size();
        return new FileOutputStream(file.toFile(), true);
    }

    private static void append(FileOutputStream stream, String text) throws IOException {
        stream.write(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        abandon();
    }
}
