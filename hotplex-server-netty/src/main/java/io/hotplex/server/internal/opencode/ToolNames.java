package io.hotplex.server.internal.opencode;

import io.hotplex.api.AgentEvent.ToolKind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tools of agents in words that OpenCode's clients know. A client draws a tool that it knows in its own way, and
 * expects its own input then: so only what has that form gets that name. Every other keeps the agent's.
 */
final class ToolNames {
    private static final String SHELL = "bash";

    /** By OpenCode's name of a permission, what agents call the tools that need it. */
    private static final Map<String, List<String>> OF_PERMISSIONS = permissions();

    private ToolNames() {}

    private static Map<String, List<String>> permissions() {
        Map<String, List<String>> names = new LinkedHashMap<>();
        names.put(SHELL, List.of("Bash"));
        names.put("edit", List.of("Edit", "Write", "NotebookEdit"));
        names.put("read", List.of("Read"));
        names.put("glob", List.of("Glob"));
        names.put("grep", List.of("Grep"));
        names.put("webfetch", List.of("WebFetch"));
        names.put("websearch", List.of("WebSearch"));
        names.put("task", List.of("Task"));
        names.put("todowrite", List.of("TodoWrite"));
        names.put("skill", List.of("Skill"));
        names.put("question", List.of("AskUserQuestion"));
        names.put("plan_enter", List.of("EnterPlanMode"));
        names.put("plan_exit", List.of("ExitPlanMode"));
        return names;
    }

    /** What agents call the tools that need a permission of OpenCode's; its own name first. */
    static List<String> ofPermission(String permission) {
        List<String> names = new ArrayList<>(List.of(permission));
        names.addAll(OF_PERMISSIONS.getOrDefault(permission, List.of()));
        return names;
    }

    /** The name that clients get for a call. */
    static String shown(String name, ToolKind kind, Map<String, @Nullable Object> input) {
        return kind == ToolKind.EXECUTE && input.get("command") instanceof String ? SHELL : name;
    }

    /** The permission that a tool needs, as clients name it. */
    static String permission(String tool) {
        return OF_PERMISSIONS.entrySet().stream()
                .filter(entry -> entry.getValue().contains(tool))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(tool);
    }

    /** What a call is about, for who has to allow it. */
    static String subject(Map<String, @Nullable Object> input) {
        for (String field : List.of("command", "file_path", "filePath", "path", "url", "pattern")) {
            if (input.get(field) instanceof String text && !text.isBlank()) {
                return text;
            }
        }
        return "*";
    }

    /** The list of things to do within a call's input; {@code null} when there is none. */
    static @Nullable List<Object> todos(Map<String, @Nullable Object> input) {
        if (!(input.get("todos") instanceof List<?> list)) {
            return null;
        }
        List<Object> todos = new ArrayList<>();
        for (Object item : list) {
            if (!(item instanceof Map<?, ?> todo)
                    || !(todo.get("content") instanceof String content)
                    || !(todo.get("status") instanceof String status)) {
                return null;
            }
            todos.add(Values.object(
                    "content",
                    content,
                    "status",
                    status,
                    "priority",
                    todo.get("priority") instanceof String priority ? priority : "medium"));
        }
        return todos;
    }
}
