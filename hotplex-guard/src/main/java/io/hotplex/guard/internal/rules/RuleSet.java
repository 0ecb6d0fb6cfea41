package io.hotplex.guard.internal.rules;

import io.hotplex.api.spi.ToolGuard.Action;
import io.hotplex.api.spi.ToolGuard.Verdict;
import io.hotplex.guard.internal.match.TextPatterns;
import io.hotplex.guard.internal.places.Globs;
import io.hotplex.guard.internal.places.Places;
import io.hotplex.guard.internal.shell.CommandLine;
import io.hotplex.guard.internal.shell.Invocation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Rules in force, arranged so that only those are tried that could match. Immutable and thread-safe. */
public final class RuleSet {
    /** Where the examples of rules are thought to run. */
    private static final Places EXAMPLE = new Places(Path.of("/projects/team/one"), List.of());

    /** Wrong examples that one message tells; who mends them sees the next. */
    private static final int MOST_TOLD = 20;

    /** As commands call a program that only the running shell knows. */
    private static final String UNKNOWN = "$";

    private final List<Rule> rules;
    private final Map<String, List<Entry>> byProgram = new HashMap<>();
    private final List<Entry> byBeginning = new ArrayList<>();
    private final List<Entry> anyProgram = new ArrayList<>();
    private final List<Rule> paths = new ArrayList<>();
    private final List<Rule> prompts = new ArrayList<>();
    private final TextPatterns patterns;

    private record Entry(Rule rule, CommandMatcher matcher) {}

    /** @param sets a later rule takes the place of an earlier one with its id */
    public RuleSet(List<List<Rule>> sets) {
        Map<String, Rule> byId = new LinkedHashMap<>();
        sets.forEach(set -> set.forEach(rule -> byId.put(rule.id(), rule)));
        rules = List.copyOf(byId.values());
        List<TextPatterns.Entry> texts = new ArrayList<>();
        for (Rule rule : rules) {
            if (rule.matcher() instanceof CommandMatcher matcher) {
                index(rule, matcher);
            } else if (rule.matcher() instanceof PathMatcher) {
                paths.add(rule);
            } else if (rule.matcher() instanceof TextMatcher matcher) {
                prompts.add(rule);
                texts.add(new TextPatterns.Entry(matcher.pattern(), matcher.literals()));
            }
        }
        patterns = new TextPatterns(texts);
    }

    /**
     * Tries rules on their own examples.
     *
     * @throws RuleFileException when one does not do what they say
     */
    static void prove(List<Rule> rules) {
        List<String> wrong = new ArrayList<>();
        rules.forEach(rule -> prove(rule, wrong));
        if (!wrong.isEmpty()) {
            throw new RuleFileException(String.join("; ", wrong.subList(0, Math.min(wrong.size(), MOST_TOLD))), null);
        }
    }

    private void index(Rule rule, CommandMatcher matcher) {
        Entry entry = new Entry(rule, matcher);
        if (matcher.programs().isEmpty()) {
            anyProgram.add(entry);
        }
        for (String program : matcher.programs()) {
            if (program.endsWith("*")) {
                byBeginning.add(entry);
            } else {
                byProgram.computeIfAbsent(program, p -> new ArrayList<>()).add(entry);
            }
        }
    }

    /** A rule has to match its own examples, whatever others say about them. */
    private static void prove(Rule rule, List<String> wrong) {
        for (String example : rule.matching()) {
            if (!matches(rule, example)) {
                wrong.add(rule.origin() + ": rule '" + rule.id() + "' does not match its example: " + example);
            }
        }
        for (String example : rule.passing()) {
            if (matches(rule, example)) {
                wrong.add(rule.origin() + ": rule '" + rule.id() + "' matches what it should pass: " + example);
            }
        }
    }

