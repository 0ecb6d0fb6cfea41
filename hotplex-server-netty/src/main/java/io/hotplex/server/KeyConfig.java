package io.hotplex.server;

import static io.hotplex.core.config.ValueType.choice;
import static io.hotplex.core.config.ValueType.count;
import static io.hotplex.core.config.ValueType.flag;
import static io.hotplex.core.config.ValueType.listOf;
import static io.hotplex.core.config.ValueType.orNone;
import static io.hotplex.core.config.ValueType.path;
import static io.hotplex.core.config.ValueType.text;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.core.config.ConfigKey;
import io.hotplex.core.config.ConfigTable;
import io.hotplex.core.config.ConfigValues;
import io.hotplex.core.config.ValueType;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * One key of a gateway: where its secret is known from, whose it is, and what it may do. Immutable. The secret itself
 * is never part of it. In a file, the settings of the key {@code ci} are {@code server.keys.ci.owner} and so on.
 */
public final class KeyConfig {
    private static final ConfigTable KEYS = new ConfigTable("a key of the server");
    private static final int MANY = 1_000_000;
    private static final Pattern ID_TEXT = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

    public static final ConfigKey<Optional<String>> SHA256 = key(
            "sha256",
            orNone(text("64 digits of lower case hexadecimal", Pattern.compile("[0-9a-f]{64}"))),
            "none",
            "The key's SHA-256 hash; hotplex key makes a key and its hash.");
    public static final ConfigKey<Optional<String>> ENV = key(
            "env",
            orNone(text("the name of an environment variable", Pattern.compile("[A-Za-z_][A-Za-z0-9_]*"))),
            "none",
            "Environment variable that has the key.");
    public static final ConfigKey<Optional<Path>> FILE =
            key("file", orNone(path()), "none", "File that has the key, such as a mounted secret.");
    public static final ConfigKey<Optional<String>> OWNER = key(
            "owner",
            orNone(text("1 to 128 visible characters", Pattern.compile("[\\x21-\\x7e]{1,128}"))),
            "none",
            "Whose sessions it may touch; none is the key's own name.");
    public static final ConfigKey<List<String>> SCOPES = key(
            "scopes",
            listOf(choice("session:read", "session:write", "session:approve", "admin")),
            "session:read,session:write",
            "What it may do; admin is health, metrics and operation, not the sessions of others.");
    public static final ConfigKey<Boolean> APPROVES = key(
            "approves",
            flag(),
            "true",
            "Whether session:write includes session:approve: answering what agents ask permission for.");
    public static final ConfigKey<Integer> REQUESTS_PER_SECOND =
            key("requests-per-second", count(1, MANY), "100", "Requests with it in a second; others get 429.");
    public static final ConfigKey<Integer> MAX_SESSIONS =
            key("max-sessions", count(1, MANY), "1000", "Open sessions of its owner that do not sleep.");
    public static final ConfigKey<Integer> MAX_TURNS =
            key("max-turns", count(1, MANY), "256", "Turns of its owner that run or wait.");

    private final String id;
    private final ConfigValues values;

    private KeyConfig(String id, ConfigValues values) {
        this.id = id;
        this.values = values;
    }

    /**
     * Reads the settings of a key.
     *
     * @param id its name, for logs: lower case letters, digits, dashes
     * @throws HotPlexException CONFIG_INVALID for an unknown setting, an unreadable value, or not exactly one source of
     *     the secret
     */
    public static KeyConfig fromProperties(String id, Map<String, String> properties) {
        if (!ID_TEXT.matcher(id).matches()) {
            throw new HotPlexException(
                    ErrorCode.CONFIG_INVALID,
                    ServerConfig.KEY_PREFIX + id + ": a malformed name (expected: lower case letters, digits, dashes)");
        }
        ConfigValues.Builder builder = ConfigValues.builder(KEYS);
        try {
            properties.forEach(builder::set);
        } catch (HotPlexException e) {
            throw new HotPlexException(e.code(), ServerConfig.KEY_PREFIX + id + "." + e.getMessage(), e);
        }
        ConfigValues values = builder.build();
        long sources = Stream.of(values.get(SHA256), values.get(ENV), values.get(FILE))
                .filter(Optional::isPresent)
                .count();
        if (sources != 1) {
            throw new HotPlexException(
                    ErrorCode.CONFIG_INVALID,
                    ServerConfig.KEY_PREFIX + id + ": " + sources + " of sha256, env and file are set (expected: one)");
        }
        return new KeyConfig(id, values);
    }

    /** Every setting, in the order of documentation. */
    public static List<ConfigKey<?>> keys() {
        return KEYS.keys();
    }

    /** Its name. */
    public String id() {
        return id;
    }

    /** Whose sessions it may touch. */
    public String owner() {
        return get(OWNER).orElse(id);
    }

    /** The value of a setting. */
    public <T> T get(ConfigKey<T> key) {
        return values.get(key);
    }

    @Override
    public String toString() {
        return "KeyConfig[" + id + ", owner=" + owner() + ", scopes=" + get(SCOPES) + "]";
    }

    private static <T> ConfigKey<T> key(String name, ValueType<T> type, String defaultText, String description) {
        return KEYS.key(name, type, defaultText, description);
    }
}
