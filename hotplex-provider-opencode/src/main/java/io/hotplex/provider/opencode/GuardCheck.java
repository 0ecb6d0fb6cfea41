package io.hotplex.provider.opencode;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whether OpenCode, as it is configured in one directory, asks about every call of a tool. Stateless.
 *
 * <p>It was told to by its environment. But its own configuration, that of the directory and that of its agents, may
 * say otherwise in more specific words, and tools of plugins run without a question.
 */
final class GuardCheck {
    /** The tool that {@link GuardPlugin} brings, which shows that it was loaded; no model hears of it. */
    static final String MARK = "hotplex_guard";

    private static final String ANY = "*";

    /** Tools that ask before they do anything, and those that do nothing but speak with people or the model. */
    private static final Set<String> ASKING = Set.of(
            "apply_patch",
            "bash",
            "codesearch",
            "edit",
            "glob",
            "grep",
            "invalid",
            "list",
            "lsp",
            "multiedit",
            "patch",
            "plan_enter",
            "plan_exit",
            "question",
            "read",
            "skill",
            "task",
            "todoread",
            "todowrite",
            "webfetch",
            "websearch",
            "write");

    /** What is no tool: that a tool works elsewhere is asked besides the tool itself. */
    private static final Set<String> BESIDES = Set.of("external_directory", "question", "plan_enter", "plan_exit");

    private GuardCheck() {}

    /** What lets a tool of some agent run unasked, for people; {@code null} when nothing does. */
    static @Nullable String agents(@Nullable JsonNode agents) {
        if (agents == null || !agents.isArray() || agents.isEmpty()) {
            return "OpenCode does not tell what its agents may do";
        }
        for (JsonNode agent : agents) {
            String rule = unasked(agent.path("permission"), false);
            if (rule != null) {
                return "OpenCode's configuration lets its agent '" + OpenCodeJson.text(agent, "name", "") + "' use "
                        + rule + " unasked";
            }
        }
        return null;
    }

    /** What lets a tool of a conversation run unasked: its own rules come behind those of its agent. */
    static @Nullable String conversation(@Nullable JsonNode conversation) {
        String rule = conversation == null ? null : unasked(conversation.path("permission"), true);
        return rule == null ? null : "the conversation has a rule of its own that lets " + rule + " run unasked";
    }

    /** @param asks whether everything asks before the first rule */
    private static @Nullable String unasked(JsonNode rules, boolean asks) {
        String found = asks ? null : "everything";
        for (JsonNode rule : rules) {
            String permission = OpenCodeJson.text(rule, "permission", "");
            boolean allows = OpenCodeJson.text(rule, "action", "").equals(Permissions.ALLOW);
            if (permission.equals(ANY) && OpenCodeJson.text(rule, "pattern", "").equals(ANY) && !allows) {
                found = null; // it covers whatever was said before
            } else if (allows && !BESIDES.contains(permission)) {
                found = "'" + permission + "'";
            }
        }
        return found;
    }

    /** Which tool runs without a question, for people; {@code null} when none does. */
    static @Nullable String tools(@Nullable JsonNode names, Permissions permissions) {
        boolean loaded = false;
        if (names != null) {
            for (JsonNode name : names) {
                String tool = name.asText();
                loaded |= tool.equals(MARK);
                if (!ASKING.contains(tool) && !tool.equals(MARK) && !permissions.deniesAll(tool)) {
                    return "the tool '" + tool + "' of a plugin or of the directory runs without a question (deny it"
                            + " with disallowed-tools=" + tool + ", or remove it)";
                }
            }
        }
        return loaded ? null : "OpenCode did not load the plugin that puts its calls before the guards";
    }
}
