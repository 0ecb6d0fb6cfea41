package io.hotplex.server.internal.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Reads paths that a user wrote. */
final class Paths {
    private Paths() {}

    /**
     * The path relative to a directory.
     *
     * @throws UsageException when it is not one, naming {@code option}
     */
    static Path resolve(Path directory, String text, String option) {
        try {
            return directory.resolve(text).normalize();
        } catch (InvalidPathException e) {
            throw new UsageException(option + ": not a path (" + e.getReason() + ")");
        }
    }
}
