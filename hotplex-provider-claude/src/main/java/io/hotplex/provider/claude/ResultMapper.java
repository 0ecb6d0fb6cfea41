package io.hotplex.provider.claude;

import com.fasterxml.jackson.databind.JsonNode;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.ProtocolSink.TurnEnd;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a {@code result} line means. Immutable.
 *
 * <p>{@code subtype} is no verdict: failures of the vendor's API come as {@code success}. So {@code is_error} decides
 * whether a turn failed, then the HTTP status tells why, then what the turn's last message said about itself, then the
 * text.
 */
final class ResultMapper {
    private static final int MAX_MESSAGE = 2000;
    /** How Claude says that its vendor cannot be reached; other errors speak of connections, too. */
    private static final Pattern UNREACHABLE = Pattern.compile(
            "unable to connect to api|^api error: (connection |repeated \\d+ overloaded|.*\\boverloaded)|\\(econn\\w+\\)$");

    private ResultMapper() {}

    /**
     * What else is known of the turn.
     *
     * @param text the last answer text, for a turn that ends without one
     * @param used tokens of its messages, for a turn whose result counts none, which is how interrupted ones end
     * @param error the agent's word for what went wrong, or {@code null}
     * @param refused whether the model refused
     * @param rejectedCredentials the reason for which we stopped the turn ourselves, or {@code null}
     */
    record Known(
            String text,
            TokenUsage used,
            @Nullable String error,
            boolean refused,
            @Nullable String rejectedCredentials) {}

    /** The end of the turn that the line reports. */
    static TurnEnd end(JsonNode result, @Nullable Double cost, Known known) {
        TokenUsage counted = UsageMeter.tokens(result.get("usage"));
        TokenUsage usage = counted.total() == 0 ? known.used() : counted;
        String text = ClaudeJson.text(result, "result", known.text());
        if (known.rejectedCredentials() != null && (ClaudeJson.flag(result, "is_error") || aborted(result))) {
            return TurnEnd.failed(ErrorCode.AUTHENTICATION_FAILED, known.rejectedCredentials(), usage, cost);
        }
        if (aborted(result)) {
            return TurnEnd.interrupted(text, usage, cost);
        }
        if (ClaudeJson.flag(result, "is_error")) {
            String message = message(result);
            return TurnEnd.failed(code(result, known, message), message, usage, cost);
        }
        return TurnEnd.completed(text, usage, cost, ClaudeJson.text(result, "stop_reason"));
    }

    /** Whether the turn was interrupted. */
    static boolean aborted(JsonNode result) {
        return ClaudeJson.text(result, "terminal_reason", "").startsWith("aborted");
    }

    private static ErrorCode code(JsonNode result, Known known, String message) {
        Long status = ClaudeJson.number(result, "api_error_status");
        if (status != null) {
            ErrorCode code = byStatus(status);
            if (code != null) {
                return code;
            }
        }
        if (ClaudeJson.text(result, "subtype", "").startsWith("error_max")) {
            return ErrorCode.AGENT_LIMIT;
        }
        if (known.refused() || "refusal".equals(ClaudeJson.text(result, "stop_reason"))) {
            return ErrorCode.MODEL_REFUSED;
        }
        ErrorCode code = known.error() == null ? null : byWord(known.error());
        return code == null ? byText(message.toLowerCase(Locale.ROOT)) : code;
    }

    private static @Nullable ErrorCode byStatus(long status) {
        if (status == 401 || status == 403) {
            return ErrorCode.AUTHENTICATION_FAILED;
        }
        if (status == 404) {
            return ErrorCode.MODEL_NOT_FOUND;
        }
        if (status == 429) {
            return ErrorCode.RATE_LIMITED;
        }
        if (status == 408 || status >= 500) {
            return ErrorCode.VENDOR_UNAVAILABLE;
        }
        return status >= 400 ? ErrorCode.VENDOR_REJECTED : null;
    }

    private static @Nullable ErrorCode byWord(String word) {
        return switch (word) {
            case "authentication_failed", "oauth_org_not_allowed" -> ErrorCode.AUTHENTICATION_FAILED;
            case "model_not_found" -> ErrorCode.MODEL_NOT_FOUND;
            case "rate_limit" -> ErrorCode.RATE_LIMITED;
            case "server_error", "overloaded" -> ErrorCode.VENDOR_UNAVAILABLE;
            case "invalid_request", "billing_error" -> ErrorCode.VENDOR_REJECTED;
            default -> null;
        };
    }

    private static ErrorCode byText(String message) {
        if (message.contains("not logged in") || message.contains("failed to authenticate")) {
            return ErrorCode.AUTHENTICATION_FAILED;
        }
        return UNREACHABLE.matcher(message).find() ? ErrorCode.VENDOR_UNAVAILABLE : ErrorCode.AGENT_ERROR;
    }

    /** The agent's own words, without the diagnostics that it adds for its makers. */
    private static String message(JsonNode result) {
        List<String> parts = new ArrayList<>();
        for (String error : ClaudeJson.texts(result, "errors")) {
            if (!error.startsWith("[ede_diagnostic]") && !error.isBlank()) {
                parts.add(error);
            }
        }
        String text = ClaudeJson.text(result, "result", "");
        if (parts.isEmpty() && !text.isBlank()) {
            parts.add(text);
        }
        String message = parts.isEmpty()
                ? "Claude Code reported " + ClaudeJson.text(result, "subtype", "an error")
                : String.join("; ", parts);
        return message.length() <= MAX_MESSAGE ? message : message.substring(0, MAX_MESSAGE) + "…";
    }
}
