package io.hotplex.provider.opencode;

import com.fasterxml.jackson.databind.JsonNode;
import io.hotplex.api.AgentEvent.ToolKind;
import java.util.ArrayList;
import java.util.List;

/** What is known of OpenCode's tools. Stateless. */
final class ToolCatalog {
    private static final int MAX_TITLE = 200;
    private static final List<String> TITLES =
            List.of("command", "filePath", "pattern", "url", "query", "description", "path", "name");
    private static final List<String> PATHS = List.of("filePath", "path");

    private ToolCatalog() {}

    static ToolKind kind(String tool) {
        return switch (tool) {
            case "bash" -> ToolKind.EXECUTE;
            case "read", "skill" -> ToolKind.READ;
            case "edit", "write", "multiedit", "patch", "apply_patch" -> ToolKind.EDIT;
            case "glob", "grep", "list", "codesearch", "lsp" -> ToolKind.SEARCH;
            case "webfetch", "websearch" -> ToolKind.FETCH;
            case "todowrite", "todoread" -> ToolKind.THINK;
            default -> ToolKind.OTHER;
        };
    }

    /** One line for people. */
    static String title(String tool, JsonNode state) {
        JsonNode input = state.path("input");
        for (String field : TITLES) {
            String text = OpenCodeJson.text(input, field, "");
            if (!text.isBlank()) {
                return firstLine(text);
            }
        }
        return firstLine(OpenCodeJson.text(state, "title", tool));
    }

    private static String firstLine(String text) {
        String line = text.strip().lines().findFirst().orElse("");
        return line.length() <= MAX_TITLE ? line : line.substring(0, MAX_TITLE) + "…";
    }

    /** The files that a call names. */
    static List<String> paths(JsonNode input) {
        List<String> paths = new ArrayList<>();
        for (String field : PATHS) {
            String path = OpenCodeJson.text(input, field);
            if (path != null && !path.isBlank()) {
                paths.add(path);
            }
        }
        return paths;
    }
}
