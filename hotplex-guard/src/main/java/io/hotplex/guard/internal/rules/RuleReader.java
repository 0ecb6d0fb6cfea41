package io.hotplex.guard.internal.rules;

import com.google.re2j.PatternSyntaxException;
import io.hotplex.api.GuardFinding;
import io.hotplex.api.spi.ToolGuard.Action;
import io.hotplex.guard.internal.match.Expression;
import io.hotplex.guard.internal.places.Place;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/** Reads rules from YAML. Nothing is made of it but rules; what it does not know it refuses, with file and line. */
public final class RuleReader {
    /** No set of rules is so long; a log that was named by mistake is. */
    public static final int MAX_CHARS = 1 << 20;

    /** The examples of a rule: a line, and those below it that are indented deeper. */
    private static final Pattern EXAMPLES = Pattern.compile("(?m)^    examples:.*\n(?:     .*\n)*");

    private static final List<String> LEVELS = List.of("critical", "high", "moderate");

    private final String file;
    private final boolean proven;

    private RuleReader(String file, boolean proven) {
        this.file = file;
        this.proven = proven;
    }

    /**
     * The rules of a file.
     *
     * @param file its name, for messages
     * @throws RuleFileException naming file and line
     */
    public static List<Rule> read(String file, String content) {
        return read(file, content, false);
    }

    /**
     * The rules that come with the guard. A test has read all of them, so expressions are compiled only when they are
     * needed, and examples, which are half of the text, are not looked at.
     */
    static List<Rule> readProven(String file, String content) {
        return read(file, EXAMPLES.matcher(content).replaceAll(""), true);
    }

    private static List<Rule> read(String file, String content, boolean proven) {
        LoadSettings load = LoadSettings.builder()
                .setLabel(file)
                .setAllowDuplicateKeys(false)
                .setAllowRecursiveKeys(false)
                .setMaxAliasesForCollections(1)
                .setCodePointLimit(MAX_CHARS)
                .build();
        Optional<Node> root;
        try {
            root = new Compose(load).composeString(content);
        } catch (MarkedYamlEngineException e) {
            String line = e.getProblemMark()
                    .map(mark -> ", line " + (mark.getLine() + 1))
                    .orElse("");
            throw new RuleFileException(file + line + ": not YAML: " + e.getProblem(), e);
        } catch (YamlEngineException e) {
            throw new RuleFileException(file + ": not YAML: " + e.getMessage(), e);
        }
        return root.isEmpty() ? List.of() : new RuleReader(file, proven).rules(root.get());
    }

    private List<Rule> rules(Node root) {
        Fields top = new Fields(file, proven, root);
        List<Rule> rules = new ArrayList<>();
        Set<String> ids = new HashSet<>();
        for (Node node : top.nodes("rules")) {
            Fields fields = new Fields(file, proven, node);
            Rule rule = rule(fields);
            if (!ids.add(rule.id())) {
                throw fields.wrong("rule '" + rule.id() + "' is there twice (expected: an id for each)");
            }
            rules.add(rule);
        }
        top.end();
        return rules;
    }

    private Rule rule(Fields fields) {
        String id = fields.required("id");
        if (!id.matches("[a-z0-9][a-z0-9-]{0,62}")) {
            throw fields.wrong("id '" + id + "' (expected: lower case letters, digits, dashes)");
        }
        String level = fields.oneOf("level", LEVELS);
        Action action = Action.valueOf(
                fields.oneOf("decision", List.of("allow", "ask", "deny")).toUpperCase(Locale.ROOT));
        String message = fields.required("message");
        String category = fields.required("category");
        Rule rule = new Rule(
                new GuardFinding(id, category, level, message),
                action,
                fields.texts("suggestions"),
                fields.duration("expires"),
                fields.texts("tools"),
                matcher(fields),
                examples(fields, "match"),
                examples(fields, "pass"),
                fields.where());
        if (rule.matching().isEmpty() && !proven) {
            throw fields.wrong("rule '" + id + "' has no examples.match: show one thing that it is for");
        }
        fields.end();
        return rule;
    }

    private static List<String> examples(Fields fields, String which) {
        Fields examples = fields.fields("examples");
        return examples == null ? List.of() : examples.texts(which);
    }

