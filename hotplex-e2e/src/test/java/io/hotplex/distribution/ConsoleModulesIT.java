package io.hotplex.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.reactor.Reactor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the page makes of events, in modules without a page: {@code src/test/js/console.test.mjs}. */
class ConsoleModulesIT {
    @TempDir
    Path directory;

    @Test
    void theModulesOfThePagePassTheirTests() throws IOException, InterruptedException {
        Path out = directory.resolve("out.txt");
        Path tests = Reactor.module("hotplex-e2e").directory().resolve("src/test/js/console.test.mjs");
        Process node = new ProcessBuilder("node", "--test", tests.toString())
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
        try {
            assertThat(node.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(node.exitValue()).as(Files.readString(out)).isZero();
            assertThat(Files.readString(out)).containsPattern("# pass [1-9]");
        } finally {
            node.destroyForcibly();
        }
    }
}
