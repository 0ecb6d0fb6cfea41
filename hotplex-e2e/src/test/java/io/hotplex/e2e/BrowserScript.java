package io.hotplex.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A script below {@code src/test/js} that works with a page in Chromium, which it finds in the variable of that name.
 */
public final class BrowserScript {
    private final String name;
    private final Path chromium;

    private BrowserScript(String name, Path chromium) {
        this.name = name;
        this.chromium = chromium;
    }

    /** Skips the test, and says so, where there is no Chromium. */
    public static BrowserScript named(String name) {
        Optional<Path> chromium = Stream.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst();
        if (chromium.isEmpty()) {
            System.err.println("skipped: there is no Chromium on this machine (Debian: apt-get install chromium)");
        }
        assumeTrue(chromium.isPresent());
        return new BrowserScript(name, chromium.orElseThrow());
    }

    /**
     * Runs it, and fails where it does.
     *
     * @param directory where its profile and its output may be
     * @param context what else people want to see when it fails
     * @return what it said
     */
    public String run(Path directory, Map<String, String> environment, Duration limit, Callable<String> context)
            throws Exception {
        Path script = NodeModules.installed().module().resolve("src/test/js").resolve(name);
        Path out = directory.resolve("browser.txt");
        ProcessBuilder builder = new ProcessBuilder("node", script.toString())
                .redirectErrorStream(true)
                .redirectOutput(out.toFile());
        builder.environment().putAll(environment);
        builder.environment().put("CHROMIUM", chromium.toString());
        builder.environment().put("PROFILE", directory.resolve("profile").toString());
        Process browser = builder.start();
        try {
            browser.getOutputStream().close();
            assertThat(browser.waitFor(limit.toSeconds(), TimeUnit.SECONDS))
                    .as(Files.readString(out))
                    .isTrue();
            String said = Files.readString(out);
            assertThat(browser.exitValue()).as("%s%n%s", said, context.call()).isZero();
            return said;
        } finally {
            browser.descendants().forEach(ProcessHandle::destroyForcibly);
            browser.destroyForcibly();
        }
    }
}