    private static Rule.Matcher matcher(Fields fields) {
        List<Rule.Matcher> found = new ArrayList<>();
        Fields command = fields.fields("command");
        if (command != null) {
            found.add(command(command));
        }
        Fields path = fields.fields("path");
        if (path != null) {
            found.add(path(path));
        }
        Fields prompt = fields.fields("prompt");
        if (prompt != null) {
            found.add(prompt(prompt));
        }
        if (found.size() != 1) {
            throw fields.wrong(found.size() + " of command, path and prompt are given (expected: one)");
        }
        return found.get(0);
    }

    private static CommandMatcher command(Fields fields) {
        CommandMatcher matcher = new CommandMatcher(
                fields.texts("program"),
                fields.groups("options"),
                fields.texts("without-options"),
                fields.groups("words").stream().map(Set::copyOf).toList(),
                Set.copyOf(fields.texts("first")),
                places(fields, "operand-in"),
                patterns(fields, "arguments"),
                patterns(fields, "not-arguments"),
                places(fields, "redirect-in"),
                places(fields, "input-in"),
                Set.copyOf(fields.texts("upstream")),
                pattern(fields, "text"),
                pattern(fields, "not-text"),
                pattern(fields, "code"));
        fields.end();
        boolean some = !matcher.redirectIn().isEmpty() || !matcher.inputIn().isEmpty() || matcher.code() != null;
        if (matcher.programs().isEmpty() && !some) {
            throw fields.wrong("without program, redirect-in, input-in and code it would match everything: give one");
        }
        return matcher;
    }

    private static PathMatcher path(Fields fields) {
        List<String> access = fields.texts("access");
        PathMatcher matcher = new PathMatcher(
                places(fields, "in"),
                fields.texts("glob"),
                access.isEmpty() || access.contains("read"),
                access.isEmpty() || access.contains("write"));
        fields.end();
        if (matcher.in().isEmpty() && matcher.globs().isEmpty()) {
            throw fields.wrong("a path needs 'in' or 'glob'");
        }
        return matcher;
    }

    /** Every match must have one of the literals, or no text could be passed over quickly. */
    private static TextMatcher prompt(Fields fields) {
        Expression pattern = pattern(fields, "regex");
        List<String> literals = fields.texts("literals");
        fields.end();
        if (pattern == null || literals.isEmpty()) {
            throw fields.wrong("a prompt needs 'regex', and 'literals' of which each match has one");
        }
        for (String literal : literals) {
            if (literal.length() < 2 || !literal.chars().allMatch(c -> c >= ' ' && c < 127)) {
                throw fields.wrong("literal '" + literal + "' (expected: at least two characters of ASCII)");
            }
        }
        return new TextMatcher(pattern, literals);
    }

    private static Set<Place> places(Fields fields, String key) {
        Set<Place> places = EnumSet.noneOf(Place.class);
        for (String name : fields.texts(key)) {
            places.add(Place.of(name)
                    .orElseThrow(() -> fields.wrong(key + ": no kind of place is named '" + name + "' (known: "
                            + List.of(Place.values()).stream().map(Place::text).toList() + ")")));
        }
        return places;
    }

    private static List<Expression> patterns(Fields fields, String key) {
        return fields.texts(key).stream()
                .map(text -> compile(fields, key, text))
                .toList();
    }

    private static @Nullable Expression pattern(Fields fields, String key) {
        String text = fields.text(key);
        return text == null ? null : compile(fields, key, text);
    }

    private static Expression compile(Fields fields, String key, String text) {
        Expression expression = new Expression(text);
        try {
            if (!fields.proven()) {
                var unused = expression.compiled();
            }
            return expression;
        } catch (PatternSyntaxException e) {
            throw fields.wrong(key + ": '" + text + "' is no expression of RE2, which has no look-around and no back"
                    + " references (" + e.getDescription() + ")");
        }
    }

    /** A duration as in the engine's configuration. */
    static @Nullable Duration duration(@Nullable String text) {
        if (text == null || !text.matches("[1-9][0-9]{0,6}(s|m|h)")) {
            return null;
        }
        long count = Long.parseLong(text.substring(0, text.length() - 1));
        return switch (text.charAt(text.length() - 1)) {
            case 's' -> Duration.ofSeconds(count);
            case 'm' -> Duration.ofMinutes(count);
            default -> Duration.ofHours(count);
        };
    }
}
