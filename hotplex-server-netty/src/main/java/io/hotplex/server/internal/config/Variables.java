package io.hotplex.server.internal.config;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.core.EngineConfig;
import io.hotplex.server.ServerConfig;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The environment variables of HotPlex for Go that name settings; its keys are read by {@code Keys}. */
final class Variables {
    private static final Pattern GO_DURATION = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,3})?)(h|ms|m|s)");

    private Variables() {}

    /** What they set. */
    static Map<String, Settings.Value> of(Map<String, String> environment) {
        Map<String, Settings.Value> set = new LinkedHashMap<>();
        take(set, environment, "PORT", ServerConfig.PORT.name());
        take(set, environment, "HOTPLEX_ALLOWED_ORIGINS", ServerConfig.ALLOWED_ORIGINS.name());
        String idle = environment.getOrDefault("IDLE_TIMEOUT", "");
        if (!idle.isBlank()) {
            set.put(
                    EngineConfig.IDLE_TIMEOUT.name(),
                    new Settings.Value(goDuration(idle.strip()).toMillis() + "ms", "IDLE_TIMEOUT: "));
        }
        return set;
    }

    private static void take(
            Map<String, Settings.Value> set, Map<String, String> environment, String variable, String key) {
        String value = environment.getOrDefault(variable, "");
        if (!value.isBlank()) {
            set.put(key, new Settings.Value(value, variable + ": "));
        }
    }

    /** {@code 1h30m} and {@code 1.5h} are durations in Go. */
    private static Duration goDuration(String text) {
        Matcher part = GO_DURATION.matcher(text);
        double millis = 0;
        int end = 0;
        while (part.find() && part.start() == end) {
            end = part.end();
            millis += Double.parseDouble(part.group(1))
                    * switch (part.group(2)) {
                        case "h" -> 3_600_000;
                        case "m" -> 60_000;
                        case "s" -> 1000;
                        default -> 1;
                    };
        }
        if (end == 0 || end != text.length()) {
            throw new HotPlexException(
                    ErrorCode.CONFIG_INVALID,
                    "IDLE_TIMEOUT: '" + text + "' (expected: a duration such as 30m or 1h30m)");
        }
        return Duration.ofMillis(Math.round(millis));
    }
}
