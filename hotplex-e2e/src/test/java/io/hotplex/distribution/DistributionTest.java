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
import java.util.concurrent.TimeUnit;
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
        assertThat(fits.out())
                .contains("✓ provider claude: "
                        + Reactor.module("hotplex-api").publishedPom().version());

        Files.setLastModifiedTime(
                installation.jar("hotplex-api"), FileTime.from(Instant.now().plusSeconds(60)));
        Outcome replaced = installation.hotplex(jdk, "doctor");
        assertThat(replaced.out())
                .startsWith("✓ java: ")
                .contains("✓ class archive: none")
                .endsWith("Sessions can run.\n");
        assertThat(replaced.err()).isEmpty();
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
            assertThat(files).containsExactly(Path.of(one.out().strip()));
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
