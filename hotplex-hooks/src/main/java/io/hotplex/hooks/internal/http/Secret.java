package io.hotplex.hooks.internal.http;

import io.hotplex.api.spi.EventHookFactory.Surroundings;
import io.hotplex.api.spi.HookConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A secret that is configured by where it is: {@code <key>-env} names an environment variable, {@code <key>-file} a
 * file, which is read for each use, so that it can be exchanged while everything runs. Immutable.
 */
public final class Secret {
    private final HookConfig config;
    private final String key;
    private final @Nullable Path file;
    private final @Nullable String text;

    private Secret(HookConfig config, String key, @Nullable Path file, @Nullable String text) {
        this.config = config;
        this.key = key;
        this.file = file;
        this.text = text;
    }

    /**
     * The secret of a key, or {@code null} when none is configured.
     *
     * @throws io.hotplex.api.HotPlexException CONFIG_INVALID when it is not where it should be
     */
    public static @Nullable Secret of(HookConfig config, String key, Surroundings surroundings) {
        String variable = config.text(key + "-env");
        String file = config.text(key + "-file");
        if (variable != null && file != null) {
            throw config.invalid(key + "-file", "either " + key + "-env or " + key + "-file");
        }
        if (variable != null) {
            Map<String, String> environment = surroundings.environment();
            String value = environment.getOrDefault(variable, "");
            if (value.isBlank()) {
                throw config.invalid(key + "-env", "the name of an environment variable that is set");
            }
            return new Secret(config, key, null, value.strip());
        }
        if (file == null) {
            return null;
        }
        Secret secret = new Secret(config, key, Path.of(file), null);
        secret.value();
        return secret;
    }

    /** @throws io.hotplex.api.HotPlexException CONFIG_INVALID when it is not where it should be */
    public String value() {
        if (text != null) {
            return text;
        }
        try {
            String value = file == null
                    ? ""
                    : Files.readString(file, StandardCharsets.UTF_8).strip();
            if (!value.isEmpty()) {
                return value;
            }
        } catch (IOException e) {
            // reported below
        }
        throw config.invalid(key + "-file", "a file that can be read, with the secret");
    }

    @Override
    public String toString() {
        return "Secret[" + key + "]";
    }
}
