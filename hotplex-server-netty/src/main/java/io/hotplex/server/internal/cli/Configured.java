package io.hotplex.server.internal.cli;

import io.hotplex.server.ServerConfig;
import io.hotplex.server.internal.config.Settings;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the settings that a command line asks for. */
final class Configured {
    private Configured() {}

    /** Those of {@code --config} and {@code --set}. */
    static Settings settings(Arguments arguments, Surroundings surroundings) {
        return Settings.load(sources(arguments.one("--config"), arguments, surroundings, false));
    }

    /** Those of a server: {@code --host}, {@code --port} and variables too. */
    static Settings.Sources forServer(@Nullable String file, Arguments arguments, Surroundings surroundings) {
        return sources(file, arguments, surroundings, true);
    }

    private static Settings.Sources sources(
            @Nullable String file, Arguments arguments, Surroundings surroundings, boolean serving) {
        Map<String, String> overrides = new LinkedHashMap<>();
        for (String override : arguments.all("--set")) {
            int equals = override.indexOf('=');
            if (equals < 1) {
                throw new UsageException("--set " + override + " (expected: --set key=value)");
            }
            overrides.put(override.substring(0, equals).strip(), override.substring(equals + 1));
        }
        put(overrides, ServerConfig.HOST.name(), arguments.one("--host"));
        put(overrides, ServerConfig.PORT.name(), arguments.one("--port"));
        return new Settings.Sources(file, overrides, surroundings.environment(), surroundings.directory(), serving);
    }

    private static void put(Map<String, String> overrides, String key, @Nullable String value) {
        if (value != null) {
            overrides.put(key, value);
        }
    }
}
