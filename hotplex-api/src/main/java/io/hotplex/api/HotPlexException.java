package io.hotplex.api;

import java.io.Serial;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A refusal or failure with a stable {@link ErrorCode} and a message that says what was wrong and what to do. */
public final class HotPlexException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;

    public HotPlexException(ErrorCode code, String message) {
        this(code, message, null);
    }

    public HotPlexException(ErrorCode code, String message, @Nullable Throwable cause) {
        super(Objects.requireNonNull(message, "message"), cause);
        this.code = Objects.requireNonNull(code, "code");
    }

    /** The stable code. */
    public ErrorCode code() {
        return code;
    }

    /** Whether the same request may succeed later without being changed. */
    public boolean retryable() {
        return code.retryable();
    }
}
