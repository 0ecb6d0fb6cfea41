package io.hotplex.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How long is it from the command to a healthy server, and what does the archive of classes save?
 *
 * <p>Two copies of the distribution, one with an archive, are started in turns with the JVM of this run, by their start
 * scripts. A server is healthy when {@code /health/live} has answered; a run is over when the demo agent's answer was
 * printed and the process has ended.
 */
final class ServerStart implements Benchmark {
    private static final Pattern ADDRESS = Pattern.compile("http://127\\.0\\.0\\.1:\\d+");
    private static final double MOST_SECONDS = 0.6;
    private static final long LIMIT_SECONDS = 60;

    @Override
    public String name() {
        return "server-start";
    }

    @Override
    public String question() {
        return "How long is it from the command to a healthy server, and what does the archive of classes save?";
    }

    @Override
    public @Nullable String missing(Options options) {
        return options.distribution() == null
                ? "the distribution: run mvn package, and this below the repository"
                : null;
    }

    @Override
    public List<Result> run(Options options) throws Exception {
        if (options.distribution() == null) {
            return List.of();
        }
        int rounds = options.quick() ? 1 : 11;
        try (Scratch scratch = new Scratch()) {
            Copy with = new Copy(options.distribution(), scratch.directory("with"));
            Copy without = new Copy(options.distribution(), scratch.directory("without"));
            with.finish(with.start("archive"));
            Samples healthyWith = new Samples();
            Samples healthyWithout = new Samples();
            Samples runWith = new Samples();
            Samples runWithout = new Samples();
            for (int i = 0; i < rounds; i++) {
                healthyWith.add(with.healthy());
                healthyWithout.add(without.healthy());
                runWith.add(with.answer());
                runWithout.add(without.answer());
            }
            double seconds = healthyWith.p50() / 1e6;
            return List.of(
                    new Result(
                            "serve: from the command to healthy",
                            "s",
                            seconds,
                            healthyWithout.p50() / 1e6,
                            new Result.Goal("<= " + MOST_SECONDS, seconds <= MOST_SECONDS),
                            details(healthyWith, healthyWithout)),
                    new Result(
                            "run: a whole command with the demo agent",
                            "s",
                            runWith.p50() / 1e6,
                            runWithout.p50() / 1e6,
                            null,
                            details(runWith, runWithout)));
        }
    }

    private static Map<String, Object> details(Samples with, Samples without) {
        return Map.of(
                "rounds", with.count(),
                "least", with.micros(0) / 1e6,
                "most", with.micros(1) / 1e6,
                "baselineLeast", without.micros(0) / 1e6,
                "baselineMost", without.micros(1) / 1e6);
    }

    /** One copy, with a home of its own. */
    private static final class Copy {
        private final Path directory;
        private final Path home;

        Copy(Path distribution, Path directory) throws IOException {
            this.directory = directory;
            this.home = Files.createDirectories(directory.resolve("home"));
            for (String part : List.of("bin", "lib")) {
                Path to = Files.createDirectories(directory.resolve(part));
                try (Stream<Path> files = Files.list(distribution.resolve(part))) {
                    for (Path file : files.toList()) {
                        Files.copy(file, to.resolve(file.getFileName()), StandardCopyOption.COPY_ATTRIBUTES);
                    }
                }
            }
        }

        Process start(String... arguments) throws IOException {
            List<String> command = new ArrayList<>();
            command.add(directory.resolve("bin/hotplex").toString());
            command.addAll(List.of(arguments));
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(home.toFile())
                    .redirectError(home.resolve("errors").toFile());
            builder.environment().clear();
            builder.environment()
                    .putAll(Map.of(
                            "HOME", home.toString(),
                            "PATH", "/usr/bin:/bin",
                            "JAVA_HOME", System.getProperty("java.home")));
            return builder.start();
        }

        /** Nanoseconds until a server is healthy; then it is stopped. */
        long healthy() throws IOException, InterruptedException {
            long start = System.nanoTime();
            Process process = start("serve", "--port=0");
            try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
                URI health = URI.create(address(out) + "/health/live");
                HttpURLConnection connection =
                        (HttpURLConnection) health.toURL().openConnection();
                if (connection.getResponseCode() != HttpURLConnection.HTTP_OK) {
                    throw new IllegalStateException("not healthy: " + connection.getResponseCode());
                }
                return System.nanoTime() - start;
            } finally {
                process.destroy();
                if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            }
        }

        private String address(BufferedReader out) throws IOException {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                Matcher address = ADDRESS.matcher(line);
                if (address.find()) {
                    return address.group();
                }
            }
            throw new IllegalStateException("no server: " + Files.readString(home.resolve("errors")));
        }

        /** Nanoseconds of a whole command. */
        long answer() throws IOException, InterruptedException {
            long start = System.nanoTime();
            finish(start("run", "--provider", "demo", "remember me"));
            return System.nanoTime() - start;
        }

        void finish(Process process) throws IOException, InterruptedException {
            process.getOutputStream().close();
            process.getInputStream().readAllBytes();
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new IllegalStateException("failed: " + Files.readString(home.resolve("errors")));
            }
        }
    }
}
