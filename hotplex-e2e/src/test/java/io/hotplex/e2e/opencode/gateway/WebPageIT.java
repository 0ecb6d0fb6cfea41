package io.hotplex.e2e.opencode.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hotplex.e2e.NodeModules;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** OpenCode's page for browsers works with sessions of ours, where somebody serves it beside the gateway. */
class WebPageIT {
    private static final int LIMIT_MINUTES = 3;

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
        Backend backend = Backend.DEMO;
        Path module = NodeModules.installed().module();
        Path shots = Files.createDirectories(module.resolve("target/opencode-page"));
        Path out = directory.resolve("browser.txt");
        try (OpenCodeServer page = new OpenCodeServer(directory.resolve("page"));
                GatewayRig rig = new GatewayRig(backend, directory.resolve("ours"))) {
            ProcessBuilder builder = new ProcessBuilder(
                            "node",
                            module.resolve("src/test/js/opencode.browser.mjs").toString())
                    .redirectErrorStream(true)
                    .redirectOutput(out.toFile());
            builder.environment()
                    .putAll(Map.of(
                            "CHROMIUM", chromium.orElseThrow().toString(),
                            "GATEWAY", rig.uri().toString(),
                            "PAGE", page.uri().toString(),
                            "KEY", GatewayRig.KEY,
                            "WORK", rig.work.toString(),
                            "PROFILE", directory.resolve("profile").toString(),
                            "SHOTS", shots.toString()));
            builder.environment()
                    .putAll(Map.of(
                            "PROMPT", backend.prompt,
                            "ANSWER", backend.answer,
                            "TOOL_PROMPT", backend.toolPrompt,
                            "TOOL_ANSWER", backend.toolAnswer));
            Process browser = builder.start();
            try {
                browser.getOutputStream().close();
                assertThat(browser.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES))
                        .as(Files.readString(out))
                        .isTrue();
                assertThat(browser.exitValue()).as(Files.readString(out)).isZero();
                assertThat(Files.readString(out)).doesNotContain("error of the page");
            } finally {
                browser.descendants().forEach(ProcessHandle::destroyForcibly);
                browser.destroyForcibly();
            }
        }
    }
}
