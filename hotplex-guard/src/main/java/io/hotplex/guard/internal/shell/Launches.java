package io.hotplex.guard.internal.shell;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Sees through programs that run other programs: {@code sudo}, {@code env}, {@code xargs}, {@code sh -c}, {@code find
 * -exec} and many more. Both the outer and the inner one count. Confined to one reading.
 */
final class Launches {
    /** The name of a program that only the running shell knows. */
    static final String ANYTHING = "$";

    private static final Set<String> DATABASES = Set.of(
            "psql",
            "mysql",
            "mariadb",
            "sqlite3",
            "mongosh",
            "mongo",
            "sqlcmd",
            "clickhouse-client",
            "cqlsh",
            "duckdb",
            "redis-cli");

    static final Set<String> SHELLS = Set.of("sh", "bash", "dash", "zsh", "ksh", "ash", "mksh", "fish", "rbash");

    private static final Set<String> INTERPRETERS =
            Set.of("python", "perl", "ruby", "node", "nodejs", "php", "lua", "deno", "bun", "awk", "gawk", "mawk");

    /** Options with a value of their own, by program, for those that put a command behind their options. */
    private static final Map<String, String> VALUED = Map.ofEntries(
            Map.entry("sudo", "ughpCrtTUDRaBc"),
            Map.entry("doas", "uC"),
            Map.entry("nice", "n"),
            Map.entry("ionice", "cnpPu"),
            Map.entry("chrt", "TPD"),
            Map.entry("taskset", ""),
            Map.entry("stdbuf", "ioe"),
            Map.entry("time", "fo"),
            Map.entry("timeout", "sk"),
            Map.entry("nohup", ""),
            Map.entry("setsid", ""),
            Map.entry("command", ""),
            Map.entry("builtin", ""),
            Map.entry("exec", "a"),
            Map.entry("unbuffer", ""),
            Map.entry("strace", "eopsSuaPIbOX"),
            Map.entry("ltrace", "eopsSualnF"),
            Map.entry("pkexec", ""),
            Map.entry("systemd-run", "pEuMHGtd"),
            Map.entry("unshare", "RwSG"),
            Map.entry("nsenter", "tSGCr"),
            Map.entry("chroot", ""),
            Map.entry("firejail", ""),
            Map.entry("bwrap", ""),
            Map.entry("fakeroot", "lsib"),
            Map.entry("caffeinate", "tw"),
            Map.entry("xvfb-run", "enpsfw"),
            Map.entry("setpriv", ""),
            Map.entry("prlimit", ""),
            Map.entry("cgexec", "g"),
            Map.entry("daemonize", "acelopuE"),
            Map.entry("dbus-run-session", ""),
            Map.entry("nocorrect", ""),
            Map.entry("noglob", ""),
            Map.entry("busybox", ""),
            Map.entry("toybox", ""),
            Map.entry("runuser", "ugGs"),
            Map.entry("gosu", ""),
            Map.entry("su-exec", ""));

    /** Words in front of the command, besides options: a duration, a mask, a directory, a user. */
    private static final Map<String, Integer> POSITIONAL =
            Map.of("timeout", 1, "taskset", 1, "chroot", 1, "gosu", 1, "su-exec", 1, "chrt", 1);

    private final Budget budget;
    private final ShellReader reader;

    Launches(Budget budget, ShellReader reader) {
        this.budget = budget;
        this.reader = reader;
    }

    /**
     * A command as it stands; returns what it prints, or {@code null} if that is not known.
     *
     * @param stdin what a pipe brings, or {@code null}
     */
    @Nullable
    String launch(List<Word> words, List<Redirect> redirects, Set<String> upstream, @Nullable String stdin) {
        if (words.isEmpty()) {
            if (!redirects.isEmpty()) {
                budget.add(new Invocation("", List.of(), redirects, upstream, reader.directory(), null));
            }
            return "";
        }
        String given = stdin;
        for (Redirect redirect : redirects) {
            given = redirect.given() != null ? redirect.given() : given;
        }
        run(words, redirects, upstream, given, 0);
        return StaticOutput.of(inner(words), given);
    }

