package io.hotplex.provider.opencode;

import com.fasterxml.jackson.databind.JsonNode;
import io.hotplex.api.AgentEvent.ToolKind;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What is known of OpenCode's tools. Stateless. */
final class ToolCatalog {
    private static final int MAX_TITLE = 200;
    private static final List<String> TITLES =
            List.of("command", "filePath", "pattern", "url", "query", "description", "path", "name");
    private static final List<String> PATHS = List.of("filePath", "path");
    /** Lines end where OpenCode ends them, at {@code \n} alone: what Java takes for an end besides may be in a name. */
    private static final Pattern PATCHED =
            Pattern.compile("(?md)^\\*\\*\\* (?:(?:Add|Update|Delete) File|Move to):(.*)$");

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

    /** An input, with the files that a patch in it names, so that guards see them as they see those of other tools. */
    static Map<String, @Nullable Object> withPaths(Map<String, @Nullable Object> input, String directory) {
        if (!(input.get("patchText") instanceof String patch)) {
            return input;
        }
        List<@Nullable Object> files = new ArrayList<>();
        Matcher header = PATCHED.matcher(patch);
        while (header.find()) {
            files.add(absolute(trimmed(header.group(1)), directory));
        }
        Map<String, @Nullable Object> more = new LinkedHashMap<>(input);
        Object others = more.get("paths"); // of a tool that is not OpenCode's own
        if (others != null) {
            files.add(others);
        }
        more.put("paths", files);
        return more;
    }

    /** Without the blanks that JavaScript takes away, which are more than Java's. */
    private static String trimmed(String text) {
        int from = 0;
        int to = text.length();
        while (from < to && isBlank(text.charAt(from))) {
            from++;
        }
        while (to > from && isBlank(text.charAt(to - 1))) {
            to--;
        }
        return text.substring(from, to);
    }

    private static boolean isBlank(char c) {
        return c >= '\t' && c <= '\r' || c == '\uFEFF' || Character.isSpaceChar(c);
    }

    private static String absolute(String file, String directory) {
        try {
            return Path.of(directory).resolve(file).normalize().toString();
        } catch (InvalidPathException e) { // a name that this JVM has no bytes for; OpenCode may
            return (file.startsWith("/") ? file : directory + "/" + file).replaceAll("/+", "/");
        }
    }
}
