package io.hotplex.guard.internal.shell;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What simple programs print, when that follows from the command itself: enough to see through {@code echo … | base64
 * -d | sh} and {@code $(printf …)}.
 */
final class StaticOutput {
    private StaticOutput() {}

    /** @return {@code null} when it is not known */
    static @Nullable String of(List<Word> words, @Nullable String stdin) {
        String program = Launches.program(words.get(0));
        List<String> arguments =
                words.subList(1, words.size()).stream().map(Word::text).toList();
        return switch (program) {
            case "echo" -> echo(arguments);
            case "printf" -> arguments.isEmpty() ? "" : printf(arguments);
            case "true", ":", "export", "cd", "set" -> "";
            case "pwd" -> ".";
            case "which", "type" -> arguments.isEmpty() ? "" : arguments.get(arguments.size() - 1);
            case "command" ->
                arguments.size() > 1 && arguments.get(0).matches("-[vV]") ? arguments.get(arguments.size() - 1) : null;
            case "cat", "tee" -> arguments.stream().allMatch(a -> a.startsWith("-")) ? stdin : null;
            case "find", "ls", "fd" -> below(arguments);
            case "rev" ->
                stdin == null
                        ? null
                        : new StringBuilder(stdin.strip()).reverse().toString();
            case "base64", "base32", "openssl", "gbase64" -> decoded(arguments, stdin);
            case "xxd" -> stdin != null && arguments.stream().anyMatch(a -> a.contains("r")) ? hex(stdin) : null;
            case "tr" -> stdin == null ? null : translated(arguments, stdin);
            default -> null;
        };
    }

    /** What lies below absolute directories: nobody knows what it is called, but where it is. */
    private static @Nullable String below(List<String> arguments) {
        StringBuilder out = new StringBuilder();
        for (String argument : arguments) {
            if (argument.startsWith("/") || argument.startsWith("~")) {
                out.append(argument).append('/').append(Word.UNKNOWN).append('\n');
            }
        }
        return out.isEmpty() ? null : out.toString();
    }

    private static String echo(List<String> arguments) {
        int i = 0;
        boolean escapes = false;
        while (i < arguments.size() && arguments.get(i).matches("-[neE]+")) {
            escapes |= arguments.get(i).indexOf('e') > 0;
            i++;
        }
        String text = String.join(" ", arguments.subList(i, arguments.size()));
        return (escapes ? Escapes.decode(text) : text) + "\n";
    }

    private static String printf(List<String> arguments) {
        int from = arguments.get(0).equals("--") && arguments.size() > 1 ? 1 : 0;
        StringBuilder out = new StringBuilder();
        String format = Escapes.decode(arguments.get(from));
        int next = from + 1;
        do {
            int before = next;
            for (int i = 0; i < format.length(); i++) {
                char c = format.charAt(i);
                if (c != '%' || i + 1 == format.length()) {
                    out.append(c);
                } else if (format.charAt(++i) == '%') {
                    out.append('%');
                } else {
                    while (i < format.length() - 1 && "0123456789.-+ ".indexOf(format.charAt(i)) >= 0) {
                        i++;
                    }
                    String value = next < arguments.size() ? arguments.get(next++) : "";
                    out.append(format.charAt(i) == 'b' ? Escapes.decode(value) : value);
                }
            }
            if (before == next) {
                break;
            }
        } while (next < arguments.size() && out.length() < Budget.MAX_VALUE);
        return out.toString();
    }

    private static @Nullable String decoded(List<String> arguments, @Nullable String stdin) {
        boolean decode = arguments.stream().anyMatch(a -> a.matches("-[dDi]+|--decode"));
        if (!decode || stdin == null) {
            return null;
        }
        try {
            byte[] bytes = Base64.getMimeDecoder().decode(stdin.strip());
            return Expansion.withoutMarkers(new String(bytes, StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static String hex(String text) {
        String digits = text.replaceAll("[^0-9A-Fa-f]", "");
        StringBuilder out = new StringBuilder();
        for (int i = 0; i + 1 < digits.length(); i += 2) {
            out.append((char) Integer.parseInt(digits.substring(i, i + 2), 16));
        }
        return Expansion.withoutMarkers(out.toString());
    }

    private static @Nullable String translated(List<String> arguments, String stdin) {
        if (arguments.size() == 2 && arguments.get(0).equals("-d")) {
            String gone = set(arguments.get(1));
            StringBuilder out = new StringBuilder();
            stdin.chars().filter(c -> gone.indexOf(c) < 0).forEach(c -> out.append((char) c));
            return out.toString();
        }
        if (arguments.size() != 2 || arguments.get(0).startsWith("-")) {
            return null;
        }
        String from = set(arguments.get(0));
        String to = set(arguments.get(1));
        StringBuilder out = new StringBuilder(stdin.length());
        for (int i = 0; i < stdin.length(); i++) {
            int at = from.lastIndexOf(stdin.charAt(i));
            out.append(at < 0 || to.isEmpty() ? stdin.charAt(i) : to.charAt(Math.min(at, to.length() - 1)));
        }
        return out.toString();
    }

    private static String set(String text) {
        String plain =
                text.replace("[:upper:]", "A-Z").replace("[:lower:]", "a-z").replace("[:space:]", " \t\n");
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < plain.length(); i++) {
            if (i + 2 < plain.length() && plain.charAt(i + 1) == '-') {
                for (char c = plain.charAt(i); c <= plain.charAt(i + 2) && out.length() < 512; c++) {
                    out.append(c);
                }
                i += 2;
            } else {
                out.append(plain.charAt(i));
            }
        }
        return out.toString();
    }
}
