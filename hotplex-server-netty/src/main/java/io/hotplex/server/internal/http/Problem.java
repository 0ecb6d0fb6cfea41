package io.hotplex.server.internal.http;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes {@code application/problem+json} (RFC 9457) of errors. */
public final class Problem {
    private Problem() {}

    /** The response to a request that is refused or failed. */
    public static Response.Whole of(HotPlexException error, String requestId) {
        return of(error.code(), error.getMessage(), requestId, null);
    }

    /** The same with further members, for clients that look for others than ours. */
    public static Response.Whole of(HotPlexException error, String requestId, Map<String, Object> more) {
        ErrorStatus status = ErrorStatus.of(error.code());
        Map<String, Object> problem = members(status.http(), error.code(), error.getMessage(), requestId);
        problem.putAll(more);
        Response.Whole response = response(status.http(), problem);
        return status.retryAfter() == null
                ? response
                : response.with("Retry-After", Long.toString(seconds(status.retryAfter())));
    }

    /** @param retryAfter when it is known better than the table knows it */
    static Response.Whole of(ErrorCode code, @Nullable String detail, String requestId, @Nullable Duration retryAfter) {
        ErrorStatus status = ErrorStatus.of(code);
        Response.Whole response = of(status.http(), code, detail, requestId);
        Duration wait = retryAfter == null ? status.retryAfter() : retryAfter;
        return wait == null ? response : response.with("Retry-After", Long.toString(seconds(wait)));
    }

    /** @param status where HTTP wants another one than the table has */
    static Response.Whole of(int status, ErrorCode code, @Nullable String detail, String requestId) {
        return response(status, members(status, code, detail, requestId));
    }

    private static Map<String, Object> members(int status, ErrorCode code, @Nullable String detail, String requestId) {
        Map<String, Object> problem = new LinkedHashMap<>();
        problem.put("type", "about:blank");
        problem.put("title", HttpResponseStatus.valueOf(status).reasonPhrase());
        problem.put("status", status);
        problem.put("detail", detail == null ? code.name() : detail);
        problem.put("instance", requestId);
        problem.put("code", code.name());
        problem.put("retryable", code.retryable());
        return problem;
    }

    private static Response.Whole response(int status, Map<String, Object> problem) {
        return Response.json(status, problem).with("Content-Type", "application/problem+json");
    }

    /** Rounded up, since a retry that comes too early is refused again. */
    private static long seconds(Duration wait) {
        return Math.max(1, wait.plusMillis(999).toSeconds());
    }
}
