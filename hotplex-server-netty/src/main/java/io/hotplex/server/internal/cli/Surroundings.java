package io.hotplex.server.internal.cli;

import io.hotplex.core.LogRedaction;
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
 * @param logs takes secrets out of standard error, and of what is logged
 */
public record Surroundings(
        InputStream in,
        OutputStream out,
        OutputStream err,
        Terminal terminal,
        Map<String, String> environment,
        Path directory,
        LogRedaction logs) {
    public Surroundings {
        environment = Map.copyOf(environment);
        logs.learn(environment);
    }

    /** Those of a program without a terminal. */
    public static Surroundings of(
            InputStream in, OutputStream out, OutputStream err, Map<String, String> environment, Path directory) {
        return of(in, out, err, Terminal.NONE, environment, directory);
    }

    /** Those of a program in front of which may be a terminal. */
    static Surroundings of(
            InputStream in,
            OutputStream out,
            OutputStream err,
            Terminal terminal,
            Map<String, String> environment,
            Path directory) {
        LogRedaction logs = new LogRedaction();
        return new Surroundings(in, out, RedactedOutput.of(err, logs), terminal, environment, directory, logs);
    }

    /** Has all that this JVM writes to standard error, loggers and itself, pass without secrets. */
    public void redactStandardError() {
        System.setErr(RedactedOutput.ofLines(new FileOutputStream(FileDescriptor.err), logs));
    }

    /** Those of this JVM. The streams are opened anew: {@code System.out} hides that nobody reads any more. */
    public static Surroundings ofThisProcess() {
        Map<String, String> environment = System.getenv();
        return of(
                // FileInputStream alone would seek, which a pipe cannot (JDK 17)
                new BufferedInputStream(new FileInputStream(FileDescriptor.in)),
                new FileOutputStream(FileDescriptor.out),
                new FileOutputStream(FileDescriptor.err),
                Terminal.find(System.getProperty("hotplex.terminal"), environment),
                environment,
                Path.of("").toAbsolutePath());
    }
}
