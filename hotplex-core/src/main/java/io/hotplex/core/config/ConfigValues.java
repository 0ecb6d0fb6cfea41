package io.hotplex.core.config;

import io.hotplex.api.HotPlexException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/** What is set of the keys of one table; the others have their defaults. Immutable. */
public final class ConfigValues {
    private final ConfigTable table;
    private final Map<ConfigKey<?>, Object> values;

    private ConfigValues(ConfigTable table, Map<ConfigKey<?>, Object> values) {
        this.table = table;
        this.values = Map.copyOf(values);
    }

    /** Collects values for the keys of a table. */
    public static Builder builder(ConfigTable table) {
        return new Builder(table);
    }

    /** The value of a setting. */
    public <T> T get(ConfigKey<T> key) {
        Object value = values.get(key);
        @SuppressWarnings("unchecked") // the builder stores a T for each ConfigKey<T>, and nothing else
        T typed = value == null ? key.defaultValue() : (T) value;
        return typed;
    }

    /** The value of a setting as text. */
    public <T> String print(ConfigKey<T> key) {
        return key.print(get(key));
    }

    /** All settings as text, defaults included, in the order of the table. */
    public Map<String, String> toProperties() {
        Map<String, String> properties = new LinkedHashMap<>();
        table.keys().forEach(key -> properties.put(key.name(), print(key)));
        return properties;
    }

    @Override
    public String toString() {
        return toProperties().entrySet().stream().map(Map.Entry::toString).collect(Collectors.joining(", ", "[", "]"));
    }

    /** Collects settings. Not thread-safe. */
    public static final class Builder {
        private final ConfigTable table;
        private final Map<ConfigKey<?>, Object> values = new HashMap<>();

        private Builder(ConfigTable table) {
            this.table = table;
        }

        /**
         * Sets a value.
         *
         * @throws HotPlexException CONFIG_INVALID when the value is out of the key's range
         */
        public <T> Builder set(ConfigKey<T> key, T value) {
            key.check(Objects.requireNonNull(value, key.name()));
            values.put(key, value instanceof List<?> list ? List.copyOf(list) : value);
            return this;
        }

        /**
         * Sets a value from text.
         *
         * @throws HotPlexException CONFIG_INVALID when the key is unknown or its value cannot be read
         */
        public Builder set(String name, String text) {
            ConfigKey<?> key = table.find(name);
            if (key == null) {
                throw table.unknown(name);
            }
            values.put(key, key.parse(text));
            return this;
        }

        /** The settings. */
        public ConfigValues build() {
            return new ConfigValues(table, values);
        }
    }
}