    private void run(
            List<Word> words, List<Redirect> redirects, Set<String> upstream, @Nullable String stdin, int depth) {
        if (words.isEmpty()) {
            return;
        }
        if (depth > 16) {
            budget.exhaust();
            return;
        }
        String program = program(words.get(0));
        List<Word> arguments = words.subList(1, words.size());
        Invocation self = new Invocation(program, arguments, redirects, upstream, reader.directory(), null);
        int index = budget.size();
        budget.add(self);
        if (SHELLS.contains(program)) {
            shell(arguments, upstream, stdin);
        } else if (interpreter(program)) {
            interpreter(self, index, stdin);
        } else if (DATABASES.contains(program)) {
            budget.replace(index, stdin == null ? self : self.withCode(stdin));
        } else if (VALUED.containsKey(program)) {
            behindOptions(program, arguments, redirects, upstream, stdin, depth);
        } else {
            special(program, arguments, redirects, upstream, stdin, depth);
        }
    }

    private void special(
            String program,
            List<Word> arguments,
            List<Redirect> redirects,
            Set<String> upstream,
            @Nullable String stdin,
            int depth) {
        switch (program) {
            case "env" -> env(arguments, redirects, upstream, stdin, depth);
            case "xargs", "parallel" -> xargs(arguments, upstream, stdin, depth);
            case "find", "fd", "fdfind" -> find(arguments, depth);
            case "eval", "trap" -> scripts(program.equals("eval") ? joined(arguments) : first(arguments), upstream);
            case "alias" -> arguments.forEach(word -> scripts(afterEquals(word), upstream));
            case "watch", "entr", "rlwrap" -> scripts(joined(withoutOptions(arguments, "nq")), upstream);
            case "su" -> scripts(valueOf(arguments, "-c", "--command"), upstream);
            case "flock", "script" -> {
                scripts(valueOf(arguments, "-c", "--command"), upstream);
                run(skip(withoutOptions(arguments, "wEc"), 1), redirects, upstream, stdin, depth + 1);
            }
            case "ssh" -> scripts(joined(skip(withoutOptions(arguments, "bcDeFIiJLlmOopQRSWw"), 1)), upstream);
            case "docker", "podman", "nerdctl" -> container(arguments, redirects, upstream, stdin, depth);
            case "kubectl", "oc" -> run(behind(arguments, "--"), redirects, upstream, stdin, depth + 1);
            case "tmux", "screen" -> lastArguments(arguments, upstream);
            case "git" -> git(arguments, upstream);
            case "tar" -> tar(arguments, upstream);
            case "vim", "vi", "nvim", "ex", "ed" -> editor(arguments, upstream);
            case "cd", "pushd", "chdir" -> {
                List<Word> to = withoutOptions(arguments, "");
                reader.changeDirectory(
                        to.isEmpty()
                                ? "~"
                                : to.get(0).text().equals("-") ? "." : to.get(0).text());
            }
            case "read" -> reads(arguments, stdin);
            case "set" -> {
                List<Word> parameters = behind(arguments, "--");
                if (!parameters.isEmpty()) {
                    var unused = reader.parameters(parameters, 1);
                }
            }
            case "powershell", "pwsh", "powershell.exe" -> powerShell(arguments);
            case "cmd", "cmd.exe" -> new PowerShellReader(budget).inline(joined(withoutSlashes(arguments)));
            case "source", "." -> {
                if (stdin != null) {
                    scripts(stdin, upstream);
                }
            }
            case "at", "batch" -> scripts(stdin, upstream);
            case "if", "export", "declare", "local", "readonly", "typeset" -> arguments.forEach(this::assignment);
            default -> {
                // it runs nothing that stands here
            }
        }
    }

    // ---- shells and interpreters

    private void shell(List<Word> arguments, Set<String> upstream, @Nullable String stdin) {
        boolean operand = false;
        for (int i = 0; i < arguments.size() && !operand; i++) {
            String text = arguments.get(i).text();
            boolean options = text.length() > 1 && (text.charAt(0) == '-' || text.charAt(0) == '+');
            if (options && text.charAt(1) != '-' && text.indexOf('c') > 0 || text.equals("--command")) {
                int at = i + 1; // further options may stand between
                while (at < arguments.size() - 1 && arguments.get(at).looksLikeOption()) {
                    at++;
                }
                if (at < arguments.size()) {
                    Map<String, String> before = reader.parameters(arguments.subList(at + 1, arguments.size()), 0);
                    scripts(arguments.get(at).text(), upstream);
                    reader.restore(before);
                }
                return;
            }
            operand = !options && !text.equals("/dev/stdin") && !text.equals("/dev/fd/63");
            if (options && (text.equals("-o") || text.equals("-O") || text.equals("--rcfile"))) {
                i++;
            }
        }
        if (!operand) {
            scripts(stdin, upstream);
        }
    }

    private static boolean interpreter(String program) {
        return INTERPRETERS.contains(program)
                || program.startsWith("python")
                || program.startsWith("ruby")
                || program.startsWith("perl")
                || program.startsWith("php");
    }

