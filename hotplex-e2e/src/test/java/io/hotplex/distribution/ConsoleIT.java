package io.hotplex.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.e2e.BrowserScript;
import io.hotplex.e2e.NodeModules;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page in Chromium, against a gateway that runs as a process: {@code src/test/js/console.browser.mjs}. */
class ConsoleIT {
    private static final Path JAVA = Path.of(System.getProperty("java.home"));
    private static final Duration LIMIT = Duration.ofMinutes(5);

    @TempDir
    Path directory;

    @Test
    void aPersonCanWorkWithThePage() throws Exception {
        BrowserScript script = BrowserScript.named("console.browser.mjs");
        Installation installation = Installation.in(directory);
        Path work = Files.createDirectory(directory.resolve("work"));
        Files.writeString(work.resolve("a-file-of-the-work-directory"), "");
        Path shots = Files.createDirectories(NodeModules.installed().module().resolve("target/console"));

        // the guard would keep hostile prompts from the agent, and with them what the page has to show
        try (GatewayProcess gateway = GatewayProcess.start(installation, JAVA, "--set=guard=off")) {
            Map<String, String> environment = Map.of(
                    "CONSOLE_HOST", gateway.address().getHost(),
                    "CONSOLE_PORT", Integer.toString(gateway.address().getPort()),
                    "CONSOLE_TOKEN", gateway.token(),
                    "CONSOLE_WORK", work.toString(),
                    "CONSOLE_SHOTS", shots.toString());

            String said = script.run(directory, environment, LIMIT, () -> "the gateway:\n" + gateway.log());

            assertThat(said).contains("no errors, no violations of the policy");
        }
    }
}
