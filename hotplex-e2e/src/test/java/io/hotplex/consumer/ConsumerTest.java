package io.hotplex.consumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hotplex.reactor.Pom;
import io.hotplex.reactor.Reactor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A project that depends on engine, process layer and one provider: what it gets, and that it works. */
class ConsumerTest {
    private static final List<String> EMBEDDED = List.of("hotplex-core", "hotplex-os", "hotplex-provider-claude");
    private static final List<String> OBSERVED =
            List.of("hotplex-core", "hotplex-os", "hotplex-provider-claude", "hotplex-hooks", "hotplex-telemetry");
    private static final String SECRET = "planted-5f1c0de";

    @TempDir
    Path directory;

    @Test
    void whoEmbedsTheEngineGetsThisAndNothingElse() {
        assertThat(Jars.closure(EMBEDDED).keySet())
                .as("no Netty, no HTTP client, no telemetry SDK, no test library")
                .containsExactlyInAnyOrder(
                        "hotplex-api",
                        "hotplex-core",
                        "hotplex-os",
                        "hotplex-provider-claude",
                        "jackson-annotations",
                        "jackson-core",
                        "jackson-databind",
                        "jna",
                        "jspecify",
                        "slf4j-api");
    }

    @Test
    void theBomNamesEveryPublishedModule() {
        Pom bom = Reactor.module("hotplex-bom").publishedPom();

        assertThat(bom.managedDependencies())
                .extracting(Pom.Dependency::artifactId)
                .containsExactlyInAnyOrderElementsOf(
                        Reactor.libraries().stream().map(Reactor.Module::name).toList());
        assertThat(bom.version()).isNotEmpty().doesNotContain("$");
        assertThat(bom.managedDependencies())
                .extracting(Pom.Dependency::version)
                .as("the version of the BOM itself, which Maven fills in where it imports one")
                .containsOnly("${project.version}");
    }

    @Test
    void publishedProjectFilesNameEveryVersion() {
        assertThat(Reactor.libraries()).allSatisfy(module -> {
            assertThat(module.publishedPom().version()).isNotEmpty().doesNotContain("$");
            assertThat(module.publishedPom().dependencies())
                    .allMatch(d -> !d.version().isEmpty() && !d.version().contains("$"))
                    .noneMatch(d -> d.scope().equals("test"));
        });
    }

