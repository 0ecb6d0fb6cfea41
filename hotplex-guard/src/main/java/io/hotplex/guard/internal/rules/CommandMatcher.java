package io.hotplex.guard.internal.rules;

import io.hotplex.guard.internal.match.Expression;
import io.hotplex.guard.internal.places.Place;
import io.hotplex.guard.internal.places.Places;
import io.hotplex.guard.internal.shell.Invocation;
import io.hotplex.guard.internal.shell.Redirect;
import io.hotplex.guard.internal.shell.Word;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Matches programs that commands run: everything that is given has to hold for one of them.
 *
 * @param programs their names, {@code *} for a beginning; empty for any
 * @param options groups; of each group one has to be there, in any spelling
 * @param withoutOptions none of them may be there
 * @param words groups; of each group one has to be an operand
 * @param first what the first operand has to be; empty for anything
 * @param operandIn kinds of places; an operand has to be in one
 * @param arguments patterns; each has to be all of some argument
 * @param notArguments patterns that must be no argument
 * @param redirectIn kinds of places; it has to write to a file in one
 * @param inputIn kinds of places; its input has to come from a file in one
 * @param upstream programs; it has to read the output of one through a pipe
 * @param text a pattern to find in program and arguments
 * @param notText a pattern that must not be found there
 * @param code a pattern to find in a script that it interprets
 */
