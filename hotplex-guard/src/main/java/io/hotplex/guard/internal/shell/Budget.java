package io.hotplex.guard.internal.shell;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What reading one command may cost, and what was found so far. Limits are far above what people and models write, and
 * low enough that no text can keep a thread busy. Confined to one reading.
 */
final class Budget {
    /** Characters, of the command and of everything that is read out of it. */
    private static final int MAX_CHARS = 1 << 18;
    /** Programs. */
    private static final int MAX_INVOCATIONS = 2_000;
    /** Commands inside of commands. */
    private static final int MAX_DEPTH = 12;
    /** Words that one word may become, by braces and variables. */
    static final int MAX_EXPANSIONS = 256;
    /** Characters that a variable may hold. */
    static final int MAX_VALUE = 1 << 13;

    private final List<Invocation> found = new ArrayList<>();
    private int chars;
    private int depth;
    private boolean exhausted;

    /** Something has to be read; returns whether there is something left for it. */
    boolean enter(String text) {
        chars += text.length();
        depth++;
        if (chars > MAX_CHARS || depth > MAX_DEPTH) {
            exhausted = true;
        }
        return !exhausted;
    }

    void leave() {
        depth--;
    }

    /** Something was left out. */
    void exhaust() {
        exhausted = true;
    }

    void add(Invocation invocation) {
        if (found.size() >= MAX_INVOCATIONS) {
            exhausted = true;
        } else {
            found.add(invocation);
        }
    }

    int size() {
        return found.size();
    }

    Invocation get(int index) {
        return found.get(index);
    }

    void replace(int index, Invocation invocation) {
        found.set(index, invocation);
    }

    @Nullable
    Invocation last() {
        return found.isEmpty() ? null : found.get(found.size() - 1);
    }

    CommandLine done() {
        return new CommandLine(found, !exhausted);
    }
}
