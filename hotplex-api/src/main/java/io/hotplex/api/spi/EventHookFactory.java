package io.hotplex.api.spi;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/** Makes hooks of one type; found with {@link java.util.ServiceLoader}. Thread-safe. */
public interface EventHookFactory {
    /** The settings that hooks of every type have; they are read by who runs hooks. */
    Set<String> COMMON_KEYS = Set.of(
            "events",
            "sessions",
            "providers",
            "owners",
            "severity",
            "from",
            "content",
            "concurrency",
            "batch-max-events",
            "retry-attempts",
            "retry-delay",
            "retry-max-delay",
            "dead-letter-max-bytes");

    /** The type's name in configuration. */
    String type();

    /** What hooks of this type have unless configured otherwise, of the settings that hooks of every type have. */
    default Map<String, String> defaults() {
        return Map.of();
    }

    /**
     * Makes a hook. Must not connect to anything: a hook whose receiver is away is made all the same.
     *
     * @throws io.hotplex.api.HotPlexException CONFIG_INVALID when a setting is unknown, missing or cannot be used
     */
    EventHook open(HookConfig config, Surroundings surroundings);

    /**
     * What a hook finds around it.
     *
     * @param directory where it may keep files of its own; made when it is first used
     * @param environment where secrets are that are configured as variables
     */
    record Surroundings(Path directory, Map<String, String> environment) {
        public Surroundings {
            environment = Map.copyOf(environment);
        }

        /** Without the environment, which has secrets. */
        @Override
        public String toString() {
            return "Surroundings[" + directory + "]";
        }
    }
}