    static Stream<Path> jdks() {
        String second = System.getenv("HOTPLEX_SECOND_JAVA_HOME");
        return Stream.of(System.getProperty("java.home"), second)
                .filter(home -> home != null && !home.isBlank())
                .map(Path::of);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void itRunsOnTheClassPath(Path jdk) throws Exception {
        List<Path> jars = packaged(EMBEDDED);
        Path classes = compile(List.of("-cp", Jars.path(jars.stream())), "consumer/Consumer.java");

        Outcome outcome = run(
                jdk, List.of("-cp", Jars.path(Stream.concat(Stream.of(classes), jars.stream())), "consumer.Consumer"));

        assertThat(outcome.lines()).as(outcome.errors()).contains("named false", "internals open");
        outcome.assertWorked();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void itRunsOnTheModulePathWhereInternalsAreClosed(Path jdk) throws Exception {
        List<Path> jars = packaged(EMBEDDED);
        Path classes = compile(List.of("-p", Jars.path(jars.stream())), "module-info.java", "consumer/Consumer.java");

        Outcome outcome = run(
                jdk,
                List.of(
                        "-p",
                        Jars.path(Stream.concat(Stream.of(classes), jars.stream())),
                        "-m",
                        "consumer/consumer.Consumer"));

        assertThat(outcome.lines())
                .as(outcome.errors())
                .contains("named true", "internals InaccessibleObjectException");
        outcome.assertWorked();
    }

    /**
     * Hooks need an HTTP client, and telemetry a Prometheus client, that know no modules and are found by their names.
     */
    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void hooksAndTelemetryRunOnTheModulePath(Path jdk) throws Exception {
        List<Path> jars = packaged(OBSERVED);
        Path classes = compile(
                "observer", List.of("-p", Jars.path(jars.stream())), "module-info.java", "observer/Observer.java");

        Outcome outcome = run(
                jdk,
                List.of(
                        "-p",
                        Jars.path(Stream.concat(Stream.of(classes), jars.stream())),
                        "-m",
                        "observer/observer.Observer"));

        assertThat(outcome.lines())
                .as(outcome.errors())
                .contains(
                        "webhook true",
                        "audit null",
                        "hotplex_turns_total{provider=\"claude\",outcome=\"completed\",} 1.0",
                        "named true");
    }

    /**
     * Everything that is logged, at the finest level, by a run with a secret in each place that takes one, and faults.
     */
    @Test
    void noSecretIsLogged() throws Exception {
        List<Path> jars = new ArrayList<>(packaged(EMBEDDED));
        Path classes = compile(List.of("-cp", Jars.path(jars.stream())), "consumer/Consumer.java");
        jars.add(classes);
        jars.add(Jars.jar("slf4j-simple").orElseThrow());

        Outcome outcome = run(
                Path.of(System.getProperty("java.home")),
                List.of(
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=trace",
                        "-cp",
                        Jars.path(jars.stream()),
                        "consumer.Consumer"));

        outcome.assertWorked();
        assertThat(outcome.errors()).contains("io.hotplex.").doesNotContain(SECRET);
    }

    /** What a run of the consumer printed. */
    private record Outcome(int status, List<String> lines, String errors) {
        void assertWorked() {
            assertThat(lines)
                    .as(errors)
                    .contains("answer forty-two", "crash AGENT_CRASHED", "closed true")
                    .anyMatch(line -> line.startsWith("launcher posix"));
            assertThat(status).isZero();
        }
    }

    private static List<Path> packaged(List<String> modules) {
        Map<String, Optional<Path>> closure = Jars.closure(modules);
        List<String> missing = closure.entrySet().stream()
                .filter(entry -> entry.getValue().isEmpty())
                .map(Map.Entry::getKey)
                .toList();
        if (!missing.isEmpty()) {
            System.err.println("skipped: " + missing + " are not packaged in this phase; run mvn verify");
        }
        assumeTrue(missing.isEmpty());
        return closure.values().stream().map(Optional::orElseThrow).toList();
    }

    private Path compile(List<String> options, String... sources) throws IOException {
        return compile("consumer", options, sources);
    }

    private Path compile(String program, List<String> options, String... sources) throws IOException {
        Path classes = Files.createDirectory(directory.resolve("classes"));
        List<String> arguments = new ArrayList<>(options);
        arguments.addAll(List.of("--release", "17", "-d", classes.toString()));
        for (String source : sources) {
            arguments.add(resource(program + "/" + source).toString());
        }
        int status = ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new));
        assertThat(status).as("the consumer compiles").isZero();
        return classes;
    }

    private Outcome run(Path jdk, List<String> arguments) throws Exception {
        Path agent = Files.copy(
                resource("consumer/agent.sh"), directory.resolve("agent.sh"), StandardCopyOption.REPLACE_EXISTING);
        assertThat(agent.toFile().setExecutable(true)).isTrue();
        Path out = directory.resolve("out.txt");
        Path err = directory.resolve("err.txt");
        List<String> command = new ArrayList<>();
        command.add(jdk.resolve("bin/java").toString());
        command.addAll(arguments);
        command.addAll(List.of(agent.toString(), directory.toString(), SECRET));
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        try {
            process.getOutputStream().close();
            assertThat(process.waitFor(60, TimeUnit.SECONDS))
                    .as("ended within a minute: %s", Files.readString(err))
                    .isTrue();
            return new Outcome(process.exitValue(), Files.readAllLines(out), Files.readString(err));
        } finally {
            process.destroyForcibly();
        }
    }

    private static Path resource(String name) {
        return Path.of(Objects.requireNonNull(ConsumerTest.class.getResource("/" + name), name)
                .getPath());
    }
}
