package io.hotplex.provider.opencode;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What tools may do unasked, in OpenCode's words: of the rules that fit, the last one counts. Immutable once made.
 *
 * <p>It goes to the server as a variable of its environment, not to the session: the conversations of subagents get a
 * session's rules only in part, but the server's as a whole. Where guards are to hear of every call, every tool is made
 * to ask, and the rules are kept here.
 */
final class Permissions {
    private static final String ASK = "ask";
    static final String ALLOW = "allow";
    static final String DENY = "deny";
    static final String CONFIG = "config";
    private static final String ANY = "*";

    /** What changes nothing and reaches nowhere. A subagent is one of them since its own tools ask. */
    private static final Set<String> HARMLESS =
            Set.of("glob", "grep", "list", "lsp", "todowrite", "todoread", "skill", "question", "task");

    /** OpenCode has one permission for all tools that change files. */
    private static final Set<String> EDITS = Set.of("write", "edit", "multiedit", "patch", "apply_patch");

    /**
     * Named one by one where every tool is to ask: a name in OpenCode's configuration comes behind the rule for all.
     * What it has under other names is found by {@link GuardCheck}.
     */
    private static final List<String> NAMED = List.of(
            "bash",
            "codesearch",
            "doom_loop",
            "edit",
            "external_directory",
            "glob",
            "grep",
            "list",
            "lsp",
            "read",
            "skill",
            "task",
            "todoread",
            "todowrite",
            "webfetch",
            "websearch");

    private final Map<String, Map<String, String>> rules = new LinkedHashMap<>();

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
     * The rules of a session.
     *
     * @param available the tools that there are, or {@code null} for all
     * @param allowed tools that run unasked, as {@code tool} or {@code tool(pattern)}
     * @param denied those that never run; denial wins
     */
    static Permissions of(String mode, @Nullable List<String> available, List<String> allowed, List<String> denied) {
        Permissions made = new Permissions();
        if (available != null) {
            made.put(ANY, ANY, DENY);
            available.forEach(tool -> made.base(mode, permission(tool)));
        } else if (!mode.equals(CONFIG)) {
            made.put(ANY, ANY, mode);
            if (mode.equals(ASK)) {
                made.base(mode, "read");
                HARMLESS.stream().sorted().forEach(tool -> made.base(mode, tool));
            }
        }
        allowed.forEach(rule -> made.rule(rule, ALLOW));
        denied.forEach(rule -> made.rule(rule, DENY));
        return made;
    }

    private void base(String mode, String tool) {
        if (tool.equals("read") && !mode.equals(ALLOW)) {
            // as OpenCode does by itself: these files hold secrets
            put(tool, ANY, ALLOW);
            put(tool, "*.env", ASK);
            put(tool, "*.env.*", ASK);
            put(tool, "*.env.example", ALLOW);
        } else {
            put(tool, ANY, mode.equals(ALLOW) || HARMLESS.contains(tool) ? ALLOW : ASK);
        }
    }

    private void rule(String rule, String action) {
        int open = rule.indexOf('(');
        boolean pattern = open > 0 && rule.endsWith(")");
        String tool = permission(pattern ? rule.substring(0, open) : rule);
        if (pattern) {
            put(tool, rule.substring(open + 1, rule.length() - 1).strip(), action);
        } else {
            rules.remove(tool); // it covers whatever was said of it before
            put(tool, ANY, action);
        }
    }

    private void put(String tool, String pattern, String action) {
        Map<String, String> patterns = rules.computeIfAbsent(tool, key -> new LinkedHashMap<>());
        patterns.remove(pattern);
        patterns.put(pattern, action);
    }

    private static String permission(String tool) {
        String name = tool.strip();
        return EDITS.contains(name) ? "edit" : name;
    }

    // ---- for OpenCode

    /** The value of {@code OPENCODE_PERMISSION}, or {@code null} to leave everything to OpenCode's configuration. */
    @Nullable
    String json() {
        if (rules.isEmpty()) {
            return null;
        }
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

    /** The same value where every tool is to ask that is not denied as a whole. */
    String guardedJson() {
        ObjectNode json = OpenCodeJson.object().put(ANY, deniesAll(ANY) ? DENY : ASK);
        NAMED.forEach(tool -> json.put(tool, deniesAll(tool) ? DENY : ASK));
        rules.keySet().stream().filter(tool -> !tool.equals(ANY)).forEach(tool -> {
            json.remove(tool); // to where it is among the rules
            json.put(tool, deniesAll(tool) ? DENY : ASK);
        });
        json.put("question", deniesAll("question") ? DENY : ALLOW); // it is nothing but asking
        return json.put(GuardCheck.MARK, DENY).toString();
    }

    /** Whether a tool never runs, so that no model needs to know of it. */
    boolean deniesAll(String tool) {
        boolean denies = false;
        for (Map.Entry<String, Map<String, String>> entry : rules.entrySet()) {
            if (fits(entry.getKey(), tool)) {
                List<Map.Entry<String, String>> patterns =
                        new ArrayList<>(entry.getValue().entrySet());
                Map.Entry<String, String> last = patterns.get(patterns.size() - 1);
                denies = last.getKey().equals(ANY) && last.getValue().equals(DENY);
            }
        }
        return denies;
    }

    /** What the rules say to a call: {@code deny}, {@code ask}, or {@code allow} when they allow all of it. */
    String action(String permission, List<String> patterns) {
        String action = patterns.isEmpty() ? ASK : ALLOW;
        for (String pattern : patterns) {
            String one = action(permission, pattern);
            if (one.equals(DENY)) {
                return DENY;
            }
            action = one.equals(ASK) ? ASK : action;
        }
        return action;
    }

    private String action(String permission, String what) {
        String action = ASK;
        for (Map.Entry<String, Map<String, String>> entry : rules.entrySet()) {
            if (fits(entry.getKey(), permission)) {
                for (Map.Entry<String, String> rule : entry.getValue().entrySet()) {
                    action = fits(rule.getKey(), what) ? rule.getValue() : action;
                }
            }
        }
        return action;
    }

    /** As OpenCode compares: {@code *} and {@code ?}, and {@code ls *} is also {@code ls} alone. */
    static boolean fits(String pattern, String text) {
        if (pattern.equals(ANY) || pattern.equals(text)) {
            return true;
        }
        boolean optional = pattern.endsWith(" *");
        String body = optional ? pattern.substring(0, pattern.length() - 2) : pattern;
        StringBuilder regex = new StringBuilder();
        for (int i = 0; i < body.length(); i++) {
            char c = body.charAt(i);
            regex.append(c == '*' ? ".*" : c == '?' ? "." : Pattern.quote(String.valueOf(c)));
        }
        return Pattern.compile(regex + (optional ? "( .*)?" : ""), Pattern.DOTALL)
                .matcher(text)
                .matches();
    }
}
