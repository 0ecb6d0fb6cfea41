package io.hotplex.guard.internal.prompt;

/** Makes characters plain that look like ASCII ones, and leaves out those that look like nothing. */
final class Plain {
    /** Letters of other scripts, and below each the one of ASCII that it is taken for. */
    private static final String ALIKE = "аеорсухіјѕԁһӏԛԝАВЕКМНОРСТХΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαν";

    private static final String ASCII = "aeopcyxijsdhlqwABEKMHOPCTXABEZHIKMNOPTYXoav";

    private Plain() {}

    /** Whether a character is made plain. */
    static boolean changes(char c) {
        return c >= '\uFF01' && c <= '\uFF5E' || invisible(c) || c >= '\u0391' && c < '\u0530' && ALIKE.indexOf(c) >= 0;
    }

    static void append(char c, StringBuilder out) {
        if (c < 0x7F) {
            out.append(c);
        } else if (c >= '\uFF01' && c <= '\uFF5E') {
            out.append((char) (c - 0xFEE0));
        } else if (!invisible(c)) {
            int at = ALIKE.indexOf(c);
            out.append(at < 0 ? c : ASCII.charAt(at));
        }
    }

    private static boolean invisible(char c) {
        return c == '\u00AD'
                || c >= '\u200B' && c <= '\u200F'
                || c >= '\u2060' && c <= '\u2064'
                || c == '\uFEFF'
                || c == '\u180E'
                || c == '\u034F';
    }
}
