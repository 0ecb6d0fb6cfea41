package io.hotplex.guard.internal.tool;

import io.hotplex.api.spi.ToolCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a call has that can be dangerous, found by the names of its fields, since tools of servers are called what they
 * like. Immutable.
 *
 * @param commands for a shell
 * @param paths of files
 * @param urls addresses
 * @param powerShell whether the commands are PowerShell's
 * @param writes whether files are written
 */
record CallParts(List<String> commands, List<String> paths, List<String> urls, boolean powerShell, boolean writes) {
    private static final Set<String> COMMANDS = Set.of("command", "cmd", "script", "shell_command", "commands", "argv");
    private static final Set<String> PATHS = Set.of(
            "file_path",
            "notebook_path",
            "path",
            "filepath",
            "file",
            "filename",
            "target_file",
            "source",
            "destination",
            "old_path",
            "new_path",
            "paths",
            "directory",
            "dir",
            "cwd",
            "files",
            "target",
            "output_path",
            "absolute_path");
    private static final Set<String> URLS =
            Set.of("url", "uri", "urls", "endpoint", "base_url", "href", "link", "host");
    private static final Set<String> CONTENTS =
            Set.of("content", "contents", "new_string", "new_str", "edits", "patch", "data", "file_text", "new_source");

    /** Nobody names as many in one call. */
    private static final int MAX_PARTS = 1_000;

    static CallParts of(ToolCall call) {
        String name = call.tool().toLowerCase(Locale.ROOT);
        boolean writes = switch (call.kind()) {
            case EDIT, DELETE, MOVE -> true;
            case READ, SEARCH, FETCH, THINK -> false;
            case EXECUTE, OTHER ->
                name.matches(".*(write|edit|create|delete|remove|move|rename|patch|save|append|upload|put).*")
                        || call.input().keySet().stream()
                                .anyMatch(key -> CONTENTS.contains(key.toLowerCase(Locale.ROOT)));
        };
        CallParts parts = new CallParts(
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                name.contains("powershell") || name.contains("pwsh"),
                writes);
        parts.take(call.input());
        return parts;
    }

    /** Whether these are all: what comes behind so many is not looked at. */
    boolean complete() {
        return size() <= MAX_PARTS;
    }

    private int size() {
        return commands.size() + paths.size() + urls.size();
    }

    private void take(Map<?, ?> map) {
        map.forEach((key, value) -> take(String.valueOf(key).toLowerCase(Locale.ROOT), value));
    }

    /** However deep it is nested: readers of JSON set a limit to that, and refuse what is deeper. */
    private void take(String key, @Nullable Object value) {
        if (!complete()) {
            return;
        }
        if (value instanceof String text) {
            if (COMMANDS.contains(key)) {
                commands.add(text);
            } else if (PATHS.contains(key) && !text.contains("://") && text.indexOf('\n') < 0) {
                paths.add(text);
            } else if (URLS.contains(key) || text.startsWith("http://") || text.startsWith("https://")) {
                urls.add(text);
            }
        } else if (value instanceof List<?> list) {
            if (COMMANDS.contains(key) && !list.isEmpty() && list.stream().allMatch(String.class::isInstance)) {
                commands.add(quoted(list));
            } else {
                list.forEach(item -> take(key, item));
            }
        } else if (value instanceof Map<?, ?> map) {
            take(map);
        }
    }

    /** A list of arguments as a shell would be given it. */
    private static String quoted(List<?> words) {
        StringBuilder text = new StringBuilder();
        words.forEach(word -> text.append(text.isEmpty() ? "" : " ")
                .append('\'')
                .append(String.valueOf(word).replace("'", "'\\''"))
                .append('\''));
        return text.toString();
    }
}
