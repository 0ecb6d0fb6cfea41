package io.hotplex.api.spi;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The settings of one configured hook: its instance name, its type, and kebab-case keys with text values. Immutable;
 * values are not part of {@link #toString()}, since they may be secret.
 */
public final class HookConfig {
    /** Begins the names of settings of hooks: {@code hook.<name>.<setting>}. */
    public static final String PREFIX = "hook.";

    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

    private final String name;
    private final String type;
    private final Map<String, String> settings;

    private HookConfig(String name, String type, Map<String, String> settings) {
        this.name = name;
        this.type = type;
        this.settings = Map.copyOf(settings);
    }

    /**
     * @param name the instance's name, unique in an engine: lower case letters, digits and dashes
     * @param type which {@link EventHookFactory} makes it
     * @throws HotPlexException CONFIG_INVALID when the name is malformed
     */
    public static HookConfig of(String name, String type, Map<String, String> settings) {
        if (!NAME.matcher(name).matches()) {
            throw new HotPlexException(
                    ErrorCode.CONFIG_INVALID,
                    "hook name '" + name + "' (expected: lower case letters, digits, dashes)");
        }
        return new HookConfig(name, type, settings);
    }

    /** The same with values for keys that are not set. */
    public HookConfig withDefaults(Map<String, String> defaults) {
        Map<String, String> all = new TreeMap<>(defaults);
        all.putAll(settings);
        return new HookConfig(name, type, all);
    }

    public String name() {
        return name;
    }

    public String type() {
        return type;
    }

    /** Everything that is set, as text. */
    public Map<String, String> settings() {
        return settings;
    }

    /** The text of a key, or {@code null} when it is not set. */
    public @Nullable String text(String key) {
        return settings.get(key);
    }

    /** The text of a key. */
    public String text(String key, String fallback) {
        return settings.getOrDefault(key, fallback);
    }

    /**
     * The text of a key that has to be there.
     *
     * @throws HotPlexException CONFIG_INVALID when it is not
     */
    public String required(String key) {
        String value = settings.get(key);
        if (value == null || value.isBlank()) {
            throw new HotPlexException(
                    ErrorCode.CONFIG_INVALID,
                    PREFIX + name + "." + key + " is missing (expected: a value; see docs/hooks.md)");
        }
        return value;
    }

    /** The comma-separated list of a key. */
    public List<String> list(String key, String fallback) {
        List<String> items = new ArrayList<>();
        for (String item : settings.getOrDefault(key, fallback).split(",", -1)) {
            if (!item.isBlank()) {
                items.add(item.strip());
            }
        }
        return List.copyOf(items);
    }

    /**
     * One of several words.
     *
     * @throws HotPlexException CONFIG_INVALID for another
     */
    public String choice(String key, String fallback, Set<String> options) {
        String value = settings.getOrDefault(key, fallback);
        if (!options.contains(value)) {
            throw invalid(key, "one of " + String.join(", ", new TreeSet<>(options)));
        }
        return value;
    }

    /**
     * The flag of a key.
     *
     * @throws HotPlexException CONFIG_INVALID unless {@code true} or {@code false}
     */
    public boolean flag(String key, boolean fallback) {
        return Boolean.parseBoolean(choice(key, Boolean.toString(fallback), Set.of("true", "false")));
    }

    /**
     * The whole number of a key.
     *
     * @throws HotPlexException CONFIG_INVALID unless a number from {@code min} to {@code max}
     */
    public int number(String key, int fallback, int min, int max) {
        String value = settings.get(key);
        try {
            int number = value == null ? fallback : Integer.parseInt(value.strip());
            if (number >= min && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            // reported below, with the key
        }
        throw invalid(key, "a whole number from " + min + " to " + max);
    }

    /**
     * The duration of a key, such as {@code 500ms}, {@code 30s}, {@code 10m} or {@code 2h}.
     *
     * @throws HotPlexException CONFIG_INVALID unless a duration from 1 ms to 365 days
     */
    public Duration duration(String key, String fallback) {
        Duration value = ProviderConfig.parseDuration(settings.getOrDefault(key, fallback));
        if (value == null || value.isZero() || value.compareTo(Duration.ofDays(365)) > 0) {
            throw invalid(key, "a duration such as 500ms, 30s, 10m or 2h, from 1ms to 365d");
        }
        return value;
    }

    /** All settings with a prefix that ends with a dot, the prefix cut off. */
    public Map<String, String> section(String prefix) {
        Map<String, String> section = new TreeMap<>();
        settings.forEach((key, value) -> {
            if (key.startsWith(prefix)) {
                section.put(key.substring(prefix.length()), value);
            }
        });
        return Map.copyOf(section);
    }

    /**
     * Refuses keys that the hook does not know; call it once when a hook is made. Those that every hook has are known.
     *
     * @param known keys, or prefixes that end with a dot
     * @throws HotPlexException CONFIG_INVALID, naming the unknown key and the known ones
     */
    public void allowOnly(Set<String> known) {
        Set<String> all = new TreeSet<>(known);
        all.addAll(EventHookFactory.COMMON_KEYS);
        for (String key : settings.keySet()) {
            int dot = key.indexOf('.');
            if (!all.contains(key) && !(dot > 0 && all.contains(key.substring(0, dot + 1)))) {
                throw new HotPlexException(
                        ErrorCode.CONFIG_INVALID,
                        PREFIX + name + "." + key + " is not a setting of a hook of type '" + type + "'; known: "
                                + all);
            }
        }
    }

    /** The refusal of a key's value, saying what is expected; the value itself is not told, since it may be secret. */
    public HotPlexException invalid(String key, String expected) {
        return new HotPlexException(
                ErrorCode.CONFIG_INVALID, PREFIX + name + "." + key + " cannot be used (expected: " + expected + ")");
    }

    @Override
    public String toString() {
        return "HookConfig[" + name + ", type=" + type + ", keys=" + new TreeSet<>(settings.keySet()) + "]";
    }
}
