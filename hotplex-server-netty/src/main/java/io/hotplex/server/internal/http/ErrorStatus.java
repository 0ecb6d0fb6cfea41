package io.hotplex.server.internal.http;

import io.hotplex.api.ErrorCode;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a code is told: by HTTP status, by WebSocket close code, and when a retry makes sense. The only table of it.
 *
 * <p>Close codes below 4000 are those of RFC 6455. Of ours, 44xx may be tried again, with other input or later; after
 * 45xx a client must not connect again before its user did something.
 *
 * @param http the status
 * @param close the code that a WebSocket is closed with where the error ends it
 * @param retryAfter what {@code Retry-After} says, or {@code null} where waiting does not help
 */
public record ErrorStatus(int http, int close, @Nullable Duration retryAfter) {
    private static final Duration SOON = Duration.ofSeconds(1);
    /** Somebody else has to end something first. */
    private static final Duration LATER = Duration.ofSeconds(5);

    private static final Map<ErrorCode, ErrorStatus> TABLE = table();

    /** The row of a code. */
    public static ErrorStatus of(ErrorCode code) {
        return Objects.requireNonNull(TABLE.get(code), () -> "no row for " + code);
    }

    /** Which codes have a row. */
    static Map<ErrorCode, ErrorStatus> rows() {
        return Map.copyOf(TABLE);
    }

    private static Map<ErrorCode, ErrorStatus> table() {
        Map<ErrorCode, ErrorStatus> t = new EnumMap<>(ErrorCode.class);
        requests(t);
        agents(t);
        gateway(t);
        return t;
    }

    private static void requests(Map<ErrorCode, ErrorStatus> t) {
        t.put(ErrorCode.INVALID_ARGUMENT, row(400, 4400));
        t.put(ErrorCode.CONFIG_INVALID, row(500, 1011));
        t.put(ErrorCode.OPTIONS_CONFLICT, row(400, 4400));
        t.put(ErrorCode.SESSION_ID_INVALID, row(400, 4400));
        t.put(ErrorCode.SESSION_NOT_FOUND, row(404, 4404));
        t.put(ErrorCode.SESSION_CONFLICT, row(409, 4409));
        t.put(ErrorCode.SESSION_IN_USE, row(409, 4409, LATER));
        t.put(ErrorCode.SESSION_CLOSED, row(410, 4410));
        t.put(ErrorCode.SESSION_LIMIT, row(429, 4429, LATER));
        t.put(ErrorCode.PROMPT_EMPTY, row(400, 4400));
        t.put(ErrorCode.PROMPT_TOO_LARGE, row(413, 1009));
        t.put(ErrorCode.PROMPT_BLOCKED, row(422, 4422));
        t.put(ErrorCode.QUEUE_FULL, row(429, 4429, LATER));
        t.put(ErrorCode.TURN_NOT_FOUND, row(404, 4404));
        t.put(ErrorCode.WORK_DIR_NOT_FOUND, row(422, 4422));
        t.put(ErrorCode.WORK_DIR_NOT_A_DIRECTORY, row(422, 4422));
        t.put(ErrorCode.WORK_DIR_NOT_ABSOLUTE, row(400, 4400));
        t.put(ErrorCode.WORK_DIR_FORBIDDEN, row(403, 4503));
        t.put(ErrorCode.REQUEST_NOT_FOUND, row(404, 4404));
        t.put(ErrorCode.REQUEST_ALREADY_ANSWERED, row(409, 4409));
    }

    private static void agents(Map<ErrorCode, ErrorStatus> t) {
        t.put(ErrorCode.PROVIDER_UNKNOWN, row(422, 4422));
        t.put(ErrorCode.PROVIDER_UNAVAILABLE, row(503, 1013));
        t.put(ErrorCode.NOT_SUPPORTED, row(422, 4422));
        t.put(ErrorCode.CONFINEMENT_UNAVAILABLE, row(422, 4422));
        t.put(ErrorCode.POOL_EXHAUSTED, row(503, 1013, LATER));
        t.put(ErrorCode.ENGINE_CLOSED, row(503, 1012));
        t.put(ErrorCode.ENGINE_RESTARTED, row(503, 1012, SOON));
        t.put(ErrorCode.STATE_IN_USE, row(503, 1013, LATER));
        t.put(ErrorCode.JOURNAL_UNAVAILABLE, row(503, 1013, LATER));
        t.put(ErrorCode.JOURNAL_INCOMPATIBLE, row(500, 1011));
        t.put(ErrorCode.AGENT_START_FAILED, row(502, 1011, SOON));
        t.put(ErrorCode.AGENT_START_TIMEOUT, row(504, 1011, LATER));
        t.put(ErrorCode.AGENT_CRASHED, row(502, 1011, SOON));
        t.put(ErrorCode.AGENT_CRASH_LOOP, row(503, 1013, Duration.ofMinutes(1)));
        t.put(ErrorCode.AGENT_OUT_OF_MEMORY, row(502, 1011, SOON));
        t.put(ErrorCode.AGENT_PROTOCOL, row(502, 1011, SOON));
        t.put(ErrorCode.AUTHENTICATION_FAILED, row(502, 1011));
        t.put(ErrorCode.MODEL_NOT_FOUND, row(422, 4422));
        t.put(ErrorCode.RATE_LIMITED, row(503, 1013, Duration.ofSeconds(30)));
        t.put(ErrorCode.VENDOR_UNAVAILABLE, row(503, 1013, Duration.ofSeconds(30)));
        t.put(ErrorCode.VENDOR_REJECTED, row(422, 4422));
        t.put(ErrorCode.MODEL_REFUSED, row(422, 4422));
        t.put(ErrorCode.AGENT_LIMIT, row(422, 4422));
        t.put(ErrorCode.AGENT_ERROR, row(502, 1011, SOON));
        t.put(ErrorCode.FIRST_OUTPUT_TIMEOUT, row(504, 1011, SOON));
        t.put(ErrorCode.TURN_TIMEOUT, row(504, 1011, SOON));
    }

    private static void gateway(Map<ErrorCode, ErrorStatus> t) {
        t.put(ErrorCode.UNAUTHENTICATED, row(401, 4501));
        t.put(ErrorCode.FORBIDDEN, row(403, 4503));
        t.put(ErrorCode.ROUTE_NOT_FOUND, row(404, 4404));
        t.put(ErrorCode.METHOD_NOT_ALLOWED, row(405, 4405));
        t.put(ErrorCode.MEDIA_TYPE_UNSUPPORTED, row(415, 1003));
        t.put(ErrorCode.REQUEST_TOO_LARGE, row(413, 1009));
        t.put(ErrorCode.REQUEST_TIMEOUT, row(408, 4408, SOON));
        t.put(ErrorCode.TOO_MANY_REQUESTS, row(429, 4429, SOON));
        t.put(ErrorCode.SERVER_UNAVAILABLE, row(503, 1012, LATER));
        t.put(ErrorCode.INTERNAL, row(500, 1011));
    }

    private static ErrorStatus row(int http, int close) {
        return new ErrorStatus(http, close, null);
    }

    private static ErrorStatus row(int http, int close, Duration retryAfter) {
        return new ErrorStatus(http, close, retryAfter);
    }
}
