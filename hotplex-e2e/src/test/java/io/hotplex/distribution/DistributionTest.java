package io.hotplex.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.distribution.Installation.Outcome;
import io.hotplex.reactor.Reactor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is installed works with real JVMs: the archive of classes, and providers that are dropped in. */
@EnabledOnOs({OS.LINUX, OS.MAC})
class DistributionTest {
    private static final Path JAVA = Path.of(System.getProperty("java.home"));

    @TempDir
    Path directory;

    private Installation installation;

    @BeforeEach
    void install() throws IOException {
        installation = Installation.in(directory);
    }

    static Stream<Path> jdks() {
        String second = System.getenv("HOTPLEX_SECOND_JAVA_HOME");
        return Stream.of(JAVA.toString(), second)
                .filter(home -> home != null && !home.isBlank())
                .map(Path::of);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void anArchiveIsMadeAndUsedUntilAJarIsReplaced(Path jdk) throws Exception {
        assertThat(installation.hotplex(jdk, "doctor").out()).contains("✓ class archive: none");

        Outcome made = installation.hotplex(jdk, "archive");

        assertThat(made.status()).as(made.err()).isZero();
        Path archive = Path.of(made.out().strip());
        assertThat(archive).startsWith(installation.directory.resolve("archive"));
        Outcome fits = installation.hotplex(jdk, "doctor");
        assertThat(fits.out()).contains("✓ class archive: " + archive);
        assertThat(fits.err()).isEmpty();
        if (OS.LINUX.isCurrentOs()) {
            assertThat(filesInUse(jdk)).contains(archive.toString(), archive + ".sqlite");
        }
        assertThat(fits.out())
                .contains("✓ provider claude: "
                        + Reactor.module("hotplex-api").publishedPom().version());

        Files.setLastModifiedTime(
                installation.jar("hotplex-api"), FileTime.from(Instant.now().plusSeconds(60)));
        if (OS.LINUX.isCurrentOs()) {
            assertThat(filesInUse(jdk)).noneMatch(file -> file.startsWith(archive.toString()));
        }
        Outcome replaced = installation.hotplex(jdk, "doctor");
        assertThat(replaced.out())
                .startsWith("✓ java: ")
                .contains("✓ class archive: none")
                .endsWith("Sessions can run.\n");
        assertThat(replaced.err()).isEmpty();
    }

    /** Those that a running gateway has mapped, such as libraries; a journal in SQLite is its default. */
    private Set<String> filesInUse(Path jdk) throws IOException {
        try (GatewayProcess gateway = GatewayProcess.start(installation, jdk);
                Stream<String> maps = Files.lines(Path.of("/proc/" + gateway.pid() + "/maps"))) {
            return maps.map(line -> line.substring(line.lastIndexOf(' ') + 1)).collect(Collectors.toSet());
        }
    }

    @Test
    void twoThatPrepareTheClassesAtOnceLeaveOneArchiveThatWorks() throws Exception {
        List<String> command = List.of(installation.script().toString(), "archive");
        Process other = installation
                .builder(JAVA, command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("other").toFile())
                .start();

        Outcome one = installation.run(JAVA, command);

        assertThat(other.waitFor(90, TimeUnit.SECONDS)).isTrue();
        assertThat(other.exitValue())
                .as(Files.readString(directory.resolve("other")))
                .isZero();
        assertThat(one.status()).as(one.err()).isZero();
        try (Stream<Path> files = Files.list(installation.directory.resolve("archive"))) {
            assertThat(files.map(Path::toString))
                    .containsExactlyInAnyOrder(one.out().strip(), one.out().strip() + ".sqlite");
        }
        assertThat(installation.hotplex(JAVA, "doctor").out()).contains("✓ class archive: /");
    }

    @Test
    void theDirectoryBesideTheJarsIsLookedInHoweverTheProgramIsStarted() throws Exception {
        Path jar = Files.createDirectories(installation.directory.resolve("providers"))
                .resolve("broken.jar");
        Files.writeString(jar, "no jar");
        String java = JAVA.resolve("bin/java").toString();
        String program = installation.jar("hotplex-server-netty").toString();

        Outcome script = installation.hotplex(JAVA, "doctor");
        Outcome alone =
                installation.run(JAVA, List.of(java, "-Duser.home=" + installation.home, "-jar", program, "doctor"));

        String told = "! provider " + jar + ": broken.jar cannot be read as a jar";
        assertThat(script.out()).contains(told);
        assertThat(alone.out()).contains(told);
    }
}
