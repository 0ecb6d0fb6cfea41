package io.hotplex.hooks.internal.delivery;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collection;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * How far a hook is in each session: a file to which each change is appended, one line each, {@code offset session}, or
 * {@code - session} for one that is gone. The last line of a session counts; a torn last line is passed over. Written
 * anew when most of it is history, and when a line could not be written, since the next would be read as a part of it.
 *
 * <p>It is handed to the operating system with every change, not to the disk: after a loss of power some events are
 * delivered again, which the receiver knows by their ids.
 *
 * <p>Guarded by its monitor, under which the file is written; looking up a session waits for nobody.
 */
final class CursorFile implements AutoCloseable {
    /** Rewriting takes some milliseconds, so it is worth it only for a file of some size. */
    private static final long MIN_LINES = 20_000;

    private final Path file;
    private final Map<String, Long> cursors = new ConcurrentHashMap<>();
    private final boolean found;

    /** Where lines are appended; {@code null} when the file has to be written anew first. */
    private @Nullable FileOutputStream out;

    private boolean closed;
    private long lines;

    private CursorFile(Path file) throws IOException {
        this.file = file;
        this.found = Files.exists(file);
        if (found) {
            String text = Files.readString(file, StandardCharsets.UTF_8);
            text.substring(0, text.lastIndexOf('\n') + 1).lines().forEach(this::read);
        }
        this.out = rewrite();
    }

    /** Opens the file; one that is missing is made. */
    static CursorFile open(Path file) throws IOException {
        return new CursorFile(file);
    }

    private void read(String line) {
        int space = line.indexOf(' ');
        if (space < 0) {
            return;
        }
        String session = line.substring(space + 1);
        if (line.startsWith("- ")) {
            cursors.remove(session);
            return;
        }
        try {
            cursors.put(session, Long.parseLong(line.substring(0, space)));
        } catch (NumberFormatException e) {
            // not a line of ours; the session is read from its beginning, which at worst repeats events
        }
    }

    /** Whether the file was there, so that the hook has run before. */
    boolean found() {
        return found;
    }

    OptionalLong get(String session) {
        Long cursor = cursors.get(session);
        return cursor == null ? OptionalLong.empty() : OptionalLong.of(cursor);
    }

    /** @throws IOException when it is not in the file; then the next change that succeeds brings it there as well */
    synchronized void put(String session, long offset) throws IOException {
        cursors.put(session, offset);
        write(offset + " " + session + "\n");
    }

    /** @throws IOException as {@link #put} */
    synchronized void remove(String session) throws IOException {
        if (cursors.remove(session) != null) {
            write("- " + session + "\n");
        }
    }

    /** Forgets all other sessions. */
    synchronized void retain(Collection<String> sessions) throws IOException {
        if (cursors.keySet().retainAll(Set.copyOf(sessions))) {
            anew();
        }
    }

    private void write(String line) throws IOException {
        if (closed) {
            throw new IOException("it is closed");
        }
        FileOutputStream stream = out;
        if (stream == null || lines > MIN_LINES && lines > 4L * cursors.size()) {
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
        cursors.forEach((session, offset) ->
                all.append(offset).append(' ').append(session).append('\n'));
        try (FileOutputStream stream = new FileOutputStream(next.toFile())) {
            append(stream, all.toString());
            stream.getFD().sync(); // lest a loss of power leaves an empty file in its place
        }
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        lines = cursors.size();
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
