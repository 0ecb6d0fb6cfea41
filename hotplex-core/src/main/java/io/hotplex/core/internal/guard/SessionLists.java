package io.hotplex.core.internal.guard;

import io.hotplex.api.GuardFinding;
import io.hotplex.api.ToolRules;
import io.hotplex.api.spi.ToolCall;
import io.hotplex.api.spi.ToolGuard.Action;
import io.hotplex.api.spi.ToolGuard.Verdict;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a session's own lists of tools say to a call, in case its agent does not keep to them: a tool is named, or a
 * tool with a pattern in parentheses, as in {@code Bash(git push:*)}. Pure.
 */
final class SessionLists {
    private static final List<String> FIELDS = List.of("command", "file_path", "notebook_path", "path", "url", "query");

    private SessionLists() {}

    /**
     * A list that denies counts; one that allows is for the agent, which asks about what it does not cover: patterns of
     * commands are not enough to know what a command does.
     */
    static Verdict check(ToolRules rules, ToolCall call) {
        for (String denied : rules.denied()) {
            if (matches(denied, call)) {
                return deny("session-denies", "the session's own list denies this tool: do without it");
            }
        }
        List<String> available = rules.available();
        if (available != null && available.stream().noneMatch(name -> name(name).equals(call.tool()))) {
            return call.tool().startsWith("mcp__")
                    ? Verdict.NONE // servers add tools that no list of built-in ones names
                    : deny("session-has-not", "the session does not have this tool: do without it");
        }
        return Verdict.NONE;
    }

    private static Verdict deny(String id, String message) {
        return new Verdict(Action.DENY, new GuardFinding(id, "session", "high", message), null);
    }

    private static boolean matches(String entry, ToolCall call) {
        int open = entry.indexOf('(');
        if (!name(entry).equals(call.tool())) {
            return false;
        }
        if (open < 0 || !entry.endsWith(")")) {
            return true;
        }
        String pattern = entry.substring(open + 1, entry.length() - 1);
        String field = field(call);
        if (field == null || pattern.equals("*")) {
            return true; // who denies with a pattern and meets a call that cannot be compared means no
        }
        return pattern.endsWith(":*")
                ? field.startsWith(pattern.substring(0, pattern.length() - 2))
                : field.equals(pattern);
    }

    private static String name(String entry) {
        int open = entry.indexOf('(');
        return open < 0 ? entry : entry.substring(0, open);
    }

    private static @Nullable String field(ToolCall call) {
        for (String field : FIELDS) {
            if (call.input().get(field) instanceof String text) {
                return text.strip();
            }
        }
        return null;
    }
}
