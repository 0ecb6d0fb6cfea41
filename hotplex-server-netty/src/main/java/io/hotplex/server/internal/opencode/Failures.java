package io.hotplex.server.internal.opencode;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.server.internal.http.ErrorStatus;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Errors in OpenCode's words. What is told is a code, and what the journal has of it: the provider's message, which may
 * quote what a vendor said, and nothing of addresses or headers beside it.
 */
final class Failures {
    static final String ABORTED = "MessageAbortedError";

    private Failures() {}

    /** How a turn failed; {@code null} when it did not. */
    static @Nullable Map<String, @Nullable Object> of(AgentEvent.Terminal end, String provider) {
        if (end instanceof AgentEvent.TurnFailed failed) {
            return of(failed.code(), failed.message(), failed.retryable(), provider);
        }
        if (end instanceof AgentEvent.TurnTimedOut late) {
            return of(
                    late.code(),
                    "the turn took longer than " + late.limit(),
                    late.code().retryable(),
                    provider);
        }
        if (end instanceof AgentEvent.TurnBlocked blocked) {
            return of(ErrorCode.PROMPT_BLOCKED, blocked.message(), false, provider);
        }
        return end instanceof AgentEvent.TurnCancelled ? aborted() : null;
    }

    static Map<String, @Nullable Object> aborted() {
        return named(ABORTED, Values.object("message", "Aborted"));
    }

    private static Map<String, @Nullable Object> of(
            ErrorCode code, String message, boolean retryable, String provider) {
        String text = message + " (" + code + ")";
        return switch (code) {
            case AUTHENTICATION_FAILED ->
                named("ProviderAuthError", Values.object("providerID", provider, "message", text));
            case RATE_LIMITED, VENDOR_UNAVAILABLE, VENDOR_REJECTED, MODEL_NOT_FOUND ->
                named("APIError", Values.object("message", text, "isRetryable", retryable));
            default -> named("UnknownError", Values.object("message", text));
        };
    }

    /** The name that OpenCode's clients know for what a request failed with. */
    static String name(HotPlexException error) {
        int status = ErrorStatus.of(error.code()).http();
        return status == 404 ? "NotFoundError" : status < 500 ? "BadRequest" : "UnknownError";
    }

    private static Map<String, @Nullable Object> named(String name, Map<String, @Nullable Object> data) {
        return Values.object("name", name, "data", Objects.requireNonNull(data));
    }
}
