package io.hotplex.server.internal.cli;

import java.io.BufferedInputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Map;

/**
 * What a command finds around it.
 *
 * @param out standard output, not buffered
 * @param err standard error, not buffered
 * @param terminal which of the streams are one
 * @param directory the current directory
 */
public record Surroundings(
        InputStream in,
        OutputStream out,
        OutputStream err,
        Terminal terminal,
        Map<String, String> environment,
        Path directory) {
    public Surroundings {
        environment = Map.copyOf(environment);
    }

    /** Those of a program without a terminal. */
    public static Surroundings of(
            InputStream in, OutputStream out, OutputStream err, Map<String, String> environment, Path directory) {
        return new Surroundings(in, out, err, Terminal.NONE, environment, directory);
    }

    /** Those of this JVM. The streams are opened anew: {@code System.out} hides that nobody reads any more. */
    public static Surroundings ofThisProcess() {
        Map<String, String> environment = System.getenv();
        return new Surroundings(
                // FileInputStream alone would seek, which a pipe cannot (JDK 17)
                new BufferedInputStream(new FileInputStream(FileDescriptor.in)),
                new FileOutputStream(FileDescriptor.out),
                new FileOutputStream(FileDescriptor.err),
                Terminal.find(System.getProperty("hotplex.terminal"), environment),
                environment,
                Path.of("").toAbsolutePath());
    }
}
