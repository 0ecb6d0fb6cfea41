package io.hotplex.server.internal.cli;

import java.time.Duration;
import java.util.Locale;

/** How text looks: with colours or without. Immutable. */
record Style(boolean colours) {
    private static final String RESET = "\033[0m";
    private static final char MARK = '\uFFFD';

    String dim(String text) {
        return paint("\033[2m", text);
    }

    String red(String text) {
        return paint("\033[31m", text);
    }

    String green(String text) {
        return paint("\033[32m", text);
    }

    String bold(String text) {
        return paint("\033[1m", text);
    }

    private String paint(String sequence, String text) {
        return colours && !text.isEmpty() ? sequence + text + RESET : text;
    }

    /** The text without what would steer a terminal: an agent may repeat what it read anywhere. */
    static String harmless(String text) {
        StringBuilder clean = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean steers = c < ' ' && c != '\n' && c != '\t' || c >= 0x7f && c < 0xa0;
            if (steers && clean == null) {
                clean = new StringBuilder(text);
            }
            if (steers && clean != null) {
                clean.setCharAt(i, MARK);
            }
        }
        return clean == null ? text : clean.toString();
    }

    /** The text in one line of a bounded length. */
    static String oneLine(String text, int maxChars) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.length() <= maxChars ? line : line.substring(0, maxChars - 1) + "…";
    }

    static String time(Duration duration) {
        long seconds = duration.toSeconds();
        return seconds < 60
                ? String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0)
                : seconds / 60 + " min " + seconds % 60 + " s";
    }
}
