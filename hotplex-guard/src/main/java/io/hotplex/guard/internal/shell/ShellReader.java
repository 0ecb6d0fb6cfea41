package io.hotplex.guard.internal.shell;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads scripts for {@code sh}, {@code bash} and relatives: words, quotes, expansions, pipelines, compound commands,
 * here-documents. It does not decide which branch runs: every command that stands in a script counts. Where a script is
 * broken it reads on as well as it can, since shells do too. Confined to one reading.
 */
final class ShellReader {
    /** No name of a variable. */
    private static final String DIRECTORY = "cd ";

    /** The last of those that are written with one digit. */
    private static final int MAX_PARAMETER = 9;

    /** Characters of one word; no program takes so many. */
    private static final int MAX_WORD = 1 << 17;

    private static final String META = " \t\r\n;&|()<>";
    private static final Set<String> OPENERS = Set.of("if", "while", "until", "{");
    private static final Set<String> MIDDLES = Set.of("then", "elif", "else", "do", "!", "time", "coproc");
    private static final Set<String> CLOSERS = Set.of("fi", "done", "}", "esac");

    private final Budget budget;
    private final Map<String, String> variables;
    /** Variables that stand for several words, also in quotes. */
    private final Set<String> lists;

    private final Launches launches;
    private final Deque<Block> blocks = new ArrayDeque<>();
    private final StringBuilder output = new StringBuilder();
    private boolean outputKnown = true;
    private String in = "";
    private int at;
    /** Where the here-documents of the current line end, when it has some. */
    private int bodiesEnd;

    /** What a compound command is fed with, and where its invocations begin. */
    private record Block(Set<String> upstream, @Nullable String stdin, int start) {}

    ShellReader(Budget budget) {
        this(budget, new HashMap<>(), new HashSet<>());
    }

    private ShellReader(Budget budget, Map<String, String> variables, Set<String> lists) {
        this.budget = budget;
        this.variables = variables;
        this.lists = lists;
        this.launches = new Launches(budget, this);
    }

    CommandLine read(String text) {
        script(text, Set.of(), null);
        return budget.done();
    }

    /**
     * Reads a script that runs inside of the one being read; returns what it prints, or {@code null} if that is not
     * known.
     */
    @Nullable
    String nested(String text, Set<String> upstream, @Nullable String stdin) {
        return new ShellReader(budget, variables, lists).script(text, upstream, stdin);
    }

    private @Nullable String script(String text, Set<String> upstream, @Nullable String stdin) {
        if (!budget.enter(text)) {
            return null;
        }
        in = Expansion.withoutMarkers(text);
        blocks.push(new Block(upstream, stdin, budget.size()));
        list(false);
        budget.leave();
        return outputKnown ? output.toString() : null;
    }

    /** Where the next command runs, when that was changed; else empty. */
    String directory() {
        return variables.getOrDefault(DIRECTORY, "");
    }

    void changeDirectory(String path) {
        boolean from = path.startsWith("/") || path.startsWith("~");
        assign(DIRECTORY, from || directory().isEmpty() ? path : directory() + "/" + path);
    }

    String variable(String name) {
        return variables.getOrDefault(name, Expansion.special(name));
    }

    void assign(String name, String value) {
        if (value.length() > Budget.MAX_VALUE || variables.size() > Budget.MAX_EXPANSIONS) {
            budget.exhaust();
        } else {
            variables.put(name, value);
        }
    }

