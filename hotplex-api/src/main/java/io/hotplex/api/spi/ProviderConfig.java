package io.hotplex.api.spi;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The settings of one configured provider: its instance name, its type, and kebab-case keys with text values. Lists are
 * separated by commas. Immutable; values are not part of {@link #toString()}, since they may be secret.
 */
public final class ProviderConfig {
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

    private final String name;
    private final String type;
    private final Map<String, String> settings;

    private ProviderConfig(String name, String type, Map<String, String> settings) {
        this.name = name;
        this.type = type;
        this.settings = Map.copyOf(settings);
    }

    /**
     * @param name the instance's name, unique in an engine: lower case letters, digits and dashes
     * @param type which {@link AgentProviderFactory} makes it
     * @throws HotPlexException CONFIG_INVALID when the name is malformed
     */
    public static ProviderConfig of(String name, String type, Map<String, String> settings) {
        if (!NAME.matcher(name).matches()) {
            throw new HotPlexException(
                    ErrorCode.CONFIG_INVALID,
                    "provider name '" + name + "' (expected: lower case letters, digits, dashes)");
        }
        return new ProviderConfig(name, type, settings);
    }

    /** A provider with default settings, named like its type. */
    public static ProviderConfig of(String type) {
        return of(type, type, Map.of());
    }

    /** A copy with one more setting. */
    public ProviderConfig with(String key, String value) {
        Map<String, String> copy = new LinkedHashMap<>(settings);
        copy.put(key, value);
        return new ProviderConfig(name, type, copy);
    }

    public String name() {
        return name;
    }

    public String type() {
        return type;
    }

    /** The keys that are set. */
    public Set<String> keys() {
        return settings.keySet();
    }

    /** The text of a key, or {@code null} when it is not set. */
    public @Nullable String text(String key) {
        return settings.get(key);
    }

    /** The comma-separated list of a key; empty when it is not set. */
    public List<String> list(String key) {
        String value = settings.get(key);
        List<String> items = new ArrayList<>();
        for (String item : value == null ? new String[0] : value.split(",", -1)) {
            if (!item.isBlank()) {
                items.add(item.strip());
            }
        }
        return List.copyOf(items);
    }

    /**
     * The flag of a key.
     *
     * @throws HotPlexException CONFIG_INVALID unless {@code true} or {@code false}
     */
    public boolean flag(String key, boolean fallback) {
        String value = settings.get(key);
        if (value == null) {
            return fallback;
        }
        if (!value.equals("true") && !value.equals("false")) {
            throw invalid(key, "true or false");
        }
        return value.equals("true");
    }

    /**
     * The whole number of a key.
     *
     * @throws HotPlexException CONFIG_INVALID unless a number from {@code min} to {@code max}
     */
    public int number(String key, int fallback, int min, int max) {
        String value = settings.get(key);
        if (value == null) {
            return fallback;
        }
        try {
            int number = Integer.parseInt(value);
            if (number >= min && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            // reported below, with the key
        }
        throw invalid(key, "a whole number from " + min + " to " + max);
    }

    /**
     * All settings with a prefix, the prefix cut off: {@code environment.FOO} gives {@code FOO} for
     * {@code environment.}.
     */
    public Map<String, String> section(String prefix) {
        Map<String, String> section = new LinkedHashMap<>();
        settings.forEach((key, value) -> {
            if (key.startsWith(prefix)) {
                section.put(key.substring(prefix.length()), value);
            }
        });
        return Map.copyOf(section);
    }

    /**
     * Refuses keys that the provider does not know; call it once when a provider is made.
     *
     * @param known keys, or prefixes that end with a dot
     * @throws HotPlexException CONFIG_INVALID, naming the unknown key and the known ones
     */
    public void allowOnly(Set<String> known) {
        for (String key : settings.keySet()) {
            int dot = key.indexOf('.');
            if (!known.contains(key) && !(dot > 0 && known.contains(key.substring(0, dot + 1)))) {
                throw new HotPlexException(
                        ErrorCode.CONFIG_INVALID,
                        "provider." + name + "." + key + " is not a setting of type '" + type + "'; known: "
                                + new java.util.TreeSet<>(new LinkedHashSet<>(known)));
            }
        }
    }

    private HotPlexException invalid(String key, String expected) {
        return new HotPlexException(
                ErrorCode.CONFIG_INVALID,
                "provider." + name + "." + key + ": '" + settings.get(key) + "' (expected: " + expected + ")");
    }

    /**
     * The duration that a text such as {@code 500ms}, {@code 30s}, {@code 10m}, {@code 2h} or {@code 1d} stands for, or
     * {@code null} when it stands for none.
     */
    public static @Nullable Duration parseDuration(String value) {
        java.util.regex.Matcher m = Pattern.compile("(\\d{1,12})(ms|s|m|h|d)").matcher(value.strip());
        if (!m.matches()) {
            return null;
        }
        long amount = Long.parseLong(m.group(1));
        return switch (m.group(2)) {
            case "ms" -> Duration.ofMillis(amount);
            case "s" -> Duration.ofSeconds(amount);
            case "m" -> Duration.ofMinutes(amount);
            case "h" -> Duration.ofHours(amount);
            default -> Duration.ofDays(amount);
        };
    }

    @Override
    public String toString() {
        return "ProviderConfig[" + name + ", type=" + type + ", keys=" + new java.util.TreeSet<>(settings.keySet())
                + "]";
    }
}
