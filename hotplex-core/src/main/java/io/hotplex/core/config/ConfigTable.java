package io.hotplex.core.config;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The keys that somebody has, in the order of documentation. Filled by the constants of one class while that is
 * initialized, never changed after.
 */
public final class ConfigTable {
    private final String owner;
    private final Map<String, ConfigKey<?>> keys = new LinkedHashMap<>();

    /** @param owner whose settings they are, for errors: {@code the engine} */
    public ConfigTable(String owner) {
        this.owner = owner;
    }

    /** Adds a key. */
    public <T> ConfigKey<T> key(String name, ValueType<T> type, String defaultText, String description) {
        ConfigKey<T> key = new ConfigKey<>(name, type, defaultText, description);
        keys.put(name, key);
        return key;
    }

    /** Every key. */
    public List<ConfigKey<?>> keys() {
        return List.copyOf(keys.values());
    }

    /** The key of a name, or {@code null}. */
    public @Nullable ConfigKey<?> find(String name) {
        return keys.get(name);
    }

    /** The refusal of a name that is none of the keys. */
    public HotPlexException unknown(String name) {
        return unknown(name, owner, keys.keySet());
    }

    /** The refusal of a name that is not known, with the one that was probably meant. */
    public static HotPlexException unknown(String name, String owner, Collection<String> known) {
        String closest = known.stream()
                .min(Comparator.comparingInt(candidate -> distance(name, candidate)))
                .orElseThrow();
        return new HotPlexException(
                ErrorCode.CONFIG_INVALID, name + " is not a setting of " + owner + " (closest known: " + closest + ")");
    }

    /** How many characters to insert, delete or replace to make one text of the other. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
