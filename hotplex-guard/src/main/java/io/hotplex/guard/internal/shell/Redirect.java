package io.hotplex.guard.internal.shell;

import org.jspecify.annotations.Nullable;

/**
 * Where a program reads from or writes to.
 *
 * @param operator for example {@code >>}
 * @param target a file; for a here-document its text
 */
public record Redirect(String operator, Word target) {
    /** Whether it writes to a file. */
    public boolean writes() {
        return operator.indexOf('>') >= 0 && !operator.endsWith("&");
    }

    /** Whether it reads from a file. */
    public boolean reads() {
        return operator.equals("<") || operator.equals("<>");
    }

    /** Text that is given to the program, when it stands in the command itself; otherwise {@code null}. */
    @Nullable
    String given() {
        return operator.startsWith("<<") ? target.text() : null;
    }
}
