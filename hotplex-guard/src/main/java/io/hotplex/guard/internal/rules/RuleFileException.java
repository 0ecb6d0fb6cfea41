package io.hotplex.guard.internal.rules;

import org.jspecify.annotations.Nullable;

/** A rule file is wrong; the message says where, what, and what was expected. */
public final class RuleFileException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    RuleFileException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