    /** The code in its arguments, or what it is fed; commands in its strings are read as well where it starts some. */
    private void interpreter(Invocation self, int index, @Nullable String stdin) {
        List<Word> arguments = self.arguments();
        StringBuilder code = new StringBuilder();
        boolean awk = self.program().endsWith("awk");
        boolean file = false;
        for (int i = 0; i < arguments.size(); i++) {
            String text = arguments.get(i).text();
            boolean option = text.length() > 1 && text.charAt(0) == '-';
            boolean script = text.matches(self.program().startsWith("php") ? "-[rBRE]" : "-[A-Za-z]{0,4}[ceEp]");
            if (script || text.equals("--eval") || text.equals("--print") || text.equals("eval")) {
                if (i + 1 < arguments.size()) {
                    code.append(arguments.get(++i).text()).append('\n');
                }
            } else if (awk && !option) {
                code.append(text).append('\n');
                awk = false;
                file = true;
            } else {
                file |= !option;
            }
        }
        if (code.isEmpty() && !file) {
            code.append(stdin == null ? "" : stdin);
        }
        if (!code.isEmpty()) {
            String text = code.toString();
            budget.replace(index, self.withCode(text));
            if (CodeStrings.startsPrograms(text)) {
                CodeStrings.of(text).forEach(string -> reader.nested(string, self.upstream(), null));
            }
        }
    }

    private void powerShell(List<Word> arguments) {
        for (int i = 0; i < arguments.size(); i++) {
            String option = arguments.get(i).text().toLowerCase(Locale.ROOT);
            boolean encoded = option.length() > 1 && "-encodedcommand".startsWith(option) && option.startsWith("-e");
            if (encoded && i + 1 < arguments.size()) {
                try {
                    byte[] bytes =
                            Base64.getDecoder().decode(arguments.get(i + 1).text());
                    new PowerShellReader(budget).inline(new String(bytes, StandardCharsets.UTF_16LE));
                } catch (IllegalArgumentException e) {
                    budget.exhaust(); // whatever it is, nobody can look at it
                }
                return;
            }
            boolean command = option.length() > 1 && "-command".startsWith(option);
            if (command || !option.startsWith("-")) {
                new PowerShellReader(budget).inline(joined(skip(arguments, command ? i + 1 : i)));
                return;
            }
        }
    }

    // ---- programs with a command behind their options

    private void behindOptions(
            String program,
            List<Word> arguments,
            List<Redirect> redirects,
            Set<String> upstream,
            @Nullable String stdin,
            int depth) {
        String valued = VALUED.getOrDefault(program, "");
        if (program.equals("command")
                && !arguments.isEmpty()
                && arguments.get(0).text().matches("-[pvV]*[vV]")) {
            return; // asks where a command is
        }
        if (program.equals("runuser")) {
            scripts(valueOf(arguments, "-c", "--command"), upstream);
        }
        List<Word> rest = skip(withoutOptions(arguments, valued), POSITIONAL.getOrDefault(program, 0));
        run(rest, redirects, upstream, stdin, depth + 1);
        List<Word> other = skip(withoutOptions(arguments, valued, true), POSITIONAL.getOrDefault(program, 0));
        if (other.size() < rest.size()) {
            run(other, redirects, upstream, stdin, depth + 1);
        }
    }

    /** The command that wrappers run, when they change nothing of what it prints. */
    private static List<Word> inner(List<Word> words) {
        List<Word> command = words;
        for (int i = 0; i < 8 && !command.isEmpty(); i++) {
            String program = program(command.get(0));
            List<Word> arguments = skip(command, 1);
            boolean asks = program.equals("command")
                    && !arguments.isEmpty()
                    && arguments.get(0).text().matches("-[pvV]*[vV]");
            if (asks || !program.equals("env") && !VALUED.containsKey(program)) {
                return command;
            }
            String valued = program.equals("env") ? "uC" : VALUED.getOrDefault(program, "");
            List<Word> rest = skip(withoutOptions(arguments, valued), POSITIONAL.getOrDefault(program, 0));
            if (rest.isEmpty()) {
                return command;
            }
            command = rest;
        }
        return command;
    }

