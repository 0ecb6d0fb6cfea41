package io.hotplex.os;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hotplex.api.spi.Executables;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Compiles programs for Windows and runs them under Wine, where a compiler and Wine are installed. Tests that need them
 * are skipped elsewhere, and say so.
 */
final class Wine {
    private static final Path DIRECTORY = Path.of("target", "wine").toAbsolutePath();
    private static final String COMPILER = "x86_64-w64-mingw32-gcc";
    private static final long LIMIT_SECONDS = 120;

    private Wine() {}

    /** Skips the test where there is no compiler or no Wine. */
    static void assumeInstalled() {
        boolean installed = executable().isPresent()
                && Executables.find(COMPILER, System.getenv("PATH")).isPresent();
        if (!installed) {
            System.out.println("skipped: needs " + COMPILER + " and wine64 (Debian: gcc-mingw-w64-x86-64, wine64)");
        }
        assumeTrue(installed, "needs " + COMPILER + " and wine64");
    }

    /** Compiles a file of {@code src/test/c}. */
    static Path compile(String name, String... options) throws Exception {
        return compile(Path.of("src", "test", "c", name + ".c"), name, options);
    }

    static Path compile(Path source, String name, String... options) throws Exception {
        Path program = Files.createDirectories(DIRECTORY).resolve(name + ".exe");
        List<String> command = new ArrayList<>(List.of(COMPILER, "-O1", "-o", program.toString(), source.toString()));
        command.addAll(List.of(options));
        run(new ProcessBuilder(command).redirectErrorStream(true));
        return program;
    }

    /** Runs a program to its end and returns its output. */
    static String run(Path program, String... arguments) throws Exception {
        return run(builder(program, arguments));
    }

    /** A program with a Wine of its own. Errors are dropped. */
    static ProcessBuilder builder(Path program, String... arguments) {
        List<String> command =
                new ArrayList<>(List.of(executable().orElseThrow().toString(), program.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("WINEPREFIX", DIRECTORY.resolve("prefix").toString());
        builder.environment().put("WINEDEBUG", "-all");
        builder.environment().put("WINEDLLOVERRIDES", "mscoree=;mshtml=;winemenubuilder.exe=");
        return builder;
    }

    private static String run(ProcessBuilder builder) throws Exception {
        Path output = Files.createTempFile(Files.createDirectories(DIRECTORY), "output", ".txt");
        Process process = builder.redirectOutput(output.toFile()).start();
        process.getOutputStream().close();
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IOException(builder.command().get(0) + " failed: " + Files.readString(output));
        }
        String text = Files.readString(output);
        Files.delete(output);
        return text;
    }

    private static Optional<Path> executable() {
        return Stream.of("/usr/lib/wine/wine64", "/usr/bin/wine64", "/usr/bin/wine")
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst();
    }
}
