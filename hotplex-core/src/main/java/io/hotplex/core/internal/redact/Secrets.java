package io.hotplex.core.internal.redact;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a secret looks like: values that are known, and tokens that say by their beginning what they are. Immutable.
 *
 * <p>Text is looked at once. Most characters begin nothing, which a table tells; the others are compared with a few
 * beginnings.
 */
public final class Secrets {
    /** Shorter ones are in every other text by chance. */
    static final int LEAST_VALUE = 8;

    private static final int ASCII = 128;

    /** Beginnings of tokens, and how many characters have to follow at least. */
    private static final Map<String, Integer> TOKENS = Map.ofEntries(
            Map.entry("sk-ant-", 20),
            Map.entry("sk-proj-", 20),
            Map.entry("sk-", 32),
            Map.entry("sk_live_", 16),
            Map.entry("sk_test_", 16),
            Map.entry("rk_live_", 16),
            Map.entry("whsec_", 16),
            Map.entry("AKIA", 16),
            Map.entry("ASIA", 16),
            Map.entry("ghp_", 20),
            Map.entry("gho_", 20),
            Map.entry("ghu_", 20),
            Map.entry("ghs_", 20),
            Map.entry("ghr_", 20),
            Map.entry("github_pat_", 20),
            Map.entry("glpat-", 16),
            Map.entry("xoxb-", 16),
            Map.entry("xoxp-", 16),
            Map.entry("xoxa-", 16),
            Map.entry("xoxs-", 16),
            Map.entry("xapp-", 16),
            Map.entry("AIza", 30),
            Map.entry("ya29.", 20),
            Map.entry("eyJ", 40),
            Map.entry("npm_", 30),
            Map.entry("pypi-", 40),
            Map.entry("hf_", 30),
            Map.entry("dckr_pat_", 20),
            Map.entry("SG.", 40),
            Map.entry("AGE-SECRET-KEY-", 30));

    private static final String[] NONE = {};

    private static final String PEM = "-----BEGIN ";
    /** The longest that is in use, for keys of OpenSSH, is 35. */
    private static final int PEM_HEADER = 64;

    /** The beginnings that begin with a character. */
    private static final String[][] BY_FIRST = byFirst(TOKENS.keySet());

    private final List<String> values;
    /** The values that begin with a character. */
    private final String[][] valuesByFirst;

    private Secrets(List<String> values) {
        this.values = List.copyOf(values);
        valuesByFirst = byFirst(this.values);
    }

    private static String[][] byFirst(Collection<String> beginnings) {
        String[][] table = new String[ASCII][];
        Arrays.fill(table, NONE);
        beginnings.stream()
                .collect(Collectors.groupingBy(beginning -> index(beginning.charAt(0))))
                .forEach((first, alike) -> table[first] = alike.toArray(NONE));
        return table;
    }

    private static int index(char c) {
        return Math.min(c, ASCII - 1);
    }

    /** Beginnings of tokens that may begin at a place: not in the middle of a word. */
    private static String[] tokens(CharSequence text, int at) {
        String[] tokens = BY_FIRST[index(text.charAt(at))];
        return at > 0 && isToken(text.charAt(at - 1)) ? NONE : tokens;
    }

    /** With these values; those that are too short to tell are left out. */
    public static Secrets of(List<String> values) {
        return new Secrets(values.stream()
                .map(String::strip)
                .filter(value -> value.length() >= LEAST_VALUE)
                .distinct()
                .sorted(Comparator.comparingInt(String::length).reversed()) // one may begin as another does
                .toList());
    }

    /** These, and the values of variables whose names say that they are secret. */
    public Secrets with(Map<String, String> environment) {
        List<String> more = new ArrayList<>(values);
        environment.forEach((name, value) -> {
            if (isSecret(name)) {
                more.add(value);
            }
        });
        return more.size() == values.size() ? this : of(more);
    }

