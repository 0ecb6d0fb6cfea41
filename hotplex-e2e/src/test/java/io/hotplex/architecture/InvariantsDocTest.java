package io.hotplex.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.reactor.Reactor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code docs/invariants.md} names a test for each promise, and each of these tests exists. */
class InvariantsDocTest {
    private static final List<Integer> PROMISED = List.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14);
    private static final Pattern SECTION = Pattern.compile("(?m)^## (\\d+)\\. ");
    private static final Pattern REFERENCE = Pattern.compile("`(\\w+)#(\\w+)`");

    @Test
    void everyInvariantNamesItsTests() throws IOException {
        Map<Integer, List<MatchResult>> named = named();
        assertThat(named).containsOnlyKeys(PROMISED);
        assertThat(named)
                .allSatisfy((number, tests) ->
                        assertThat(tests).as("tests of invariant %d", number).isNotEmpty());
    }

    @Test
    void everyNamedTestExists() throws IOException {
        List<String> missing = new ArrayList<>();
        for (List<MatchResult> tests : named().values()) {
            for (MatchResult test : tests) {
                if (!exists(test.group(1), test.group(2))) {
                    missing.add(test.group());
                }
            }
        }
        assertThat(missing).isEmpty();
    }

    /** Invariant to the tests that its section names. */
    private static Map<Integer, List<MatchResult>> named() throws IOException {
        String text = Files.readString(Reactor.root().resolve("docs/invariants.md"));
        Map<Integer, List<MatchResult>> named = new TreeMap<>();
        Matcher section = SECTION.matcher(text);
        while (section.find()) {
            int end = text.indexOf("\n## ", section.end());
            String body = text.substring(section.end(), end < 0 ? text.length() : end);
            named.put(
                    Integer.valueOf(section.group(1)),
                    REFERENCE.matcher(body).results().toList());
        }
        return named;
    }

    static boolean exists(String type, String method) throws IOException {
        Pattern declaration = Pattern.compile("\\b(?:void|Stream<DynamicTest>) " + method + "\\(");
        for (Reactor.Module module : Reactor.modules()) {
            for (Path source : sources(module.directory(), type + ".java")) {
                String text = Files.readString(source);
                Matcher found = declaration.matcher(text);
                if (found.find() && isTest(text.substring(0, found.start()))) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Whether what stands between the member before and this method makes it a test. */
    private static boolean isTest(String before) {
        int member = before.lastIndexOf("\n    }\n");
        return Pattern.compile("@(Test|TestFactory|ParameterizedTest)\\b")
                .matcher(before.substring(Math.max(0, member)))
                .find();
    }

    private static List<Path> sources(Path module, String name) throws IOException {
        Path sources = module.resolve("src");
        if (!Files.isDirectory(sources)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(sources)) {
            return files.filter(file -> file.getFileName().toString().equals(name))
                    .toList();
        }
    }
}