    private void env(
            List<Word> arguments, List<Redirect> redirects, Set<String> upstream, @Nullable String stdin, int depth) {
        for (int i = 0; i < arguments.size(); i++) {
            String text = arguments.get(i).text();
            if (text.equals("-S") || text.equals("--split-string")) {
                scripts(joined(skip(arguments, i + 1)), upstream);
                return;
            }
            if (text.startsWith("-S") || text.startsWith("--split-string=")) {
                String inside = text.startsWith("--") ? afterEquals(arguments.get(i)) : text.substring(2);
                scripts(inside + " " + joined(skip(arguments, i + 1)), upstream);
                return;
            }
        }
        List<Word> rest = withoutOptions(arguments, "uC");
        run(rest, redirects, upstream, stdin, depth + 1);
        List<Word> other = withoutOptions(arguments, "uC", true);
        if (other.size() < rest.size()) {
            run(other, redirects, upstream, stdin, depth + 1);
        }
    }

    /** What is left when options, their values and assignments are gone. */
    private static List<Word> withoutOptions(List<Word> arguments, String valued) {
        return withoutOptions(arguments, valued, false);
    }

    /**
     * @param wordsTakeValues whether options that are words have their value behind them, as in {@code --user root}:
     *     nobody knows all programs' options, so who cares looks at it both ways
     */
    private static List<Word> withoutOptions(List<Word> arguments, String valued, boolean wordsTakeValues) {
        int i = 0;
        while (i < arguments.size()) {
            String text = arguments.get(i).text();
            if (text.equals("--")) {
                return skip(arguments, i + 1);
            }
            int equals = text.indexOf('=');
            boolean assignment = equals > 0 && Expansion.isName(text.substring(0, equals));
            if (!assignment && !(text.length() > 1 && text.charAt(0) == '-')) {
                break;
            }
            boolean takesValue = !assignment
                    && (text.startsWith("--")
                            ? wordsTakeValues && equals < 0
                            : valued.indexOf(text.charAt(text.length() - 1)) >= 0);
            i += takesValue ? 2 : 1;
        }
        return skip(arguments, i);
    }

    private void xargs(List<Word> arguments, Set<String> upstream, @Nullable String stdin, int depth) {
        List<Word> rest = withoutOptions(arguments, "adEIJLnPRsS");
        xargs(rest, stdin, upstream, depth);
        List<Word> other = withoutOptions(arguments, "adEIJLnPRsS", true);
        if (other.size() < rest.size()) {
            xargs(other, stdin, upstream, depth);
        }
    }

    private void xargs(List<Word> rest, @Nullable String stdin, Set<String> upstream, int depth) {
        if (rest.isEmpty()) {
            return;
        }
        String more = stdin == null ? String.valueOf(Word.UNKNOWN) : stdin;
        boolean placed = false;
        List<Word> words = new ArrayList<>();
        for (String part : more.strip().split("\\s+", Budget.MAX_EXPANSIONS)) {
            words.add(new Word(part));
        }
        List<Word> all = new ArrayList<>();
        for (Word word : rest) {
            if (word.text().equals("{}") || word.text().equals("%")) {
                all.addAll(words);
                placed = true;
            } else {
                placed |= word.text().contains("{}");
                all.add(new Word(word.text().replace("{}", words.get(0).text())));
            }
        }
        if (!placed) {
            all.addAll(words);
        }
        run(all, List.of(), upstream, null, depth + 1);
    }

    private void find(List<Word> arguments, int depth) {
        Set<String> starts = Set.of("-exec", "-execdir", "-ok", "-okdir", "-x", "-X", "--exec", "--exec-batch");
        List<Word> roots = new ArrayList<>();
        for (Word word : arguments) {
            if (word.looksLikeOption() || word.text().equals("(") || word.text().equals("!")) {
                break;
            }
            roots.add(word);
        }
        for (int i = 0; i < arguments.size(); i++) {
            if (starts.contains(arguments.get(i).text())) {
                List<Word> command = new ArrayList<>();
                for (i++;
                        i < arguments.size()
                                && !Set.of(";", "+").contains(arguments.get(i).text());
                        i++) {
                    if (arguments.get(i).text().equals("{}")) {
                        roots.forEach(root -> command.add(new Word(root.text() + "/" + Word.UNKNOWN)));
                    } else {
                        command.add(arguments.get(i));
                    }
                }
                run(command, List.of(), Set.of("find"), null, depth + 1);
            }
        }
    }

    private void container(
            List<Word> arguments, List<Redirect> redirects, Set<String> upstream, @Nullable String stdin, int depth) {
        for (int i = 0; i < arguments.size(); i++) {
            String text = arguments.get(i).text();
            if (text.equals("exec") || text.equals("run")) {
                List<Word> rest = withoutOptions(skip(arguments, i + 1), "eupvwhlcmt");
                run(skip(rest, 1), redirects, upstream, stdin, depth + 1);
                return;
            }
        }
    }

