package io.hotplex.testkit.guard;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;

/**
 * Other spellings of a shell command that do the same: quotes, escapes, variables, substitution, wrappers, encodings.
 * What is made depends on the random numbers alone.
 */
public final class Evasions {
    private static final List<BiFunction<String, Random, String>> REWRITES = List.of(
            Evasions::quoted,
            Evasions::escaped,
            Evasions::spread,
            Evasions::byVariable,
            Evasions::wrapped,
            Evasions::wrapped,
            Evasions::shell,
            Evasions::behindOthers,
            Evasions::substituted,
            Evasions::printed,
            Evasions::encoded,
            Evasions::evaluated,
            Evasions::grouped,
            Evasions::document);

    private Evasions() {}

    /** One other spelling; sometimes of another spelling. */
    public static String rewrite(String command, Random random) {
        String once = REWRITES.get(random.nextInt(REWRITES.size())).apply(command, random);
        boolean again = once.indexOf('\n') < 0 && random.nextInt(4) == 0;
        return again ? REWRITES.get(random.nextInt(REWRITES.size())).apply(once, random) : once;
    }

    /** Whether the first word is a plain one, which can be spelled in other ways. */
    private static String firstWord(String command) {
        int end = command.indexOf(' ');
        String word = end < 0 ? command : command.substring(0, end);
        return word.matches("[a-z][a-z0-9.-]+")
                        && !List.of("source", "export", "for", "if", "while").contains(word)
                ? word
                : "";
    }

    private static String quoted(String command, Random random) {
        String word = firstWord(command);
        if (word.length() < 2) {
            return command;
        }
        int cut = 1 + random.nextInt(word.length() - 1);
        String rest = command.substring(word.length());
        String a = word.substring(0, cut);
        String b = word.substring(cut);
        return List.of(a + "''" + b, '"' + a + '"' + b, "'" + word + "'", a + "\"" + b + "\"", "$'" + word + "'")
                        .get(random.nextInt(5))
                + rest;
    }

    private static String escaped(String command, Random random) {
        String word = firstWord(command);
        int cut = word.isEmpty() ? 0 : random.nextInt(word.length());
        return word.isEmpty() ? command : word.substring(0, cut) + "\\" + command.substring(cut);
    }

    private static String spread(String command, Random random) {
        boolean safe = command.indexOf('\'') < 0 && command.indexOf('"') < 0 && command.indexOf('\n') < 0;
        String gap = List.of("  ", "\t", " \\\n ").get(random.nextInt(3));
        return safe ? command.replaceFirst(" ", gap.replace("\\", "\\\\")) : " " + command;
    }

    private static String byVariable(String command, Random random) {
        String word = firstWord(command);
        if (word.isEmpty()) {
            return command;
        }
        String name = List.of("x", "CMD", "_a").get(random.nextInt(3));
        String use = random.nextBoolean() ? "$" + name : "${" + name + "}";
        return name + "=" + word + "; " + use + command.substring(word.length());
    }

    private static String wrapped(String command, Random random) {
        boolean simple = !firstWord(command).isEmpty();
        String wrapper = List.of(
                        "sudo", "env", "nohup", "nice -n 5", "time", "timeout 5", "command", "env A=b", "stdbuf -o0")
                .get(random.nextInt(9));
        return simple ? wrapper + " " + command : command;
    }

    private static String shell(String command, Random random) {
        String shell = List.of("sh -c", "bash -c", "/bin/bash -lc", "env sh -c", "busybox sh -c")
                .get(random.nextInt(5));
        return shell + " " + singleQuoted(command);
    }

    private static String singleQuoted(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }

    private static String behindOthers(String command, Random random) {
        return List.of("true && ", "cd . ; ", "echo hi; ", "false || ", "ls >/dev/null; ")
                        .get(random.nextInt(5))
                + command;
    }

    private static String substituted(String command, Random random) {
        String word = firstWord(command);
        String printed = random.nextBoolean() ? "$(echo " + word + ")" : "`echo " + word + "`";
        return word.isEmpty() ? command : printed + command.substring(word.length());
    }

    private static String printed(String command, Random random) {
        String word = firstWord(command);
        if (word.isEmpty()) {
            return command;
        }
        StringBuilder code = new StringBuilder();
        word.chars()
                .forEach(c ->
                        code.append(random.nextBoolean() ? String.format("\\x%02x", c) : String.valueOf((char) c)));
        return (random.nextBoolean() ? "$'" + code + "'" : "$(printf '" + code + "')")
                + command.substring(word.length());
    }

    private static String encoded(String command, Random random) {
        String code = Base64.getEncoder().encodeToString(command.getBytes(StandardCharsets.UTF_8));
        return "echo " + code + " | base64 -d | " + (random.nextBoolean() ? "sh" : "bash");
    }

    private static String evaluated(String command, Random random) {
        return "eval " + singleQuoted(command);
    }

    private static String grouped(String command, Random random) {
        return List.of("( " + command + "\n)", "{ " + command + "\n}", "if true; then " + command + "\nfi")
                .get(random.nextInt(3));
    }

    private static String document(String command, Random random) {
        return command.contains("EOF") ? command : "bash <<'EOT'\n" + command + "\nEOT";
    }

    /** So many other spellings of a command. */
    public static List<String> of(String command, int count, Random random) {
        List<String> spellings = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            spellings.add(rewrite(command, random));
        }
        return spellings;
    }
}
