package io.hotplex.guard.internal.shell;

/**
 * One argument as a program would get it. What cannot be known before the command runs is the character
 * {@link #UNKNOWN} in its text. Immutable.
 *
 * @param text quotes and escapes removed, variables and substitutions put in where they are known
 */
public record Word(String text) {
    /** Stands for text that only the running shell knows. */
    public static final char UNKNOWN = '\u0001';

    /** Whether some of it is not known. */
    public boolean partlyUnknown() {
        return text.indexOf(UNKNOWN) >= 0;
    }

    /** The text with the unknown left out, as if a variable were not set. */
    public String known() {
        return partlyUnknown() ? text.replace(String.valueOf(UNKNOWN), "") : text;
    }

    boolean looksLikeOption() {
        return text.length() > 1 && text.charAt(0) == '-';
    }
}
