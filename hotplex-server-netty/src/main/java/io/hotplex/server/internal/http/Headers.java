package io.hotplex.server.internal.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The headers of a request. Immutable; names in any case. */
public final class Headers {
    private final Map<String, List<String>> values = new TreeMap<>();

    Headers(Iterable<Map.Entry<String, String>> entries) {
        entries.forEach(
                entry -> values.computeIfAbsent(entry.getKey().toLowerCase(Locale.ROOT), name -> new ArrayList<>())
                        .add(entry.getValue()));
    }

    /** The first value of a header, or {@code null}. */
    public @Nullable String first(String name) {
        List<String> all = values.get(name.toLowerCase(Locale.ROOT));
        return all == null ? null : all.get(0);
    }

    /** Every value of a header, in order. */
    public List<String> all(String name) {
        return List.copyOf(values.getOrDefault(name.toLowerCase(Locale.ROOT), List.of()));
    }

    /** Names alone: values may be secret. */
    @Override
    public String toString() {
        return values.keySet().toString();
    }
}
