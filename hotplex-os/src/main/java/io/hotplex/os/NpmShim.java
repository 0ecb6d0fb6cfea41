package io.hotplex.os;

import io.hotplex.api.spi.Executables;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a script that npm puts on the PATH would start: {@code node.exe} with a JavaScript file, or an {@code .exe} of
 * the package. Scripts that do more than that are not understood. Immutable.
 *
 * @param program absolute path of an {@code .exe}
 * @param arguments those that the script puts first
 */
record NpmShim(Path program, List<String> arguments) {
    /** Those of npm have about a thousand. */
    private static final long MAX_BYTES = 16 << 10;

    private static final String OPTIONS = "(?<options>(?:-[\\w=.:/-]+\\s+)*)";

    /** Has one line with all arguments; older ones have two. */
    private static final Pattern BATCH_CALL = Pattern.compile(
            "(?:^|&)\\s*@?(?<node>\"%_prog%\"|\"%(?:dp0%|~dp0)\\\\?node\\.exe\"|node)?\\s*" + OPTIONS
                    + "\"%(?:dp0%|~dp0)\\\\?(?<file>[^\"%]+)\"\\s+%\\*\\s*$",
            Pattern.CASE_INSENSITIVE);

    private static final Pattern POWERSHELL_CALL = Pattern.compile("&\\s+(?<node>\"(?:\\$basedir/)?node\\$exe\")?\\s*"
            + OPTIONS + "\"\\$basedir/(?<file>[^\"$]+)\"\\s+\\$args\\s*$");

    /** Sets what the script needs itself, or something else, which its program needs. */
    private static final Pattern SETS_MORE = Pattern.compile(
            "^\\s*@?SET\\s+(?!dp0=|\"_prog=(?:node|%dp0%\\\\node\\.exe)\"|PATHEXT=)|^\\s*\\$env:\\w+\\s*=",
            Pattern.CASE_INSENSITIVE);

    NpmShim {
        arguments = List.copyOf(arguments);
    }

    /**
     * Reads a script.
     *
     * @param searchPath where {@code node.exe} is looked for when it is not beside the script
     * @return empty when it is not npm's, or what it needs is not there
     */
    static Optional<NpmShim> read(Path script, @Nullable String searchPath) {
        boolean batch = !script.toString().toLowerCase(Locale.ROOT).endsWith(".ps1");
        Pattern pattern = batch ? BATCH_CALL : POWERSHELL_CALL;
        String marker = batch ? "%*" : "$args";
        List<NpmShim> calls = new ArrayList<>();
        for (String line : lines(script)) {
            if (SETS_MORE.matcher(line).find()) {
                return Optional.empty();
            }
            if (line.contains(marker)) {
                Optional<NpmShim> call = call(pattern.matcher(line), script, searchPath);
                if (call.isEmpty()) {
                    return Optional.empty();
                }
                calls.add(call.get());
            }
        }
        return calls.stream().distinct().count() == 1 ? Optional.of(calls.get(0)) : Optional.empty();
    }

    private static List<String> lines(Path script) {
        try {
            if (Files.size(script) > MAX_BYTES) {
                return List.of();
            }
            return Files.readString(script, StandardCharsets.UTF_8).lines().toList();
        } catch (IOException e) { // not readable, or not UTF-8: npm's are
            return List.of();
        }
    }

    private static Optional<NpmShim> call(Matcher call, Path script, @Nullable String searchPath) {
        if (!call.find()) {
            return Optional.empty();
        }
        try {
            Path file =
                    script.resolveSibling(call.group("file").replace('\\', '/')).normalize();
            if (!Files.isRegularFile(file)) {
                return Optional.empty();
            }
            if (call.group("node") == null) {
                return isExe(file) && call.group("options").isBlank()
                        ? Optional.of(new NpmShim(file, List.of()))
                        : Optional.empty();
            }
            List<String> arguments = new ArrayList<>();
            String options = call.group("options").strip();
            if (!options.isEmpty()) {
                arguments.addAll(List.of(options.split("\\s+", -1)));
            }
            arguments.add(file.toString());
            return node(script, searchPath).map(node -> new NpmShim(node, arguments));
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    private static Optional<Path> node(Path script, @Nullable String searchPath) {
        return Optional.of(script.resolveSibling("node.exe"))
                .filter(Files::isRegularFile)
                .or(() -> Executables.find("node.exe", searchPath));
    }

    private static boolean isExe(Path file) {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(".exe");
    }
}
