package io.hotplex.core.config;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import org.jspecify.annotations.Nullable;

/**
 * One setting: its name in files, its type, its default, and what it is for. Immutable; compared by identity.
 *
 * @param <T> the type of its values
 */
public final class ConfigKey<T> {
    private final String name;
    private final ValueType<T> type;
    private final String defaultText;
    private final T defaultValue;
    private final String description;

    ConfigKey(String name, ValueType<T> type, String defaultText, String description) {
        this.name = name;
        this.type = type;
        this.defaultText = defaultText;
        this.description = description;
        this.defaultValue = parse(defaultText);
    }

    /** The name in kebab-case; dots separate levels. */
    public String name() {
        return name;
    }

    /** What kind of value it takes, for people: {@code number}, {@code duration}, {@code list of path} … */
    public String type() {
        return type.name();
    }

    /** The default as text. */
    public String defaultText() {
        return defaultText;
    }

    /** The default. */
    public T defaultValue() {
        return defaultValue;
    }

    /** What the setting is for, in one line. */
    public String description() {
        return description;
    }

    /**
     * Reads a value.
     *
     * @throws HotPlexException CONFIG_INVALID, naming the key, what was given, and what is expected
     */
    public T parse(String text) {
        T value;
        try {
            value = type.parser().apply(text.strip());
        } catch (IllegalArgumentException e) {
            throw invalid(text, e);
        }
        check(value);
        return value;
    }

    /** The inverse of {@link #parse}. */
    public String print(T value) {
        return type.printer().apply(value);
    }

    void check(T value) {
        if (!type.range().test(value)) {
            throw invalid(String.valueOf(value), null);
        }
    }

    private HotPlexException invalid(String given, @Nullable Throwable cause) {
        return new HotPlexException(
                ErrorCode.CONFIG_INVALID, name + ": '" + given + "' (expected: " + type.expected() + ")", cause);
    }

    @Override
    public String toString() {
        return name;
    }
}
