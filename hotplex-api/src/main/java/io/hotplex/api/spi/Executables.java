package io.hotplex.api.spi;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds programs the way a shell does. Thread-safe. */
public final class Executables {
    private Executables() {}

    /**
     * The executable file that a program's name stands for.
     *
     * @param program a path when it contains a separator, else a name
     * @param searchPath the value of PATH, or {@code null} for none
     */
    public static Optional<Path> find(String program, @Nullable String searchPath) {
        try {
            if (program.indexOf('/') >= 0 || program.indexOf(File.separatorChar) >= 0) {
                return Optional.of(Path.of(program)).filter(Executables::runs);
            }
            for (String directory : (searchPath == null ? "" : searchPath).split(File.pathSeparator, -1)) {
                Path candidate = Path.of(directory.isEmpty() ? "." : directory).resolve(program);
                if (runs(candidate)) {
                    return Optional.of(candidate.toAbsolutePath());
                }
            }
            return Optional.empty();
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    private static boolean runs(Path file) {
        return Files.isRegularFile(file) && Files.isExecutable(file);
    }
}
