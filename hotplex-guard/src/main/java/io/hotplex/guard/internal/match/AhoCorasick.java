package io.hotplex.guard.internal.match;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Locale;

/**
 * Finds many literals at once: one look at each character, however many literals there are. Upper and lower case ASCII
 * letters are the same; other characters count as none. Immutable and thread-safe.
 */
public final class AhoCorasick {
    /** ASCII; its last character, DEL, stands for everything else. */
    private static final int ALPHABET = 128;

    private static final int OTHER = ALPHABET - 1;

    /** The next state of a state and a character. */
    private final int[] next;
    /** The literals that end in a state; {@code null} for none. */
    private final int[][] ends;

    /** @param literals of ASCII characters, none empty */
    public AhoCorasick(List<String> literals) {
        List<int[]> rows = new ArrayList<>();
        List<List<Integer>> found = new ArrayList<>();
        rows.add(new int[ALPHABET]);
        found.add(new ArrayList<>());
        for (int literal = 0; literal < literals.size(); literal++) {
            int state = 0;
            for (char c : literals.get(literal).toLowerCase(Locale.ROOT).toCharArray()) {
                int[] row = rows.get(state);
                if (row[c] == 0) {
                    row[c] = rows.size();
                    rows.add(new int[ALPHABET]);
                    found.add(new ArrayList<>());
                }
                state = row[c];
            }
            found.get(state).add(literal);
        }
        link(rows, found);
        next = new int[rows.size() * ALPHABET];
        ends = new int[rows.size()][];
        for (int state = 0; state < rows.size(); state++) {
            System.arraycopy(rows.get(state), 0, next, state * ALPHABET, ALPHABET);
            List<Integer> here = found.get(state);
            ends[state] = here.isEmpty()
                    ? NOTHING
                    : here.stream().mapToInt(Integer::intValue).toArray();
        }
    }

    private static final int[] NOTHING = {};

    /** Gives each missing transition that of the longest suffix. */
    private static void link(List<int[]> rows, List<List<Integer>> found) {
        int[] fail = new int[rows.size()];
        Deque<Integer> queue = new ArrayDeque<>();
        for (int child : rows.get(0)) {
            if (child != 0) {
                queue.add(child);
            }
        }
        while (!queue.isEmpty()) {
            int state = queue.remove();
            int[] row = rows.get(state);
            int[] other = rows.get(fail[state]);
            found.get(state).addAll(found.get(fail[state]));
            for (int c = 0; c < ALPHABET; c++) {
                if (row[c] != 0) {
                    fail[row[c]] = other[c];
                    queue.add(row[c]);
                } else {
                    row[c] = other[c];
                }
            }
        }
    }

    /** The state before any character. */
    public static int start() {
        return 0;
    }

    /** The state after one more character. */
    public int step(int state, char c) {
        int folded = c >= 'A' && c <= 'Z' ? c + 32 : c < OTHER ? c : OTHER;
        return next[state * ALPHABET + folded];
    }

    /** The literals that end where a state is reached; not to be changed. */
    public int[] ends(int state) {
        return ends[state];
    }

    /** Which literals a text has. */
    public BitSet in(CharSequence text) {
        BitSet found = new BitSet();
        int state = 0;
        for (int i = 0; i < text.length(); i++) {
            state = step(state, text.charAt(i));
            for (int literal : ends[state]) {
                found.set(literal);
            }
        }
        return found;
    }
}
