package io.hotplex.server.internal.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Does once what users do, with nobody watching, so that the classes which that takes are known to the JVM when it
 * writes them into an archive. The start script asks for it; see its {@code archive}.
 */
final class Rehearsal {
    private final Surroundings surroundings;

    Rehearsal(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    /** The result is the exit code. */
    int run() {
        try {
            Path stage = Files.createTempDirectory("hotplex-rehearsal");
            try {
                String state = "--set=state-directory=" + stage.resolve("state");
                Surroundings alone = new Surroundings(
                        InputStream.nullInputStream(),
                        OutputStream.nullOutputStream(),
                        surroundings.err(),
                        Terminal.NONE,
                        surroundings.environment(),
                        stage);
                return new CommandLine(alone)
                        .run(List.of(
                                "run",
                                state,
                                "--json",
                                "--provider",
                                "demo",
                                "--allowed-tools=ListFiles",
                                "use a tool"));
            } finally {
                delete(stage);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("a directory for temporary files is needed", e);
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
