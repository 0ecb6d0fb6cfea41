package io.hotplex.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.reactor.Reactor;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** {@code docs/claims.md} names a test for everything that is promised about hooks, metrics and spans. */
class ClaimsDocTest {
    private static final Pattern REFERENCE = Pattern.compile("`(\\w+)#(\\w+)`");
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    private static String read(String document) throws IOException {
        return Files.readString(Reactor.root().resolve("docs").resolve(document));
    }

    /** The codes in the first cells of a document's tables. */
    private static Set<String> firstCells(String document) throws IOException {
        Set<String> codes = new TreeSet<>();
        read(document)
                .lines()
                .filter(line -> line.startsWith("| `"))
                .forEach(line -> CODE.matcher(line.substring(0, line.indexOf('|', 1)))
                        .results()
                        .forEach(code -> codes.add(code.group(1))));
        return codes;
    }

    @Test
    void everyNamedTestExists() throws IOException {
        List<String> missing = new ArrayList<>();
        List<MatchResult> named = REFERENCE.matcher(read("claims.md")).results().toList();
        for (MatchResult test : named) {
            if (!InvariantsDocTest.exists(test.group(1), test.group(2))) {
                missing.add(test.group());
            }
        }
        assertThat(named).hasSizeGreaterThan(50);
        assertThat(missing).isEmpty();
    }

    @Test
    void everythingThatIsPromisedIsNamed() throws IOException {
        Set<String> promised = firstCells("metrics.md");
        promised.addAll(firstCells("hooks.md"));
        firstCells("telemetry.md").forEach(span -> promised.add(span.split(" ", 2)[0]));

        assertThat(firstCells("claims.md")).isEqualTo(promised);
    }
}
