package io.hotplex.api.spi;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds programs the way a shell does. Thread-safe. */
public final class Executables {
    private static final boolean WINDOWS = File.separatorChar == '\\';
    /** What Windows can start, in its usual order; PATHEXT names more, which need a program that opens them. */
    private static final List<String> WINDOWS_EXTENSIONS = List.of(".com", ".exe", ".bat", ".cmd");

    private Executables() {}

    /**
     * The executable file that a program's name stands for. On Windows a name without an extension stands for the
     * program, batch file or npm command of that name, in the order of PATHEXT; the current directory is not searched.
     *
     * @param program a path when it contains a separator, else a name
     * @param searchPath the value of PATH, or {@code null} for none
     */
    public static Optional<Path> find(String program, @Nullable String searchPath) {
        String path = searchPath == null ? "" : searchPath;
        return WINDOWS
                ? findOnWindows(program, path, File.pathSeparator, System.getenv("PATHEXT"))
                : findOnUnix(program, path);
    }

    private static Optional<Path> findOnUnix(String program, String searchPath) {
        try {
            if (program.indexOf('/') >= 0) {
                return Optional.of(Path.of(program)).filter(Executables::runs);
            }
            for (String directory : searchPath.split(File.pathSeparator, -1)) {
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

    /** @param extensions the value of PATHEXT, or {@code null} for none */
    static Optional<Path> findOnWindows(
            String program, String searchPath, String separator, @Nullable String extensions) {
        List<String> names = namesOnWindows(program, extensions);
        if (program.indexOf('/') >= 0 || program.indexOf('\\') >= 0) {
            return firstThatRuns("", names);
        }
        for (String directory : searchPath.split(Pattern.quote(separator), -1)) {
            String unquoted = directory.replace("\"", "");
            Optional<Path> found = unquoted.isEmpty() ? Optional.empty() : firstThatRuns(unquoted, names);
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    /** A file name that has an extension is looked for as it is; npm puts a Unix script beside its commands. */
    private static List<String> namesOnWindows(String program, @Nullable String extensions) {
        List<String> known = extensions == null
                ? WINDOWS_EXTENSIONS
                : Stream.of(extensions.toLowerCase(Locale.ROOT).split(";", -1))
                        .filter(WINDOWS_EXTENSIONS::contains)
                        .toList();
        String lower = program.toLowerCase(Locale.ROOT);
        List<String> names = new ArrayList<>();
        if (lower.endsWith(".ps1") || WINDOWS_EXTENSIONS.stream().anyMatch(lower::endsWith)) {
            names.add(program);
        }
        known.forEach(extension -> names.add(program + extension));
        return names;
    }

    private static Optional<Path> firstThatRuns(String directory, List<String> names) {
        for (String name : names) {
            try {
                Path candidate = Path.of(directory, name);
                if (runs(candidate)) {
                    return Optional.of(candidate.toAbsolutePath());
                }
            } catch (InvalidPathException e) {
                return Optional.empty(); // one directory of the list, or the name itself
            }
        }
        return Optional.empty();
    }

    private static boolean runs(Path file) {
        return Files.isRegularFile(file) && Files.isExecutable(file);
    }
}
