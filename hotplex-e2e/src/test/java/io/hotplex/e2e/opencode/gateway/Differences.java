package io.hotplex.e2e.opencode.gateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What may differ between OpenCode's server and ours: a line each, with the reason after {@code # }. A line is what was
 * found, with {@code *} for anything, or {@code ignored} and a type of event that is not compared. Not thread-safe.
 */
final class Differences {
    private static final String IGNORED = "ignored ";

    private final Set<String> ignored = new LinkedHashSet<>();
    private final Set<String> entries = new LinkedHashSet<>();
    private final Set<String> used = new LinkedHashSet<>();

    private Differences() {}

    static Differences read(Path file) throws IOException {
        Differences differences = new Differences();
        for (String line : Files.readAllLines(file)) {
            int reason = line.indexOf(" # ");
            if (reason < 0 && !line.isBlank() && !line.startsWith("#")) {
                throw new IllegalArgumentException("no reason in: " + line);
            }
            String entry = reason < 0 ? "" : line.substring(0, reason).strip();
            if (entry.startsWith(IGNORED)) {
                differences.ignored.add(entry.substring(IGNORED.length()));
            } else if (!entry.isEmpty()) {
                differences.entries.add(entry);
            }
        }
        return differences;
    }

    boolean ignores(String type) {
        if (ignored.contains(type)) {
            used.add(type);
            return true;
        }
        return false;
    }

    List<String> unexplained(Collection<String> found) {
        List<String> left = new ArrayList<>();
        for (String one : found) {
            List<String> fitting =
                    entries.stream().filter(entry -> fits(entry, one)).toList();
            used.addAll(fitting);
            if (fitting.isEmpty()) {
                left.add(one);
            }
        }
        return left;
    }

    List<String> unused() {
        List<String> all = new ArrayList<>(ignored);
        all.addAll(entries);
        all.removeAll(used);
        return all;
    }

    private static boolean fits(String entry, String found) {
        StringBuilder pattern = new StringBuilder();
        for (String piece : entry.split("\\*", -1)) {
            pattern.append(pattern.isEmpty() ? "" : ".*").append(Pattern.quote(piece));
        }
        return found.matches(pattern.toString());
    }
}
