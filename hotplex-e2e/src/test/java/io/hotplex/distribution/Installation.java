package io.hotplex.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hotplex.reactor.Reactor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A copy of the distribution that was built, with a home directory of its own. */
final class Installation {
    /** A JVM on a busy machine takes seconds; what takes this long hangs. */
    private static final long LIMIT_SECONDS = 90;

    final Path directory;
    final Path home;
    private final Path logs;

    /** What a command said. */
    record Outcome(int status, String out, String err) {}

    private Installation(Path directory, Path home, Path logs) {
        this.directory = directory;
        this.home = home;
        this.logs = logs;
    }

    /** Skips the test where the modules were compiled but not packaged. */
    static Installation in(Path parent) throws IOException {
        Path built = Reactor.module("hotplex-server-netty").directory().resolve("target/hotplex");
        boolean packaged = Files.isExecutable(built.resolve("bin/hotplex"));
        if (!packaged) {
            System.err.println("skipped: the distribution is not packaged in this phase; run mvn verify");
        }
        assumeTrue(packaged);
        Path directory = parent.toRealPath().resolve("hotplex");
        for (String part : List.of("bin", "lib")) {
            Path to = Files.createDirectories(directory.resolve(part));
            try (Stream<Path> files = Files.list(built.resolve(part))) {
                for (Path file : files.toList()) {
                    Files.copy(file, to.resolve(file.getFileName()), StandardCopyOption.COPY_ATTRIBUTES);
                }
            }
        }
        return new Installation(
                directory,
                Files.createDirectories(parent.resolve("home")),
                Files.createDirectories(parent.resolve("logs")));
    }

    /** The jar of a module or library. */
    Path jar(String name) throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve("lib"))) {
            return files.filter(file -> file.getFileName().toString().matches(name + "-\\d.*\\.jar"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    Outcome hotplex(Path java, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(script().toString()));
        command.addAll(List.of(arguments));
        return run(java, command);
    }

    Path script() {
        return directory.resolve("bin/hotplex");
    }

    Outcome run(Path java, List<String> command) throws IOException, InterruptedException {
        Path out = Files.createTempFile(logs, "out", "");
        Path err = Files.createTempFile(logs, "err", "");
        Process process = builder(java, command)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        try {
            process.getOutputStream().close();
            assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS))
                    .as("%s ended; so far: %s", command, Files.readString(err))
                    .isTrue();
            return new Outcome(process.exitValue(), Files.readString(out), Files.readString(err));
        } finally {
            process.destroyForcibly();
        }
    }

    /** @param java the home of the Java to run with */
    ProcessBuilder builder(Path java, List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(command).directory(home.toFile());
        builder.environment().clear();
        builder.environment()
                .putAll(Map.of("HOME", home.toString(), "PATH", "/usr/bin:/bin", "JAVA_HOME", java.toString()));
        return builder;
    }
}
