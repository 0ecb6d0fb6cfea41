package io.hotplex.guard.internal.shell;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Splits commands of PowerShell and {@code cmd} into programs and arguments, conservatively: it knows quotes,
 * backticks, pipelines and blocks, and takes every word that begins a statement, a block or a parenthesis for a
 * program. Names are lower case, and aliases are the commands that they stand for. Confined to one reading.
 */
final class PowerShellReader {
    private static final Map<String, String> ALIASES = Map.ofEntries(
            Map.entry("rm", "remove-item"),
            Map.entry("del", "remove-item"),
            Map.entry("erase", "remove-item"),
            Map.entry("rd", "remove-item"),
            Map.entry("ri", "remove-item"),
            Map.entry("rmdir", "remove-item"),
            Map.entry("iex", "invoke-expression"),
            Map.entry("iwr", "invoke-webrequest"),
            Map.entry("irm", "invoke-restmethod"),
            Map.entry("wget", "invoke-webrequest"),
            Map.entry("curl", "invoke-webrequest"),
            Map.entry("saps", "start-process"),
            Map.entry("start", "start-process"),
            Map.entry("kill", "stop-process"),
            Map.entry("spps", "stop-process"),
            Map.entry("gc", "get-content"),
            Map.entry("cat", "get-content"),
            Map.entry("type", "get-content"),
            Map.entry("sc", "set-content"),
            Map.entry("ac", "add-content"),
            Map.entry("icm", "invoke-command"));

    private final Budget budget;

    PowerShellReader(Budget budget) {
        this.budget = budget;
    }

    CommandLine read(String text) {
        inline(text);
        return budget.done();
    }

    /** Reads text that stands in another command. */
    void inline(String text) {
        if (!budget.enter(text)) {
            return;
        }
        List<Word> words = new ArrayList<>();
        List<Redirect> redirects = new ArrayList<>();
        Set<String> upstream = new HashSet<>();
        StringBuilder word = new StringBuilder();
        boolean quoted = false;
        int i = 0;
        while (i <= text.length()) {
            char c = i < text.length() ? text.charAt(i) : '\n';
            if (c == '`' && i + 1 < text.length()) {
                if (text.charAt(i + 1) != '\n') {
                    word.append(text.charAt(i + 1));
                }
                i += 2;
                continue;
            }
            if (c == '"' || c == '\'') {
                int end = text.indexOf(c, i + 1);
                end = end < 0 ? text.length() : end;
                word.append(text, i + 1, end);
                quoted = true;
                i = end + 1;
                continue;
            }
            boolean breaks = ";|&\n(){}".indexOf(c) >= 0;
            if (breaks || c == ' ' || c == '\t' || c == '\r' || c == '>') {
                if (!word.isEmpty() || quoted) {
                    words.add(new Word(word.toString()));
                    word.setLength(0);
                    quoted = false;
                }
                if (c == '>') {
                    int from = i;
                    i = target(text, i, redirects);
                    if (i > from) {
                        continue;
                    }
                } else if (breaks) {
                    statement(words, redirects, upstream);
                    boolean pipe = c == '|' && !(i + 1 < text.length() && text.charAt(i + 1) == '|');
                    if (!pipe && c != '(' && c != ')') {
                        upstream.clear();
                    }
                    words.clear();
                    redirects.clear();
                }
            } else {
                word.append(c);
            }
            i++;
        }
        budget.leave();
    }

    private static int target(String text, int at, List<Redirect> redirects) {
        int i = at;
        while (i < text.length() && (text.charAt(i) == '>' || text.charAt(i) == ' ')) {
            i++;
        }
        int end = i;
        while (end < text.length() && " ;|&\n(){}".indexOf(text.charAt(end)) < 0) {
            end++;
        }
        redirects.add(new Redirect(">", new Word(text.substring(i, end).replaceAll("[\"'`]", ""))));
        return end;
    }

    private void statement(List<Word> words, List<Redirect> redirects, Set<String> upstream) {
        int first = 0;
        while (first < words.size()
                && (words.get(first).text().equals("=")
                        || words.get(first).text().startsWith("$")
                        || words.get(first).text().equals(".")
                        || words.get(first).text().startsWith("["))) {
            first++;
        }
        if (first >= words.size()) {
            return;
        }
        String name = Launches.program(words.get(first)).toLowerCase(Locale.ROOT);
        String program = ALIASES.getOrDefault(name, name);
        List<Word> arguments = words.subList(first + 1, words.size());
        budget.add(new Invocation(program, List.copyOf(arguments), List.copyOf(redirects), upstream, "", null));
        upstream.add(program);
        if (Set.of("invoke-expression", "invoke-command", "start-process", "cmd", "powershell", "pwsh")
                .contains(program)) {
            StringBuilder inner = new StringBuilder();
            arguments.stream()
                    .filter(w -> !w.text().startsWith("-") && !w.text().matches("/[A-Za-z]"))
                    .forEach(w -> inner.append(w.text()).append(' '));
            if (!inner.isEmpty()) {
                inline(inner.toString());
            }
        }
    }
}
