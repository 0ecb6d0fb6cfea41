package io.hotplex.provider.opencode;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What tools may do unasked, in OpenCode's words. Stateless.
 *
 * <p>It goes to the server as a variable of its environment, not to the session: the conversations of subagents get a
 * session's rules only in part, but the server's as a whole.
 */
final class Permissions {
    private static final String ASK = "ask";
    private static final String ALLOW = "allow";
    private static final String CONFIG = "config";
    private static final String ANY = "*";

    /** What changes nothing and reaches nowhere. A subagent is one of them since its own tools ask. */
    private static final Set<String> HARMLESS =
            Set.of("glob", "grep", "list", "lsp", "todowrite", "todoread", "skill", "question", "task");

    /** OpenCode has one permission for all tools that change files. */
    private static final Set<String> EDITS = Set.of("write", "edit", "multiedit", "patch", "apply_patch");

    private Permissions() {}

    /** Why a mode cannot be used, or {@code null} when it can; {@code null} is the default. */
    static @Nullable String problem(@Nullable String mode, boolean bypassAllowed) {
        if (mode == null || mode.equals(ASK) || mode.equals(CONFIG)) {
            return null;
        }
        if (!mode.equals(ALLOW)) {
            return "'" + mode + "' (expected: ask, allow or config)";
        }
        return bypassAllowed ? null : "'allow' runs everything unasked; it needs allow-permission-bypass=true";
    }

    /** The mode that holds. */
    static String mode(@Nullable String wanted) {
        return wanted == null ? ASK : wanted;
    }

    /**
     * The value of {@code OPENCODE_PERMISSION}, or {@code null} to leave everything to OpenCode's configuration.
     *
     * @param available the tools that there are, or {@code null} for all
     * @param allowed tools that run unasked, as {@code tool} or {@code tool(pattern)}
     * @param denied those that never run; denial wins
     */
    static @Nullable String json(
            String mode, @Nullable List<String> available, List<String> allowed, List<String> denied) {
        Map<String, Map<String, String>> rules = new LinkedHashMap<>();
        if (available != null) {
            put(rules, ANY, ANY, "deny");
            available.forEach(tool -> base(rules, mode, permission(tool)));
        } else if (!mode.equals(CONFIG)) {
            put(rules, ANY, ANY, mode);
            if (mode.equals(ASK)) {
                base(rules, mode, "read");
                HARMLESS.stream().sorted().forEach(tool -> base(rules, mode, tool));
            }
        }
        allowed.forEach(rule -> rule(rules, rule, ALLOW));
        denied.forEach(rule -> rule(rules, rule, "deny"));
        return rules.isEmpty() ? null : write(rules);
    }

    private static void base(Map<String, Map<String, String>> rules, String mode, String tool) {
        if (tool.equals("read") && !mode.equals(ALLOW)) {
            // as OpenCode does by itself: these files hold secrets
            put(rules, tool, ANY, ALLOW);
            put(rules, tool, "*.env", ASK);
            put(rules, tool, "*.env.*", ASK);
            put(rules, tool, "*.env.example", ALLOW);
        } else {
            put(rules, tool, ANY, mode.equals(ALLOW) || HARMLESS.contains(tool) ? ALLOW : ASK);
        }
    }

    private static void rule(Map<String, Map<String, String>> rules, String rule, String action) {
        int open = rule.indexOf('(');
        boolean pattern = open > 0 && rule.endsWith(")");
        String tool = permission(pattern ? rule.substring(0, open) : rule);
        if (pattern) {
            put(rules, tool, rule.substring(open + 1, rule.length() - 1).strip(), action);
        } else {
            rules.remove(tool); // it covers whatever was said of it before
            put(rules, tool, ANY, action);
        }
    }

    /** OpenCode goes by the last rule that fits. */
    private static void put(Map<String, Map<String, String>> rules, String tool, String pattern, String action) {
        Map<String, String> patterns = rules.computeIfAbsent(tool, key -> new LinkedHashMap<>());
        patterns.remove(pattern);
        patterns.put(pattern, action);
    }

    private static String permission(String tool) {
        String name = tool.strip();
        return EDITS.contains(name) ? "edit" : name;
    }

    private static String write(Map<String, Map<String, String>> rules) {
        ObjectNode json = OpenCodeJson.object();
        rules.forEach((tool, patterns) -> {
            if (tool.equals(ANY) || patterns.size() == 1 && patterns.containsKey(ANY)) {
                json.put(tool, patterns.get(ANY));
            } else {
                ObjectNode all = json.putObject(tool);
                patterns.forEach(all::put);
            }
        });
        return json.toString();
    }
}
