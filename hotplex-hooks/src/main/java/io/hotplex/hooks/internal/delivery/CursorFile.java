package io.hotplex.hooks.internal.delivery;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.OptionalLong;

/**
 * How far a hook is in each session, in a {@link ValueFile}. After a loss of power some events are delivered again,
 * which the receiver knows by their ids. Thread-safe; looking up a session waits for nobody.
 */
final class CursorFile implements AutoCloseable {
    private final ValueFile file;

    private CursorFile(ValueFile file) {
        this.file = file;
    }

    /** Opens the file; one that is missing is made. */
    static CursorFile open(Path file) throws IOException {
        return new CursorFile(ValueFile.open(file, CursorFile::isOffset));
    }

    /**
     * What is none, is no line of ours: the session is read from where it was before, which at worst repeats events.
     */
    private static boolean isOffset(String text) {
        try {
            return Long.parseLong(text) >= 0;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    /** Whether the file was there, so that the hook has run before. */
    boolean found() {
        return file.found();
    }

    OptionalLong get(String session) {
        String cursor = file.get(session);
        return cursor == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(cursor));
    }

    /** @throws IOException when it is not in the file; then the next change that succeeds brings it there as well */
    void put(String session, long offset) throws IOException {
        file.put(session, Long.toString(offset));
    }

    /** @throws IOException as {@link #put} */
    void remove(String session) throws IOException {
        file.remove(session);
    }

    /** Forgets all other sessions. */
    void retain(Collection<String> sessions) throws IOException {
        file.retain(sessions);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
