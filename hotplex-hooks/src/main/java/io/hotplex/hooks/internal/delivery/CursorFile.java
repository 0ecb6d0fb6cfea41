package io.hotplex.hooks.internal.delivery;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * How far a hook is in each session: a file to which each change is appended, one line each, {@code offset session}, or
 * {@code - session} for one that is gone. The last line of a session counts; a torn last line is passed over. Written
 * anew when most of it is history.
 *
 * <p>It is handed to the operating system with every change, not to the disk: after a loss of power some events are
 * delivered again, which the receiver knows by their ids.
 *
 * <p>Guarded by its monitor.
 */
final class CursorFile implements AutoCloseable {
    /** Rewriting takes some milliseconds, so it is worth it only for a file of some size. */
    private static final long MIN_LINES = 20_000;

    private final Path file;
    private final Map<String, Long> cursors = new LinkedHashMap<>();
    private final boolean found;
    private Writer out;
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

    synchronized OptionalLong get(String session) {
        Long cursor = cursors.get(session);
        return cursor == null ? OptionalLong.empty() : OptionalLong.of(cursor);
    }

    synchronized void put(String session, long offset) throws IOException {
        cursors.put(session, offset);
        write(offset + " " + session + "\n");
    }

    synchronized void remove(String session) throws IOException {
        if (cursors.remove(session) != null) {
            write("- " + session + "\n");
        }
    }

    /** Forgets all other sessions. */
    synchronized void retain(Collection<String> sessions) throws IOException {
        if (cursors.keySet().retainAll(sessions)) {
            out.close();
            out = rewrite();
        }
    }

    private void write(String line) throws IOException {
        out.write(line);
        out.flush();
        lines++;
        if (lines > MIN_LINES && lines > 4L * cursors.size()) {
            out.close();
            out = rewrite();
        }
    }

    private Writer rewrite() throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".next");
        try (BufferedWriter writer = Files.newBufferedWriter(next, StandardCharsets.UTF_8)) {
            for (Map.Entry<String, Long> cursor : cursors.entrySet()) {
                writer.write(cursor.getValue() + " " + cursor.getKey() + "\n");
            }
        }
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        lines = cursors.size();
        return Files.newBufferedWriter(file, StandardCharsets.UTF_8, StandardOpenOption.APPEND);
    }

    @Override
    public synchronized void close() throws IOException {
        out.close();
    }
}