    private void git(List<Word> arguments, Set<String> upstream) {
        for (int i = 0; i < arguments.size(); i++) {
            String text = arguments.get(i).text();
            int bang = text.indexOf("=!");
            if (bang > 0) {
                scripts(text.substring(bang + 2), upstream);
            } else if (text.startsWith("!") && i > 0) {
                scripts(text.substring(1), upstream);
            } else if (text.matches("core\\.(pager|editor|sshcommand|fsmonitor)=.*")) {
                scripts(text.substring(text.indexOf('=') + 1), upstream);
            }
        }
        List<Word> bisect = behind(arguments, "run");
        if (!bisect.isEmpty() && arguments.get(0).text().equals("bisect")) {
            run(bisect, List.of(), upstream, null, 1);
        }
    }

    private void tar(List<Word> arguments, Set<String> upstream) {
        for (Word word : arguments) {
            String text = word.text();
            for (String option : List.of("--checkpoint-action=exec=", "--to-command=", "--use-compress-program=")) {
                if (text.startsWith(option)) {
                    scripts(text.substring(option.length()), upstream);
                }
            }
        }
    }

    private void editor(List<Word> arguments, Set<String> upstream) {
        for (Word word : arguments) {
            int bang = word.text().indexOf('!');
            if (bang >= 0 && bang <= 2) {
                scripts(word.text().substring(bang + 1), upstream);
            }
        }
    }

    private void lastArguments(List<Word> arguments, Set<String> upstream) {
        for (Word word : arguments) {
            if (word.text().indexOf(' ') > 0) {
                scripts(word.text(), upstream);
            }
        }
        run(skip(withoutOptions(skip(arguments, 1), "stnc"), 0), List.of(), upstream, null, 8);
    }

    private void reads(List<Word> names, @Nullable String stdin) {
        for (Word name : names) {
            if (Expansion.isName(name.text())) {
                reader.assign(name.text(), stdin == null ? String.valueOf(Word.UNKNOWN) : stdin.strip());
            }
        }
    }

    private void assignment(Word word) {
        int equals = word.text().indexOf('=');
        if (equals > 0 && Expansion.isName(word.text().substring(0, equals))) {
            reader.assign(word.text().substring(0, equals), word.text().substring(equals + 1));
        }
    }

    private void scripts(@Nullable String text, Set<String> upstream) {
        if (text != null && !text.isBlank()) {
            reader.nested(text, new HashSet<>(upstream), null);
        }
    }

    // ---- small things

    /** The name of a program: without directories, and without what no shell would see. */
    static String program(Word word) {
        String text = word.known();
        if (text.isEmpty() && word.partlyUnknown()) {
            return ANYTHING;
        }
        int slash = Math.max(text.lastIndexOf('/'), text.lastIndexOf('\\'));
        String name = slash < 0 || slash == text.length() - 1 ? text : text.substring(slash + 1);
        return name.endsWith(".exe") || name.endsWith(".EXE")
                ? name.substring(0, name.length() - 4).toLowerCase(Locale.ROOT)
                : name;
    }

    private static List<Word> skip(List<Word> words, int count) {
        return words.subList(Math.min(count, words.size()), words.size());
    }

    private static List<Word> behind(List<Word> words, String marker) {
        for (int i = 0; i < words.size(); i++) {
            if (words.get(i).text().equals(marker)) {
                return skip(words, i + 1);
            }
        }
        return List.of();
    }

    private static List<Word> withoutSlashes(List<Word> words) {
        return words.stream().filter(w -> !w.text().matches("/[A-Za-z]")).toList();
    }

    private static @Nullable String first(List<Word> words) {
        return words.isEmpty() ? null : words.get(0).text();
    }

    private static String afterEquals(Word word) {
        return word.text().substring(word.text().indexOf('=') + 1);
    }

    private static @Nullable String valueOf(List<Word> words, String option, String longOption) {
        for (int i = 0; i < words.size(); i++) {
            String text = words.get(i).text();
            if ((text.equals(option) || text.equals(longOption)) && i + 1 < words.size()) {
                return words.get(i + 1).text();
            }
            if (text.startsWith(longOption + "=")) {
                return text.substring(longOption.length() + 1);
            }
            if (text.length() > 2 && text.startsWith(option) && !text.startsWith("--")) {
                return text.substring(2);
            }
        }
        return null;
    }

    private static String joined(List<Word> words) {
        StringBuilder text = new StringBuilder();
        words.forEach(word -> text.append(text.isEmpty() ? "" : " ").append(word.text()));
        return text.toString();
    }
}
