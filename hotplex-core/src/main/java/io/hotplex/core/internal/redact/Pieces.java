package io.hotplex.core.internal.redact;

import static io.hotplex.core.internal.redact.Redaction.MARK;

import org.jspecify.annotations.Nullable;

/** Takes secrets out of one text that comes piece by piece. Confined to its {@link Redaction}. */
final class Pieces {
    /** What waits of a piece; a longer token is one whatever follows. */
    private static final int MOST_WAITING = 512;
    /** What was shown of a beginning before it could be told. */
    private static final int SHOWN = 2;
    /** The end of a key may come in two pieces; it is shorter than this. */
    private static final int KEY_END = 64;

    private int taken;
    private String shown = "";
    private String waiting = "";
    /** Whether what comes next still belongs to a token that was taken out. */
    private boolean inside;
    /** While a private key is being taken out, the last of it; else {@code null}. */
    private @Nullable String key;

    /** How many secrets were taken out since the last call. */
    int taken() {
        int count = taken;
        taken = 0;
        return count;
    }

    /** A piece of a text that is being written. */
    String next(String text, Secrets secrets) {
        String rest = key != null ? behindKey(key + text) : inside ? behindToken(text) : text;
        if (inside || key != null) {
            return "";
        }
        String all = shown + waiting + rest;
        int start = shown.length();
        StringBuilder out = null;
        int from = start;
        int i = 0;
        while (i < all.length()) {
            if (secrets.opens(all, i)) {
                if (all.length() - i <= MOST_WAITING) {
                    break;
                }
                out = mark(out, all, from, Math.max(i, start));
                inside = true;
                from = all.length();
                i = all.length();
            } else {
                int end = secrets.end(all, i);
                if (end > i && end > start) {
                    out = mark(out, all, from, Math.max(i, start));
                    from = end;
                    key = secrets.opensKey(all, i) ? all.substring(Math.max(i, all.length() - KEY_END)) : null;
                }
                i = Math.max(i + 1, end);
            }
        }
        int stop = Math.max(Math.min(i, all.length()), from);
        boolean same = out == null && waiting.isEmpty() && stop == all.length() && rest.equals(text);
        waiting = all.substring(Math.max(stop, start));
        shown = all.substring(Math.max(0, Math.max(start, stop) - SHOWN), Math.max(start, stop));
        if (same) {
            return text;
        }
        String tail = from < stop ? all.substring(Math.max(from, start), stop) : "";
        return out == null ? tail : out.append(tail).toString();
    }

    private StringBuilder mark(@Nullable StringBuilder out, String all, int from, int to) {
        taken++;
        StringBuilder marked = out == null ? new StringBuilder() : out;
        return marked.append(all, Math.min(from, to), to).append(MARK);
    }

    /** The rest of a token is gone as well. */
    private String behindToken(String text) {
        int i = 0;
        while (i < text.length() && !Character.isWhitespace(text.charAt(i)) && "\"'`,;)".indexOf(text.charAt(i)) < 0) {
            i++;
        }
        inside = i == text.length();
        return text.substring(i);
    }

    /** What comes behind the end of a private key. */
    private String behindKey(String text) {
        int end = text.indexOf("-----END ");
        int stop = end < 0 ? -1 : text.indexOf("KEY-----", end);
        if (stop < 0) {
            key = text.substring(Math.max(0, text.length() - KEY_END));
            return "";
        }
        key = null;
        return text.substring(stop + "KEY-----".length());
    }
}
