package io.hotplex.guard.internal.places;

/** Matches patterns with {@code *}, {@code ?} and {@code […]}, without going back more than once for each star. */
public final class Globs {
    private Globs() {}

    /** Whether a pattern means all of a text. */
    public static boolean matches(String pattern, String text) {
        int p = 0;
        int t = 0;
        int star = -1;
        int mark = 0;
        while (t < text.length()) {
            int width = p < pattern.length() ? one(pattern, p, text.charAt(t)) : 0;
            if (p < pattern.length() && pattern.charAt(p) == '*') {
                star = p++;
                mark = t;
            } else if (width > 0) {
                p += width;
                t++;
            } else if (star >= 0) {
                p = star + 1;
                t = ++mark;
            } else {
                return false;
            }
        }
        while (p < pattern.length() && pattern.charAt(p) == '*') {
            p++;
        }
        return p == pattern.length();
    }

    /** How much of the pattern stands for a character; 0 when it stands for another. */
    private static int one(String pattern, int at, char c) {
        char p = pattern.charAt(at);
        if (p == '?' || p == c && p != '*') {
            return 1;
        }
        int close = p == '[' ? pattern.indexOf(']', at + 1) : -1;
        if (close < 0) {
            return 0;
        }
        String set = pattern.substring(at + 1, close);
        boolean not = set.startsWith("!") || set.startsWith("^");
        boolean in = false;
        for (int i = not ? 1 : 0; i < set.length(); i++) {
            if (i + 2 < set.length() && set.charAt(i + 1) == '-') {
                in |= c >= set.charAt(i) && c <= set.charAt(i + 2);
                i += 2;
            } else {
                in |= set.charAt(i) == c;
            }
        }
        return in != not ? close - at + 1 : 0;
    }
}