record CommandMatcher(
        List<String> programs,
        List<List<String>> options,
        List<String> withoutOptions,
        List<Set<String>> words,
        Set<String> first,
        Set<Place> operandIn,
        List<Expression> arguments,
        List<Expression> notArguments,
        Set<Place> redirectIn,
        Set<Place> inputIn,
        Set<String> upstream,
        @Nullable Expression text,
        @Nullable Expression notText,
        @Nullable Expression code)
        implements Rule.Matcher {
    private static final Set<String> FIRST_IS_PATTERN =
            Set.of("grep", "egrep", "fgrep", "rg", "ag", "sed", "awk", "gawk", "mawk", "jq", "yq");

    CommandMatcher {
        programs = List.copyOf(programs);
        options = List.copyOf(options);
        withoutOptions = List.copyOf(withoutOptions);
        words = List.copyOf(words);
        first = Set.copyOf(first);
        operandIn = Set.copyOf(operandIn);
        arguments = List.copyOf(arguments);
        notArguments = List.copyOf(notArguments);
        redirectIn = Set.copyOf(redirectIn);
        inputIn = Set.copyOf(inputIn);
        upstream = Set.copyOf(upstream);
    }

    /** Whether an invocation, whose program is known to fit, is meant. */
    boolean matches(Invocation invocation, Places places) {
        List<Word> arguments = invocation.arguments();
        if (!options.isEmpty() && !options.stream().allMatch(group -> hasOption(arguments, group))
                || !withoutOptions.isEmpty() && hasOption(arguments, withoutOptions)) {
            return false;
        }
        List<String> operands = words.isEmpty() && first.isEmpty() && operandIn.isEmpty()
                ? List.of()
                : operands(invocation.program(), arguments);
        return (first.isEmpty() || !operands.isEmpty() && first.contains(operands.get(0)))
                && words.stream().allMatch(group -> operands.stream().anyMatch(group::contains))
                && (operandIn.isEmpty()
                        || operands.stream().anyMatch(operand -> in(operandIn, invocation.path(operand), places)))
                && this.arguments.stream().allMatch(p -> arguments.stream().anyMatch(w -> p.matches(w.text())))
                && notArguments.stream().noneMatch(p -> arguments.stream().anyMatch(w -> p.matches(w.text())))
                && (redirectIn.isEmpty() || opens(invocation, redirectIn, true, places))
                && (inputIn.isEmpty() || opens(invocation, inputIn, false, places))
                && (upstream.isEmpty() || invocation.upstream().stream().anyMatch(this::comesFrom))
                && (text == null || text.isIn(invocation.text()))
                && (notText == null || !notText.isIn(invocation.text()))
                && (code == null || invocation.code() != null && code.isIn(invocation.code()));
    }

    private boolean comesFrom(String program) {
        return upstream.stream().anyMatch(name -> fits(name, program));
    }

    /** Whether one of its names means a program. */
    boolean isFor(String program) {
        return programs.stream().anyMatch(name -> fits(name, program));
    }

    private static boolean fits(String name, String program) {
        return name.endsWith("*") ? program.startsWith(name.substring(0, name.length() - 1)) : name.equals(program);
    }

    private static boolean opens(Invocation invocation, Set<Place> kinds, boolean write, Places places) {
        for (Redirect redirect : invocation.redirects()) {
            boolean fits = write ? redirect.writes() : redirect.reads();
            if (fits && in(kinds, invocation.path(redirect.target().text()), places)) {
                return true;
            }
        }
        return false;
    }

    /**
     * What is not known of a path may be nothing; so it counts at its end, and where only the root is left without it.
     */
    static boolean in(Set<Place> kinds, String operand, Places places) {
        int unknown = operand.indexOf(Word.UNKNOWN);
        String known = unknown < 0 ? operand : new Word(operand).known();
        if (unknown == 0 && !known.matches("/[*.]*")) {
            return false;
        }
        for (Place kind : kinds) {
            if (places.is(kind, known)) {
                return true;
            }
        }
        return false;
    }

    /** Arguments that are no options; of {@code name=value} the value. What is a pattern or a script is none either. */
    private static List<String> operands(String program, List<Word> arguments) {
        boolean pattern = FIRST_IS_PATTERN.contains(program)
                && arguments.stream().noneMatch(w -> w.text().matches("-\\w*[ef]|--(regexp|file|expression)(=.*)?"));
        List<String> operands = operands(arguments);
        return pattern && !operands.isEmpty() ? operands.subList(1, operands.size()) : operands;
    }

    private static List<String> operands(List<Word> arguments) {
        List<String> operands = new ArrayList<>(arguments.size());
        boolean options = true;
        for (Word word : arguments) {
            String text = word.text();
            if (options && text.equals("--")) {
                options = false;
            } else if (options && text.length() > 1 && text.charAt(0) == '-') {
                int equals = text.indexOf('=');
                if (equals > 0) {
                    operands.add(text.substring(equals + 1));
                }
            } else {
                int equals = text.indexOf('=');
                operands.add(equals > 0 ? text.substring(equals + 1) : text);
                if (equals > 0) {
                    operands.add(text);
                }
            }
        }
        return operands;
    }

    /** Whether one of the options is there: a letter, alone or among others, or a word, which may be shortened. */
    private static boolean hasOption(List<Word> arguments, List<String> group) {
        for (Word word : arguments) {
            String text = word.known();
            if (text.equals("--")) {
                return false;
            }
            if (text.length() < 2 || text.charAt(0) != '-' && text.charAt(0) != '/') {
                continue;
            }
            for (String option : group) {
                if (is(option, text)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean is(String option, String text) {
        if (option.startsWith("-") || option.startsWith("/")) { // as it is, in any case
            return text.equalsIgnoreCase(option)
                    || text.length() > 3 && option.startsWith("-") && startsWith(option, text) && text.charAt(1) != '-';
        }
        if (text.charAt(0) == '/') {
            return false;
        }
        if (option.length() == 1) {
            return text.charAt(1) != '-' && text.indexOf(option) > 0;
        }
        if (!text.startsWith("--")) {
            return false;
        }
        int equals = text.indexOf('=');
        String name = text.substring(2, equals < 0 ? text.length() : equals);
        return name.length() > 2 && option.startsWith(name);
    }

    private static boolean startsWith(String option, String text) {
        return option.regionMatches(true, 0, text, 0, text.length());
    }
}