    private static boolean matches(Rule rule, String example) {
        if (rule.matcher() instanceof CommandMatcher matcher) {
            boolean windows = rule.tools().contains("PowerShell");
            CommandLine line = windows ? CommandLine.ofPowerShell(example) : CommandLine.ofShell(example);
            return line.invocations().stream()
                    .anyMatch(i -> (matcher.programs().isEmpty() || matcher.isFor(i.program()))
                            && matcher.matches(i, EXAMPLE));
        }
        if (rule.matcher() instanceof PathMatcher matcher) {
            return matcher.matches(example, true, EXAMPLE) || matcher.matches(example, false, EXAMPLE);
        }
        return ((TextMatcher) rule.matcher()).pattern().isIn(example);
    }

    /** The rules. */
    public List<Rule> rules() {
        return rules;
    }

    /** The patterns of rules for prompts, in the order of {@link #prompt}. */
    public TextPatterns prompts() {
        return patterns;
    }

    /** The rule of a pattern that was found. */
    public Rule prompt(int index) {
        return prompts.get(index);
    }

    /** Whether a word is the name of a program, in whatever directory, that a rule names. */
    public boolean knows(String word) {
        String called = word.substring(word.lastIndexOf('/') + 1);
        return byProgram.containsKey(called)
                || called.startsWith(":")
                || byBeginning.stream().anyMatch(entry -> entry.matcher().isFor(called));
    }

    /** The strictest rule for a command. */
    public Optional<Rule> command(String tool, CommandLine line, Places places) {
        @Nullable Rule strictest = null;
        for (Invocation invocation : line.invocations()) {
            strictest = stricter(strictest, invocation(tool, invocation, places));
        }
        return Optional.ofNullable(strictest);
    }

    private @Nullable Rule invocation(String tool, Invocation invocation, Places places) {
        String program = invocation.program();
        @Nullable Rule strictest = tried(tool, anyProgram, invocation, places, null);
        strictest = tried(tool, byProgram.getOrDefault(program, List.of()), invocation, places, strictest);
        for (Entry entry : byBeginning) {
            if (entry.matcher().isFor(program)) {
                strictest = tried(tool, List.of(entry), invocation, places, strictest);
            }
        }
        if (program.equals(UNKNOWN)) { // it may be anything; of what it is called with only this says enough
            strictest = tried(tool, byProgram.getOrDefault("rm", List.of()), invocation, places, strictest);
        }
        if (program.indexOf('*') >= 0 || program.indexOf('?') >= 0 || program.indexOf('[') >= 0) {
            for (Map.Entry<String, List<Entry>> known : byProgram.entrySet()) {
                if (Globs.matches(program, known.getKey())) {
                    strictest = tried(tool, known.getValue(), invocation, places, strictest);
                }
            }
        }
        return strictest;
    }

    private static @Nullable Rule tried(
            String tool, List<Entry> entries, Invocation invocation, Places places, @Nullable Rule before) {
        @Nullable Rule strictest = before;
        for (Entry entry : entries) {
            if (entry.rule().isFor(tool) && entry.matcher().matches(invocation, places)) {
                strictest = stricter(strictest, entry.rule());
            }
        }
        return strictest;
    }

    /** The strictest rule for a file that a tool names. */
    public Optional<Rule> path(String tool, String path, boolean write, Places places) {
        @Nullable Rule strictest = null;
        for (Rule rule : paths) {
            if (rule.isFor(tool) && ((PathMatcher) rule.matcher()).matches(path, write, places)) {
                strictest = stricter(strictest, rule);
            }
        }
        return Optional.ofNullable(strictest);
    }

    /** Deny beats ask beats allow; of those alike the first counts. */
    private static @Nullable Rule stricter(@Nullable Rule a, @Nullable Rule b) {
        if (a == null || b == null) {
            return a == null ? b : a;
        }
        return b.action().compareTo(a.action()) > 0 ? b : a;
    }

    /** The verdict of a rule that may be none. */
    public static Verdict verdict(Optional<Rule> rule) {
        return rule.map(Rule::verdict).orElse(Verdict.NONE);
    }

    /** How many rules there are for each decision. */
    public Map<Action, Long> counts() {
        Map<Action, Long> counts = new LinkedHashMap<>();
        rules.forEach(rule -> counts.merge(rule.action(), 1L, Long::sum));
        return counts;
    }
}
