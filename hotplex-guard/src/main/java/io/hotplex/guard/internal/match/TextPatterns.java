package io.hotplex.guard.internal.match;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Many patterns, each with literals of which a match has one. A pattern is tried only around such a literal: within the
 * literal's line, and {@value #SPAN} characters. So the time grows with the text, whatever is in it. Immutable and
 * thread-safe.
 */
public final class TextPatterns {
    /** How far a match may reach from its literal. */
    public static final int SPAN = 512;

    private final AhoCorasick literals;
    private final Expression[] patterns;
    /** Which pattern a literal belongs to. */
    private final int[] owners;

    /**
     * A pattern.
     *
     * @param pattern to find
     * @param literals of ASCII characters; each match has one of them
     */
    public record Entry(Expression pattern, List<String> literals) {
        public Entry {
            literals = List.copyOf(literals);
        }
    }

    public TextPatterns(List<Entry> entries) {
        List<String> all = new ArrayList<>();
        List<Integer> owner = new ArrayList<>();
        patterns = new Expression[entries.size()];
        for (int i = 0; i < entries.size(); i++) {
            patterns[i] = entries.get(i).pattern();
            for (String literal : entries.get(i).literals()) {
                all.add(literal);
                owner.add(i);
            }
        }
        literals = new AhoCorasick(all);
        owners = owner.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Looks at one text; fed with its characters, in order. Confined. */
    public final class Scan {
        private final CharSequence text;
        private final int[] triedTo = new int[patterns.length];
        private int state = AhoCorasick.start();
        private int best = -1;

        /** @param text the characters that will come, at the same places */
        public Scan(CharSequence text) {
            this.text = text;
        }

        /** The character at a place. */
        public void take(char c, int at) {
            state = literals.step(state, c);
            for (int literal : literals.ends(state)) {
                tried(owners[literal], at);
            }
        }

        private void tried(int pattern, int at) {
            if (best >= 0 && best <= pattern || at < triedTo[pattern]) {
                return;
            }
            int from = at;
            while (from > 0 && at - from < SPAN && text.charAt(from - 1) != '\n') {
                from--;
            }
            int to = at;
            while (to < text.length() && to - at < SPAN && text.charAt(to) != '\n') {
                to++;
            }
            boolean all = to == text.length() || text.charAt(to) == '\n';
            triedTo[pattern] = all ? to : Math.max(at + 1, to - SPAN / 2);
            if (patterns[pattern].isIn(text.subSequence(from, to))) {
                best = pattern;
            }
        }

        /** The first of the patterns, in their order, that was found; -1 for none. */
        public int found() {
            return best;
        }
    }

    /** The first pattern that a text has; -1 for none. */
    public int find(@Nullable CharSequence text) {
        if (text == null || patterns.length == 0) {
            return -1;
        }
        Scan scan = new Scan(text);
        for (int i = 0; i < text.length(); i++) {
            scan.take(text.charAt(i), i);
        }
        return scan.found();
    }

    @Override
    public String toString() {
        return "TextPatterns" + Arrays.toString(patterns);
    }
}
