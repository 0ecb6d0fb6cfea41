package io.hotplex.server.internal.opencode;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes JSON objects with their fields in order. */
final class Values {
    private Values() {}

    /** About how many characters a JSON value holds. */
    static int chars(@Nullable Object value) {
        long chars = 0;
        if (value instanceof CharSequence text) {
            chars = text.length();
        } else if (value instanceof Map<?, ?> object) {
            for (Object item : object.values()) {
                chars += chars(item);
            }
        } else if (value instanceof Collection<?> list) {
            for (Object item : list) {
                chars += chars(item);
            }
        }
        return (int) Math.min(Integer.MAX_VALUE / 2, chars);
    }

    /** An object of names and values in turn; a value of {@code null} leaves its field out. */
    static Map<String, @Nullable Object> object(@Nullable Object... namesAndValues) {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            Object value = namesAndValues[i + 1];
            if (value != null) {
                object.put(String.valueOf(namesAndValues[i]), value);
            }
        }
        return object;
    }
}
