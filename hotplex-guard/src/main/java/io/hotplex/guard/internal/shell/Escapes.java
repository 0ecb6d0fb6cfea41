package io.hotplex.guard.internal.shell;

/** Backslash escapes, as {@code $'…'}, {@code echo -e} and {@code printf} know them. */
final class Escapes {
    private Escapes() {}

    static String decode(String text) {
        if (text.indexOf('\\') < 0) {
            return text;
        }
        StringBuilder out = new StringBuilder();
        int i = 0;
        while (i < text.length()) {
            char c = text.charAt(i++);
            if (c != '\\' || i == text.length()) {
                out.append(c);
                continue;
            }
            char kind = text.charAt(i++);
            int named = "abefnrtv".indexOf(kind);
            if (named >= 0) {
                out.append("\u0007\b\u001b\f\n\r\t\u000b".charAt(named));
            } else if (kind == 'x' || kind == 'u' || kind == 'U') {
                int end = digits(text, i, kind == 'x' ? 2 : kind == 'u' ? 4 : 8, 16);
                append(out, text, i, end, 16);
                i = end;
            } else if (kind >= '0' && kind <= '7') {
                int end = digits(text, i - 1, kind == '0' ? 4 : 3, 8);
                append(out, text, i - 1, end, 8);
                i = end;
            } else {
                out.append(kind);
            }
        }
        return Expansion.withoutMarkers(out.toString());
    }

    private static int digits(String text, int from, int most, int radix) {
        int end = from;
        while (end < text.length() && end < from + most && Character.digit(text.charAt(end), radix) >= 0) {
            end++;
        }
        return end;
    }

    private static void append(StringBuilder out, String text, int from, int end, int radix) {
        if (end > from) {
            long value = Long.parseLong(text.substring(from, end), radix);
            if (value <= Character.MAX_CODE_POINT) {
                out.appendCodePoint((int) value);
            }
        }
    }
}
