package io.hotplex.guard.internal.rules;

import io.hotplex.api.GuardFinding;
import io.hotplex.api.spi.ToolGuard.Action;
import io.hotplex.api.spi.ToolGuard.Verdict;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One rule. Immutable.
 *
 * @param finding what it says when it matches
 * @param action what becomes of what it matches
 * @param suggestions what to do instead
 * @param expires for ASK how long people have, or {@code null} for the engine's default
 * @param tools names of tools that it is for; empty for all
 * @param matcher what it matches
 * @param matching what it has to match
 * @param passing what it must not match
 * @param origin file and line, for messages
 */
public record Rule(
        GuardFinding finding,
        Action action,
        List<String> suggestions,
        @Nullable Duration expires,
        List<String> tools,
        Matcher matcher,
        List<String> matching,
        List<String> passing,
        String origin) {
    public Rule {
        suggestions = List.copyOf(suggestions);
        tools = List.copyOf(tools);
        matching = List.copyOf(matching);
        passing = List.copyOf(passing);
    }

    /** What a rule looks at. */
    public sealed interface Matcher permits CommandMatcher, PathMatcher, TextMatcher {}

    /** Its id. */
    public String id() {
        return finding.ruleId();
    }

    /** What it says to a tool call. */
    public Verdict verdict() {
        return new Verdict(action, finding, expires);
    }

    boolean isFor(String tool) {
        return tools.isEmpty() || tools.contains(tool);
    }
}
