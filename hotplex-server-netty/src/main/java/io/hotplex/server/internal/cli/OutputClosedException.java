package io.hotplex.server.internal.cli;

import java.io.IOException;
import java.io.Serial;

/** Nobody reads standard output or standard error any more. */
final class OutputClosedException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    OutputClosedException(IOException cause) {
        super(cause);
    }
}
