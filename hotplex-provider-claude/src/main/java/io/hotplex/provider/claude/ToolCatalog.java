package io.hotplex.provider.claude;

import io.hotplex.api.AgentEvent.ToolKind;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What Claude's tools do, and how to show a call in one line. Immutable. */
final class ToolCatalog {
    private static final int MAX_TITLE = 200;
    private static final List<String> PATH_KEYS = List.of("file_path", "notebook_path", "path");

    private ToolCatalog() {}

    static ToolKind kind(String tool) {
        return switch (tool) {
            case "Read", "NotebookRead", "TaskOutput", "BashOutput", "ListMcpResourcesTool", "ReadMcpResourceTool" ->
                ToolKind.READ;
            case "Edit", "Write", "MultiEdit", "NotebookEdit" -> ToolKind.EDIT;
            case "Glob", "Grep", "LS", "ToolSearch", "LSP" -> ToolKind.SEARCH;
            case "Bash", "PowerShell", "Monitor" -> ToolKind.EXECUTE;
            case "WebFetch", "WebSearch", "web_search", "web_fetch" -> ToolKind.FETCH;
            case "Task", "Agent", "TodoWrite", "TaskCreate", "TaskUpdate", "ExitPlanMode", "EnterPlanMode" ->
                ToolKind.THINK;
            default -> ToolKind.OTHER;
        };
    }

    static String title(String tool, Map<String, @Nullable Object> input) {
        String detail = switch (tool) {
            case "Bash", "PowerShell", "Monitor" -> text(input, "command");
            case "Read", "Edit", "Write", "MultiEdit" -> labelled(tool, input, "file_path");
            case "NotebookEdit", "NotebookRead" -> labelled(tool, input, "notebook_path");
            case "Glob", "Grep" -> labelled(tool, input, "pattern");
            case "LS" -> labelled(tool, input, "path");
            case "WebFetch" -> labelled(tool, input, "url");
            case "WebSearch", "web_search", "ToolSearch" -> labelled(tool, input, "query");
            case "Task", "Agent" -> labelled(tool, input, "description");
            default -> mcp(tool);
        };
        return oneLine(detail == null ? tool : detail);
    }

    static List<String> paths(Map<String, @Nullable Object> input) {
        Set<String> paths = new LinkedHashSet<>();
        for (String key : PATH_KEYS) {
            String path = text(input, key);
            if (path != null) {
                paths.add(path);
            }
        }
        return new ArrayList<>(paths);
    }

    /** {@code mcp__github__create_issue} is shown as {@code github: create_issue}. */
    private static @Nullable String mcp(String tool) {
        String[] parts = tool.split("__", 3);
        return parts.length == 3 && parts[0].equals("mcp") ? parts[1] + ": " + parts[2] : null;
    }

    private static @Nullable String labelled(String tool, Map<String, @Nullable Object> input, String key) {
        String value = text(input, key);
        return value == null ? null : tool + " " + value;
    }

    private static @Nullable String text(Map<String, @Nullable Object> input, String key) {
        return input.get(key) instanceof String value && !value.isBlank() ? value : null;
    }

    private static String oneLine(String text) {
        String head = text.length() > 4 * MAX_TITLE ? text.substring(0, 4 * MAX_TITLE) : text;
        String line = head.strip().replaceAll("\\s+", " ");
        return line.length() <= MAX_TITLE ? line : line.substring(0, MAX_TITLE - 1) + "…";
    }
}
