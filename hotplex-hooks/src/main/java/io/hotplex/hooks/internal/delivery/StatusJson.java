package io.hotplex.hooks.internal.delivery;

import io.hotplex.api.spi.HookStatus;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The JSON form of a hook's status. */
public final class StatusJson {
    private StatusJson() {}

    /** @param at when it was so */
    public static Map<String, @Nullable Object> map(HookStatus status, Instant at) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("hook", status.name());
        map.put("type", status.type());
        map.put("state", status.state().name().toLowerCase(Locale.ROOT));
        map.put("lag_records", status.lagRecords());
        map.put("lag_ms", status.lag().toMillis());
        map.put("delivered", status.delivered());
        map.put("failed_attempts", status.failedAttempts());
        map.put("dead_letters", status.deadLetters());
        map.put("lost", status.lost());
        map.put("last_error", status.lastError());
        map.put(
                "last_error_at",
                status.lastErrorAt() == null ? null : status.lastErrorAt().toString());
        map.put("at", at.toString());
        return map;
    }
}