    /** Sets {@code $1} and so on, the first word being that of a number; returns what they were. */
    Map<String, String> parameters(List<Word> words, int first) {
        Map<String, String> before = new HashMap<>();
        variables.forEach((name, value) -> {
            if (isParameter(name)) {
                before.put(name, value);
            }
        });
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i).text();
            if (first + i <= MAX_PARAMETER) {
                assign(String.valueOf(first + i), word);
            }
            if (first + i > 0) {
                all.append(all.isEmpty() ? "" : " ").append(word);
            }
        }
        if (!words.isEmpty()) {
            assign("@", all.toString());
            assign("*", all.toString());
            lists.add("@");
        }
        return before;
    }

    void restore(Map<String, String> parameters) {
        variables.keySet().removeIf(ShellReader::isParameter);
        variables.putAll(parameters);
    }

    private static boolean isParameter(String name) {
        return name.length() == 1 && "0123456789@*".indexOf(name.charAt(0)) >= 0;
    }

    // ---- lists and pipelines

    /** @param group whether a closing parenthesis ends it */
    private void list(boolean group) {
        while (true) {
            skipBlank(true);
            if (at >= in.length()) {
                return;
            }
            char c = in.charAt(at);
            if (c == ')') {
                at++;
                if (group) {
                    return;
                }
            } else if (c == ';' || c == '|' || c == '&' && !next("&>")) {
                at++;
            } else {
                int before = at;
                pipeline();
                if (at == before) {
                    at++; // nothing that anybody understands: go on behind it
                }
            }
        }
    }

    private void pipeline() {
        Block block = blocks.getFirst();
        Set<String> upstream = new HashSet<>(block.upstream());
        @Nullable String stdin = block.stdin();
        while (true) {
            int start = budget.size();
            @Nullable String printed = stage(upstream, stdin);
            skipBlank(false);
            if (!next("|") || next("||")) {
                print(printed);
                return;
            }
            at += next("|&") ? 2 : 1;
            skipBlank(true);
            for (int i = start; i < budget.size(); i++) {
                upstream.add(budget.get(i).program());
            }
            stdin = printed;
        }
    }

    private void print(@Nullable String printed) {
        outputKnown &= printed != null && output.length() + printed.length() <= Budget.MAX_VALUE;
        if (outputKnown && printed != null) {
            output.append(printed);
        }
    }

    /** One command of a pipeline; returns what it prints, or {@code null} if that is not known. */
    private @Nullable String stage(Set<String> upstream, @Nullable String stdin) {
        while (true) {
            skipBlank(false);
            if (next("((")) {
                skipTo("))");
                return "";
            }
            if (next("(")) {
                at++;
                blocks.push(new Block(upstream, stdin, budget.size()));
                list(true);
                blocks.pop();
                trailing();
                return null;
            }
            String word = peekWord();
            if (OPENERS.contains(word)) {
                at += word.length();
                blocks.push(new Block(upstream, stdin, budget.size()));
            } else if (MIDDLES.contains(word)) {
                at += word.length();
                skipBlank(false);
                at += word.equals("time") && peekWord().equals("-p") ? 2 : 0;
            } else if (CLOSERS.contains(word)) {
                at += word.length();
                if (blocks.size() > 1) {
                    blocks.pop();
                }
                trailing();
                return null;
            } else if (word.equals("for") || word.equals("select")) {
                at += word.length();
                loop(upstream, stdin);
                return null;
            } else if (word.equals("case")) {
                at += word.length();
                cases(upstream, stdin);
                return null;
            } else if (word.equals("function")) {
                at += word.length();
                skipBlank(false);
                at += peekWord().length();
                if (next("()")) {
                    at += 2;
                }
                skipBlank(true);
            } else {
                return simple(upstream, stdin);
            }
            skipBlank(true);
            if (at >= in.length() || in.charAt(at) == ';') {
                return null;
            }
        }
    }

    /** {@code for x in a b}: the variable stands for all of the words at once. */
    private void loop(Set<String> upstream, @Nullable String stdin) {
        skipBlank(false);
        if (next("((")) {
            skipTo("))");
        } else {
            String name = peekWord();
            at += name.length();
            skipBlank(true);
            if (peekWord().equals("in")) {
                at += 2;
                List<Word> words = new ArrayList<>();
                for (skipBlank(false); at < in.length() && META.indexOf(in.charAt(at)) < 0; skipBlank(false)) {
                    words.addAll(words(word()));
                }
                StringBuilder all = new StringBuilder();
                words.forEach(w -> all.append(all.isEmpty() ? "" : " ").append(w.text()));
                assign(name, all.toString());
                lists.add(name);
            }
        }
        blocks.push(new Block(upstream, stdin, budget.size()));
    }

    private void cases(Set<String> upstream, @Nullable String stdin) {
        skipBlank(false);
        word();
        skipBlank(true);
        if (peekWord().equals("in")) {
            at += 2;
        }
        blocks.push(new Block(upstream, stdin, budget.size()));
        skipPattern();
    }

    /** What is in front of the parenthesis of a {@code case} is no command. */
    private void skipPattern() {
        int p = at;
        while (p < in.length() && in.charAt(p) != ')' && !in.startsWith("esac", p) && in.charAt(p) != ';') {
            p++;
        }
        if (p < in.length() && in.charAt(p) == ')') {
            at = p + 1;
        }
    }

    /** Redirections behind a compound command. */
    private void trailing() {
        List<Redirect> redirects = new ArrayList<>();
        skipBlank(false);
        while (redirect(redirects)) {
            skipBlank(false);
        }
        if (!redirects.isEmpty()) {
            budget.add(new Invocation("", List.of(), redirects, Set.of(), directory(), null));
        }
    }

    // ---- simple commands

    private @Nullable String simple(Set<String> upstream, @Nullable String stdin) {
        int start = budget.size();
        List<Word> words = new ArrayList<>();
        List<Redirect> redirects = new ArrayList<>();
        while (true) {
            skipBlank(false);
            if (redirect(redirects)) {
                continue;
            }
            if (at >= in.length() || ";&|)\n".indexOf(in.charAt(at)) >= 0) {
                break;
            }
            if (in.charAt(at) == '(') {
                if (next("()") && words.size() == 1) {
                    at += 2; // a function's name; what it does comes next, and counts
                    return "";
                }
                at++;
                continue;
            }
            if (in.charAt(at) == '<' || in.charAt(at) == '>') {
                if (!next("<(") && !next(">(")) {
                    at++;
                    continue;
                }
            }
            String raw = word();
            if (!words.isEmpty() || !assignment(raw)) {
                words.addAll(words(raw));
            }
        }
        Set<String> fed = upstream;
        if (budget.size() > start) { // what stands in its arguments and runs first is read by it as well
            fed = new HashSet<>(upstream);
            for (int i = start; i < budget.size(); i++) {
                fed.add(budget.get(i).program());
            }
        }
        return launches.launch(words, redirects, fed, stdin);
    }

    /** {@code NAME=value} in front of a command, or instead of one. */
    private boolean assignment(String raw) {
        int equals = raw.indexOf('=');
        int end = equals > 0 && raw.charAt(equals - 1) == '+' ? equals - 1 : equals;
        if (end <= 0 || !Expansion.isName(raw.substring(0, end))) {
            return false;
        }
        String name = raw.substring(0, end);
        String value = Expansion.plain(raw.substring(equals + 1));
        if (value.isEmpty() && next("(")) { // an array: all of its words
            at++;
            StringBuilder all = new StringBuilder();
            for (skipBlank(true); at < in.length() && in.charAt(at) != ')'; skipBlank(true)) {
                int before = at;
                all.append(all.isEmpty() ? "" : " ").append(Expansion.plain(word()));
                at += at == before ? 1 : 0;
            }
            at = Math.min(in.length(), at + 1);
            value = all.toString();
            lists.add(name);
        }
        assign(name, end == equals ? value : variable(name) + value);
        return true;
    }

    private List<Word> words(String raw) {
        return Expansion.words(raw, budget);
    }

    // ---- words

    /** A word up to the next character that ends one; what the shell expands is marked. */
    private String word() {
        StringBuilder out = new StringBuilder();
        while (at < in.length()) {
            char c = in.charAt(at);
            if (next("<(") || next(">(")) {
                at += 2;
                nested(group(), Set.of(), null);
                out.append("/dev/fd/63");
            } else if (META.indexOf(c) >= 0) {
                return out.toString();
            } else if (c == '\\') {
                escaped(out);
            } else if (c == '\'') {
                singleQuoted(out);
            } else if (c == '"') {
                at++;
                doubleQuoted(out);
            } else if (c == '$') {
                dollar(out, false);
            } else if (c == '`') {
                backquoted(out, false);
            } else {
                at++;
                out.append(Expansion.mark(c));
            }
        }
        return out.toString();
    }

    private void escaped(StringBuilder out) {
        at++;
        if (at < in.length()) {
            char c = in.charAt(at++);
            if (c != '\n') {
                out.append(c);
            }
        }
    }

    private void singleQuoted(StringBuilder out) {
        int end = in.indexOf('\'', at + 1);
        int stop = end < 0 ? in.length() : end;
        out.append(Expansion.QUOTED).append(in, at + 1, stop);
        at = Math.min(in.length(), stop + 1);
    }

    private void doubleQuoted(StringBuilder out) {
        out.append(Expansion.QUOTED);
        while (at < in.length() && in.charAt(at) != '"') {
            char c = in.charAt(at);
            if (c == '\\' && at + 1 < in.length()) {
                char escaped = in.charAt(at + 1);
                at += 2;
                if (escaped != '\n') {
                    out.append("$`\"\\".indexOf(escaped) < 0 ? "\\" : "").append(escaped);
                }
            } else if (c == '$') {
                dollar(out, true);
            } else if (c == '`') {
                backquoted(out, true);
            } else {
                out.append(c);
                at++;
            }
        }
        at = Math.min(in.length(), at + 1);
    }

    private void dollar(StringBuilder out, boolean quoted) {
        if (out.length() > MAX_WORD) { // a value that is repeated without end
            budget.exhaust();
            at = in.length();
        } else if (next("$((")) {
            skipTo("))");
            out.append('0');
        } else if (next("$(")) {
            at += 2;
            substituted(group(), out, quoted);
        } else if (next("${")) {
            at += 2;
            String inside = upTo('}');
            Expansion.value(Expansion.parameter(inside, this), out, quoted && !isList(inside));
        } else if (next("$'") && !quoted) {
            at += 2;
            out.append(Expansion.QUOTED).append(Escapes.decode(ansiQuoted()));
        } else if (next("$\"") && !quoted) {
            at += 2;
            doubleQuoted(out);
        } else {
            int end = at + 1;
            if (end < in.length() && (Character.isLetter(in.charAt(end)) || in.charAt(end) == '_')) {
                while (end < in.length() && (Character.isLetterOrDigit(in.charAt(end)) || in.charAt(end) == '_')) {
                    end++;
                }
            } else if (end < in.length() && "@*#?-$!0123456789".indexOf(in.charAt(end)) >= 0) {
                end++;
            }
            String name = in.substring(at + 1, end);
            at = end;
            if (name.isEmpty()) {
                out.append('$');
            } else {
                Expansion.value(variable(name), out, quoted && !lists.contains(name));
            }
        }
    }

    private boolean isList(String parameter) {
        int end = parameter.indexOf('[');
        return lists.contains(end < 0 ? parameter : parameter.substring(0, end));
    }

    private String ansiQuoted() {
        int start = at;
        while (at < in.length() && in.charAt(at) != '\'') {
            at += in.charAt(at) == '\\' ? 2 : 1;
        }
        String text = in.substring(start, Math.min(at, in.length()));
        at = Math.min(in.length(), at + 1);
        return text;
    }

    private void backquoted(StringBuilder out, boolean quoted) {
        StringBuilder script = new StringBuilder();
        at++;
        while (at < in.length() && in.charAt(at) != '`') {
            if (in.charAt(at) == '\\' && at + 1 < in.length() && "$`\\".indexOf(in.charAt(at + 1)) >= 0) {
                at++;
            }
            script.append(in.charAt(at++));
        }
        at = Math.min(in.length(), at + 1);
        substituted(script.toString(), out, quoted);
    }

    private void substituted(String script, StringBuilder out, boolean quoted) {
        String printed = nested(script, Set.of(), null);
        Expansion.value(printed == null ? String.valueOf(Word.UNKNOWN) : printed.stripTrailing(), out, quoted);
    }

    // ---- redirections

    private boolean redirect(List<Redirect> into) {
        int p = at;
        while (p < in.length() && Character.isDigit(in.charAt(p))) {
            p++;
        }
        boolean both = in.startsWith("&>", p);
        if (p >= in.length() || !both && "<>".indexOf(in.charAt(p)) < 0) {
            return false;
        }
        if (in.startsWith("<(", p) || in.startsWith(">(", p)) {
            return false;
        }
        for (String operator : List.of("<<<", "<<-", "&>>", "<<", ">>", "&>", "<>", "<&", ">&", ">|", ">", "<")) {
            if (in.startsWith(operator, p)) {
                at = p + operator.length();
                skipBlank(false);
                target(operator, into);
                return true;
            }
        }
        return false;
    }

    private void target(String operator, List<Redirect> into) {
        if (operator.equals("<<") || operator.equals("<<-")) {
            String raw = word();
            boolean quoted = raw.indexOf(Expansion.QUOTED) >= 0;
            String body = body(Expansion.plain(raw), operator.length() == 3);
            into.add(new Redirect("<<", new Word(quoted ? body : expandedBody(body))));
            return;
        }
        String target = Expansion.plain(word());
        boolean descriptor =
                operator.endsWith("&") && (target.equals("-") || target.chars().allMatch(Character::isDigit));
        String plain = operator.equals(">&") && !descriptor ? "&>" : operator;
        into.add(new Redirect(plain, new Word(target)));
    }

    /** The text of a here-document: what comes after this line, and after the texts of those before it. */
    private String body(String end, boolean tabs) {
        int line = in.indexOf('\n', at);
        int p = Math.max(bodiesEnd, line < 0 ? in.length() : line + 1);
        StringBuilder text = new StringBuilder();
        while (p < in.length()) {
            int stop = in.indexOf('\n', p);
            String read = in.substring(p, stop < 0 ? in.length() : stop);
            p = stop < 0 ? in.length() : stop + 1;
            String compared = tabs ? read.replaceAll("^\t+", "") : read;
            if (compared.equals(end)) {
                break;
            }
            text.append(compared).append('\n');
        }
        bodiesEnd = p;
        return text.toString();
    }

    /** Variables and substitutions of an unquoted here-document; what they run runs. */
    private String expandedBody(String text) {
        ShellReader body = new ShellReader(budget, variables, lists);
        body.in = text;
        StringBuilder out = new StringBuilder();
        while (body.at < text.length()) {
            char c = text.charAt(body.at);
            if (c == '\\' && body.at + 1 < text.length()) {
                out.append(text.charAt(body.at + 1));
                body.at += 2;
            } else if (c == '$') {
                body.dollar(out, true);
            } else if (c == '`') {
                body.backquoted(out, true);
            } else {
                out.append(c);
                body.at++;
            }
        }
        return Expansion.plain(out.toString());
    }

    // ---- characters

    private boolean next(String text) {
        return in.startsWith(text, at);
    }

    private void skipBlank(boolean lines) {
        while (at < in.length()) {
            char c = in.charAt(at);
            if (c == '\\' && next("\\\n")) {
                at += 2;
            } else if (c == ' ' || c == '\t' || c == '\r') {
                at++;
            } else if (c == '\n' && lines) {
                at = Math.max(at + 1, bodiesEnd);
                bodiesEnd = 0;
            } else if (c == '#' && (at == 0 || " \t\n;|&(".indexOf(in.charAt(at - 1)) >= 0)) {
                while (at < in.length() && in.charAt(at) != '\n') {
                    at++;
                }
            } else {
                return;
            }
        }
    }

    /** A bare word, for reserved ones; quotes make a word no reserved one. */
    private String peekWord() {
        int end = at;
        while (end < in.length() && META.indexOf(in.charAt(end)) < 0) {
            if ("'\"\\$`".indexOf(in.charAt(end)) >= 0) {
                return "";
            }
            end++;
        }
        return in.substring(at, end);
    }

    private void skipTo(String end) {
        int found = in.indexOf(end, at);
        at = found < 0 ? in.length() : found + end.length();
    }

    /** The text up to the parenthesis that closes; quotes and nested ones passed over. */
    private String group() {
        int start = at;
        int depth = 1;
        while (at < in.length()) {
            char c = in.charAt(at);
            if (c == '\\') {
                at++;
            } else if (c == '\'') {
                int end = in.indexOf('\'', at + 1);
                at = end < 0 ? in.length() : end;
            } else if (c == '"') {
                skipDoubleQuoted();
            } else if (c == '(') {
                depth++;
            } else if (c == ')' && --depth == 0) {
                at++;
                return in.substring(start, at - 1);
            }
            at++;
        }
        at = in.length();
        return in.substring(Math.min(start, in.length()));
    }

    /** Ends on the closing quote. */
    private void skipDoubleQuoted() {
        at++;
        while (at < in.length() && in.charAt(at) != '"') {
            if (in.charAt(at) == '\\') {
                at++;
            } else if (next("$(")) {
                at += 2;
                group();
                continue;
            }
            at++;
        }
    }

    private String upTo(char end) {
        int start = at;
        int depth = 1;
        while (at < in.length()) {
            char c = in.charAt(at);
            if (c == '\\') {
                at++;
            } else if (c == '{') {
                depth++;
            } else if (c == end && --depth == 0) {
                at++;
                return in.substring(start, at - 1);
            }
            at++;
        }
        at = in.length();
        return in.substring(Math.min(start, in.length()));
    }
}
