package io.hotplex.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class BenchmarksTest {
    @TempDir
    Path directory;

    static List<String> names() {
        return Benchmarks.all().stream().map(Benchmark::name).toList();
    }

    @ParameterizedTest
    @MethodSource("names")
    void startsAndComparesFiniteFigures(String name) throws Exception {
        Benchmark benchmark = named(name);
        Path here = Path.of("").toAbsolutePath();
        Path built = Benchmarks.builtDistribution(here);
        skipIf(
                benchmark instanceof ServerStart && built == null,
                "the distribution is not packaged in this phase; run mvn verify");
        Path opencode = Benchmarks.agents(here).openCode().orElse(null);
        skipIf(
                benchmark instanceof HotTurnOpenCode && opencode == null,
                "OpenCode is not installed; it is for the end-to-end tests");
        // Claude Code may not be installed here; the echo agent answers in its place
        Options options = new Options(true, List.of(EchoAgent.write(directory)), built, null, opencode);
        ByteArrayOutputStream printed = new ByteArrayOutputStream();

        List<Result> results = Benchmarks.run(benchmark, options, new PrintStream(printed, true, UTF_8));

        assertThat(results)
                .isNotEmpty()
                .allSatisfy(result -> assertThat(result.ratio()).isFinite());
        assertThat(printed.toString(UTF_8).lines().filter(line -> line.startsWith("{\"benchmark\"")))
                .hasSameSizeAs(results);
    }

    /** No program is there: what needs one tells what to do, and measures nothing. */
    @ParameterizedTest
    @ValueSource(strings = {"hot-turn-claude", "hot-turn-journal", "hot-turn-opencode", "server-start"})
    void tellsAtOnceWhatIsMissing(String name) throws Exception {
        Options nothing = new Options(false, List.of(), null, null, null);
        ByteArrayOutputStream printed = new ByteArrayOutputStream();

        List<Result> results = Benchmarks.run(named(name), nothing, new PrintStream(printed, true, UTF_8));

        assertThat(results).isEmpty();
        assertThat(printed.toString(UTF_8)).contains("left out").contains(": run ");
    }

    private static Benchmark named(String name) {
        return Benchmarks.all().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static void skipIf(boolean missing, String why) {
        if (missing) {
            System.err.println("skipped: " + why);
        }
        assumeFalse(missing, why);
    }
}
