package io.hotplex.e2e.opencode.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.e2e.BrowserScript;
import io.hotplex.e2e.NodeModules;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** OpenCode's page for browsers works with sessions of ours, where somebody serves it beside the gateway. */
class WebPageIT {
    private static final Duration LIMIT = Duration.ofMinutes(3);

    @TempDir
    Path directory;

    @Test
    void aPersonCanWorkWithThePage() throws Exception {
        BrowserScript script = BrowserScript.named("opencode.browser.mjs");
        Backend backend = Backend.DEMO;
        Path shots = Files.createDirectories(NodeModules.installed().module().resolve("target/opencode-page"));
        try (OpenCodeServer page = new OpenCodeServer(directory.resolve("page"));
                GatewayRig rig = new GatewayRig(backend, directory.resolve("ours"))) {
            Map<String, String> environment = Map.of(
                    "GATEWAY", rig.uri().toString(),
                    "PAGE", page.uri().toString(),
                    "KEY", GatewayRig.KEY,
                    "WORK", rig.work.toString(),
                    "SHOTS", shots.toString(),
                    "PROMPT", backend.prompt,
                    "ANSWER", backend.answer,
                    "TOOL_PROMPT", backend.toolPrompt,
                    "TOOL_ANSWER", backend.toolAnswer);

            String said = script.run(directory, environment, LIMIT, () -> "");

            assertThat(said).doesNotContain("error of the page");
        }
    }
}
