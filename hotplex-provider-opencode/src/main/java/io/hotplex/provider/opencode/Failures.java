package io.hotplex.provider.opencode;

import com.fasterxml.jackson.databind.JsonNode;
import io.hotplex.api.ErrorCode;
import java.util.Locale;

/**
 * What OpenCode's errors mean. Stateless. Of an error only its message is told: the rest has addresses, headers and
 * bodies of the vendor.
 */
final class Failures {
    private static final int MAX_MESSAGE = 2_000;

    private Failures() {}

    /** Whether it only says that somebody wanted the turn to end. */
    static boolean aborted(JsonNode error) {
        return OpenCodeJson.text(error, "name", "").equals("MessageAbortedError");
    }

    static ErrorCode code(JsonNode error) {
        String name = OpenCodeJson.text(error, "name", "");
        String message = OpenCodeJson.text(error.get("data"), "message", "");
        return switch (name) {
            case "ProviderAuthError" -> ErrorCode.AUTHENTICATION_FAILED;
            case "ProviderModelNotFoundError" -> ErrorCode.MODEL_NOT_FOUND;
            case "APIError" -> ofStatus(error.path("data"));
            case "MessageOutputLengthError" -> ErrorCode.AGENT_LIMIT;
            case "ContextOverflowError" -> ErrorCode.VENDOR_REJECTED;
            case "ContentFilterError" -> ErrorCode.MODEL_REFUSED;
            default ->
                message.toLowerCase(Locale.ROOT).contains("model not found")
                        ? ErrorCode.MODEL_NOT_FOUND
                        : ErrorCode.AGENT_ERROR;
        };
    }

    private static ErrorCode ofStatus(JsonNode data) {
        Long status = OpenCodeJson.number(data, "statusCode");
        if (status == null) {
            return ErrorCode.VENDOR_UNAVAILABLE;
        }
        return switch (status.intValue()) {
            case 401, 403 -> ErrorCode.AUTHENTICATION_FAILED;
            case 404 -> ErrorCode.MODEL_NOT_FOUND;
            case 429 -> ErrorCode.RATE_LIMITED;
            default -> status >= 500 ? ErrorCode.VENDOR_UNAVAILABLE : ErrorCode.VENDOR_REJECTED;
        };
    }

    static String message(JsonNode error) {
        String name = OpenCodeJson.text(error, "name", "an error without a name");
        String message = OpenCodeJson.text(error.get("data"), "message", "");
        if (message.isBlank()) {
            return name;
        }
        return message.length() <= MAX_MESSAGE ? message : message.substring(0, MAX_MESSAGE);
    }
}