    /** Whether a variable's name says that its value is secret. */
    public static boolean isSecret(String name) {
        String upper = name.toUpperCase(Locale.ROOT).replace("AUTHOR", ""); // as in GIT_AUTHOR_NAME
        return List.of("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "AUTH").stream()
                        .anyMatch(upper::contains)
                && !upper.endsWith("_FILE")
                && !upper.endsWith("_PATH");
    }

    /** Where a secret that begins at a place ends; {@code at} when none does. */
    int end(CharSequence text, int at) {
        char first = text.charAt(at);
        for (String value : valuesByFirst[index(first)]) {
            if (is(value, text, at)) {
                return at + value.length();
            }
        }
        if (first == '-') {
            return is(PEM, text, at) ? pem(text, at) : at;
        }
        int longest = at;
        for (String token : tokens(text, at)) {
            if (is(token, text, at)) {
                int end = run(text, at + token.length());
                if (end - at - token.length() >= TOKENS.getOrDefault(token, 0)) {
                    longest = Math.max(longest, end);
                }
            }
        }
        return longest;
    }

    /**
     * Whether what follows later could make a secret of the text from a place to its end; looked at only from the third
     * character of a beginning on, lest every other piece of text be kept waiting.
     */
    boolean opens(CharSequence text, int at) {
        char first = text.charAt(at);
        int rest = text.length() - at;
        if (rest < 3) {
            return false;
        }
        for (String value : valuesByFirst[index(first)]) {
            if (value.length() > rest && begins(value, text, at)) {
                return true;
            }
        }
        if (first == '-') {
            return rest < PEM_HEADER && begins(PEM, text, at) && !endsLine(text.subSequence(at, text.length()));
        }
        for (String token : tokens(text, at)) {
            if (begins(token, text, at) && run(text, Math.min(text.length(), at + token.length())) == text.length()) {
                return true;
            }
        }
        return false;
    }

    private static boolean endsLine(CharSequence header) {
        String line = header.toString();
        return line.indexOf('\n') >= 0 || line.indexOf("-----", PEM.length()) >= 0;
    }

    /** Whether a beginning and a text agree as far as both go. */
    private static boolean begins(String beginning, CharSequence text, int at) {
        int common = Math.min(beginning.length(), text.length() - at);
        return is(beginning.substring(0, common), text, at);
    }

    /** Whether a private key begins at a place and does not end in the text. */
    boolean opensKey(CharSequence text, int at) {
        return is(PEM, text, at) && header(text, at) > 0 && keyEnd(text, at) < 0;
    }

    private static int pem(CharSequence text, int at) {
        if (header(text, at) < 0) {
            return at;
        }
        int end = keyEnd(text, at);
        return end < 0 ? text.length() : end;
    }

    /**
     * Where the first line of a private key says that it is one; looked for in the beginning of a line alone, lest many
     * such lines make each look at all that follows.
     */
    private static int header(CharSequence text, int at) {
        String beginning =
                text.subSequence(at, Math.min(text.length(), at + PEM_HEADER)).toString();
        int header = beginning.indexOf("PRIVATE KEY-----");
        int line = beginning.indexOf('\n');
        return line >= 0 && header > line ? -1 : header;
    }

    private static int keyEnd(CharSequence text, int at) {
        String all = text.toString();
        int end = all.indexOf("-----END ", at);
        int stop = end < 0 ? -1 : all.indexOf("KEY-----", end);
        return stop < 0 ? -1 : stop + "KEY-----".length();
    }

    private static int run(CharSequence text, int from) {
        int end = from;
        while (end < text.length() && (isToken(text.charAt(end)) || text.charAt(end) == '.')) {
            end++;
        }
        while (end > from && text.charAt(end - 1) == '.') {
            end--; // the end of a sentence
        }
        return end;
    }

    private static boolean isToken(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-';
    }

    private static boolean is(String expected, CharSequence text, int at) {
        if (at + expected.length() > text.length()) {
            return false;
        }
        for (int i = 0; i < expected.length(); i++) {
            if (text.charAt(at + i) != expected.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
