package io.hotplex.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hotplex.e2e.NodeModules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page in Chromium, against a gateway that runs as a process: {@code src/test/js/console.browser.mjs}. */
class ConsoleIT {
    private static final Path JAVA = Path.of(System.getProperty("java.home"));
    private static final long LIMIT_MINUTES = 5;

    @TempDir
    Path directory;

    @Test
    void aPersonCanWorkWithThePage() throws Exception {
        Optional<Path> chromium = Stream.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst();
        if (chromium.isEmpty()) {
            System.err.println("skipped: there is no Chromium on this machine (Debian: apt-get install chromium)");
        }
        assumeTrue(chromium.isPresent());
        Installation installation = Installation.in(directory);
        Path module = NodeModules.installed().module();
        Path work = Files.createDirectory(directory.resolve("work"));
        Files.writeString(work.resolve("a-file-of-the-work-directory"), "");
        Path shots = Files.createDirectories(module.resolve("target/console"));

        // the guard would keep hostile prompts from the agent, and with them what the page has to show
        try (GatewayProcess gateway = GatewayProcess.start(installation, JAVA, "--set=guard=off")) {
            Path out = directory.resolve("browser.txt");
            ProcessBuilder builder = new ProcessBuilder(
                            "node",
                            module.resolve("src/test/js/console.browser.mjs").toString())
                    .redirectErrorStream(true)
                    .redirectOutput(out.toFile());
            builder.environment()
                    .putAll(Map.of(
                            "CHROMIUM", chromium.orElseThrow().toString(),
                            "CONSOLE_HOST", gateway.address().getHost(),
                            "CONSOLE_PORT", Integer.toString(gateway.address().getPort()),
                            "CONSOLE_TOKEN", gateway.token(),
                            "CONSOLE_WORK", work.toString(),
                            "CONSOLE_PROFILE", directory.resolve("profile").toString(),
                            "CONSOLE_SHOTS", shots.toString()));
            assertPasses(builder.start(), out, gateway);
        }
    }

    private static void assertPasses(Process browser, Path out, GatewayProcess gateway)
            throws IOException, InterruptedException {
        try {
            browser.getOutputStream().close();
            assertThat(browser.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES))
                    .as(Files.readString(out))
                    .isTrue();
            assertThat(browser.exitValue())
                    .as("%s%nthe gateway:%n%s", Files.readString(out), gateway.log())
                    .isZero();
            assertThat(Files.readString(out)).contains("no errors, no violations of the policy");
        } finally {
            browser.descendants().forEach(ProcessHandle::destroyForcibly);
            browser.destroyForcibly();
        }
    }
}
