package io.hotplex.server.internal.auth;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.server.KeyConfig;
import io.hotplex.server.ServerConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Makes keys of what is configured. */
public final class Keys {
    /** The owner of who uses a gateway alone. */
    public static final String LOCAL = "local";

    private static final String ONE = "HOTPLEX_API_KEY";
    private static final String SEVERAL = "HOTPLEX_API_KEYS";
    /** What a guess finds in no time is no key. */
    private static final int LEAST_LENGTH = 16;
    /** Of the hash, in the name of an owner: two of a million keys have the same ones once in hundreds of cases. */
    private static final int OWNER_DIGITS = 12;

    private Keys() {}

    /**
     * The keys of a configuration and of an environment.
     *
     * @throws HotPlexException CONFIG_INVALID when a secret is not where it should be, too short, or there twice
     */
    public static List<ApiKey> of(List<KeyConfig> configured, Map<String, String> environment) {
        List<ApiKey> keys = new ArrayList<>();
        configured.forEach(key -> keys.add(of(key, environment)));
        keys.addAll(ofEnvironment(environment));
        return distinct(keys);
    }

    /** The keys of a configuration and an environment as they are sent, as far as that is known. */
    public static List<String> known(List<KeyConfig> configured, Map<String, String> environment) {
        List<String> secrets = new ArrayList<>();
        configured.stream()
                .filter(key -> key.get(KeyConfig.SHA256).isEmpty())
                .forEach(key -> secrets.add(secret(key, environment)));
        for (String variable : List.of(ONE, SEVERAL)) {
            secrets.addAll(List.of(environment.getOrDefault(variable, "").split(",", -1)));
        }
        return secrets;
    }

    /**
     * The same keys, each of them with a name and a secret of its own: names are what quotas and logs go by, and of two
     * keys with one secret nobody knows which one it opens.
     *
     * @throws HotPlexException CONFIG_INVALID when one is there twice
     */
    public static List<ApiKey> distinct(List<ApiKey> keys) {
        Map<String, String> bySecret = new HashMap<>();
        Set<String> names = new HashSet<>();
        for (ApiKey key : keys) {
            String name = key.principal().keyId();
            String other = bySecret.putIfAbsent(key.sha256(), name);
            if (other != null) {
                throw new HotPlexException(
                        ErrorCode.CONFIG_INVALID,
                        "the keys " + other + " and " + name + " have the same secret (expected: one for each)");
            }
            if (!names.add(name)) {
                throw new HotPlexException(
                        ErrorCode.CONFIG_INVALID,
                        "two keys are named " + name + " (expected: another name than " + ServerConfig.KEY_PREFIX + name
                                + ")");
            }
        }
        return keys;
    }

    /** The one key of a gateway that has no other. */
    public static ApiKey ofTokenFile(Path stateDirectory) {
        return everything("token", LOCAL, TokenFile.readOrMake(stateDirectory));
    }

    /** A key for everything. */
    public static ApiKey everything(String id, String owner, String secret) {
        return ApiKey.of(secret, new Principal(owner, EnumSet.allOf(Scope.class), id), Quota.UNLIMITED);
    }

    private static ApiKey of(KeyConfig config, Map<String, String> environment) {
        Set<Scope> scopes = config.get(KeyConfig.SCOPES).stream()
                .map(text -> Scope.of(text).orElseThrow())
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(Scope.class)));
        if (scopes.contains(Scope.SESSION_WRITE) && config.get(KeyConfig.APPROVES)) {
            scopes.add(Scope.SESSION_APPROVE);
        }
        Principal principal = new Principal(config.owner(), scopes, config.id());
        Quota quota = new Quota(
                config.get(KeyConfig.REQUESTS_PER_SECOND),
                config.get(KeyConfig.MAX_SESSIONS),
                config.get(KeyConfig.MAX_TURNS));
        String hash = config.get(KeyConfig.SHA256).orElse(null);
        return hash != null
                ? new ApiKey(hash, principal, quota)
                : ApiKey.of(secret(config, environment), principal, quota);
    }

    private static String secret(KeyConfig config, Map<String, String> environment) {
        String variable = config.get(KeyConfig.ENV).orElse(null);
        Path file = config.get(KeyConfig.FILE).orElse(null);
        String where = variable != null ? "the variable " + variable : "the file " + file;
        return checked("server.keys." + config.id(), where, variable != null ? environment.get(variable) : read(file));
    }

    private static @Nullable String read(@Nullable Path file) {
        try {
            return file == null ? null : Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return null;
        }
    }

    /**
     * As the Go version has it: a list wins over the single one, and the first is for operators as well. The owner is
     * made of the key, not of its place: who takes one out of the list gives its sessions to nobody else.
     */
    private static List<ApiKey> ofEnvironment(Map<String, String> environment) {
        List<ApiKey> keys = new ArrayList<>();
        String list = environment.getOrDefault(SEVERAL, "");
        String single = environment.getOrDefault(ONE, "");
        if (list.isBlank()) {
            if (!single.isBlank()) {
                keys.add(everything("env", LOCAL, checked(ONE, "it", single)));
            }
            return keys;
        }
        for (String secret : list.split(",", -1)) {
            if (!secret.isBlank()) {
                String value = checked(SEVERAL, "an item of it", secret);
                String id = "env-" + ApiKey.hash(value).substring(0, OWNER_DIGITS);
                Set<Scope> scopes =
                        keys.isEmpty() ? EnumSet.allOf(Scope.class) : EnumSet.complementOf(EnumSet.of(Scope.ADMIN));
                keys.add(ApiKey.of(value, new Principal(id, scopes, id), Quota.UNLIMITED));
            }
        }
        return keys;
    }

    private static String checked(String key, String where, @Nullable String secret) {
        String value = secret == null ? "" : secret.strip();
        if (value.length() < LEAST_LENGTH) {
            throw new HotPlexException(
                    ErrorCode.CONFIG_INVALID,
                    key + ": " + where + (secret == null ? " is not there or cannot be read" : " is too short")
                            + " (expected: a key of at least " + LEAST_LENGTH + " characters)");
        }
        return value;
    }
}
