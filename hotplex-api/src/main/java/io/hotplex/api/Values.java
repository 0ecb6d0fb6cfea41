package io.hotplex.api;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Deep copies and sizes of JSON-like values. */
final class Values {
    private Values() {}

    /** An unmodifiable deep copy that keeps order and nulls. */
    static Map<String, @Nullable Object> immutable(Map<String, ? extends @Nullable Object> map) {
        Map<String, @Nullable Object> copy = new LinkedHashMap<>();
        map.forEach((key, value) -> copy.put(key, immutableValue(value)));
        return Collections.unmodifiableMap(copy);
    }

    @SuppressWarnings("unchecked")
    private static @Nullable Object immutableValue(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            return immutable((Map<String, @Nullable Object>) map);
        }
        if (value instanceof List<?> list) {
            List<@Nullable Object> copy = new ArrayList<>(list.size());
            list.forEach(item -> copy.add(immutableValue(item)));
            return Collections.unmodifiableList(copy);
        }
        if (value == null || value instanceof String || value instanceof Number || value instanceof Boolean) {
            return value;
        }
        throw new IllegalArgumentException("value of " + value.getClass().getName() + " (expected: a JSON value)");
    }

    /** How many bytes the characters of a text take in memory: one each as long as all are of Latin-1, else two. */
    static long bytes(@Nullable String text) {
        if (text == null) {
            return 0;
        }
        int length = text.length();
        for (int i = 0; i < length; i++) {
            if (text.charAt(i) > 0xFF) {
                return 2L * length;
            }
        }
        return length;
    }

    /** The bytes of several texts. */
    static long bytes(@Nullable String... texts) {
        long sum = 0;
        for (String text : texts) {
            sum += bytes(text);
        }
        return sum;
    }

    /** About how many bytes a value holds. */
    static long weight(@Nullable Object value) {
        if (value instanceof String text) {
            return 40L + bytes(text);
        }
        if (value instanceof Map<?, ?> map) {
            long sum = 48;
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                sum += 32 + weight(entry.getKey()) + weight(entry.getValue());
            }
            return sum;
        }
        if (value instanceof List<?> list) {
            long sum = 40;
            for (Object item : list) {
                sum += 8 + weight(item);
            }
            return sum;
        }
        return 16;
    }
}
