package io.hotplex.guard.internal.rules;

import io.hotplex.guard.internal.match.Expression;
import java.util.List;

/**
 * Matches prompts.
 *
 * @param pattern to find
 * @param literals of which every match has one
 */
record TextMatcher(Expression pattern, List<String> literals) implements Rule.Matcher {
    TextMatcher {
        literals = List.copyOf(literals);
    }
}
