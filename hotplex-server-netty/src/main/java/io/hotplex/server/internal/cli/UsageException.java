package io.hotplex.server.internal.cli;

import java.io.Serial;

/** The command line is wrong; the message says what. */
final class UsageException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
        super(message);
    }
}
