package io.hotplex.guard.internal.shell;

import java.util.ArrayList;
import java.util.List;

/** The text literals of a script in some language: what is run from there stands in them. */
final class CodeStrings {
    private static final List<String> STARTERS = List.of(
            "system",
            "popen",
            "subprocess",
            "exec",
            "spawn",
            "child_process",
            "Popen",
            "run(",
            "`",
            "%x",
            "qx",
            "fork",
            "Kernel",
            "pty",
            "sh(",
            "shell");
    private static final int MAX_LITERALS = 200;

    private CodeStrings() {}

    /** Whether code looks as if it started programs. */
    static boolean startsPrograms(String code) {
        return STARTERS.stream().anyMatch(code::contains);
    }

    /**
     * The literals, and, since programs are often given as lists of words, all of each line's literals with spaces
     * between.
     */
    static List<String> of(String code) {
        List<String> literals = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        int i = 0;
        while (i < code.length() && literals.size() < MAX_LITERALS) {
            char c = code.charAt(i);
            if (c == '"' || c == '\'' || c == '`') {
                int end = i + 1;
                while (end < code.length() && code.charAt(end) != c) {
                    end += code.charAt(end) == '\\' ? 2 : 1;
                }
                String literal = Escapes.decode(code.substring(i + 1, Math.min(end, code.length())));
                literals.add(literal);
                line.append(line.isEmpty() ? "" : " ").append(literal);
                i = end;
            } else if (c == '(' && (before(code, i, "%x") || before(code, i, "qx"))) {
                int end = code.indexOf(')', i);
                literals.add(code.substring(i + 1, end < 0 ? code.length() : end));
            } else if ((c == '\n' || c == ';') && !line.isEmpty()) {
                literals.add(line.toString());
                line.setLength(0);
            }
            i++;
        }
        if (!line.isEmpty()) {
            literals.add(line.toString());
        }
        return literals;
    }

    private static boolean before(String code, int at, String text) {
        return at >= text.length() && code.startsWith(text, at - text.length());
    }
}
