package io.hotplex.server.internal.config;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.config.ConfigKey;
import io.hotplex.core.config.ConfigTable;
import io.hotplex.server.KeyConfig;
import io.hotplex.server.ServerConfig;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is configured: engine, server, and the providers and hooks in the order of the file. Immutable.
 *
 * <p>The command line counts most, then the environment, then the file, then defaults.
 *
 * @param file the file that was read, or {@code null}
 */
public record Settings(
        EngineConfig engine,
        ServerConfig server,
        List<ProviderConfig> providers,
        List<HookConfig> hooks,
        @Nullable Path file) {
    public static final String FILE_NAME = "hotplex.yaml";
    private static final String FILE_VARIABLE = "HOTPLEX_CONFIG";
    private static final String PROVIDER_PREFIX = "provider.";

    public Settings {
        providers = List.copyOf(providers);
        hooks = List.copyOf(hooks);
    }

    /**
     * Where settings come from.
     *
     * @param wanted the file that the user named, or {@code null} for {@code $HOTPLEX_CONFIG}, else the one in the
     *     state directory if it is there
     * @param overrides settings of the command line
     * @param directory what a relative path is relative to
     * @param serving whether it is for a server: then its variables count, {@code PORT} and the like, which mean
     *     something else to others, and the journal is durable by default
     */
    public record Sources(
            @Nullable String wanted,
            Map<String, String> overrides,
            Map<String, String> environment,
            Path directory,
            boolean serving) {
        public Sources {
            overrides = new LinkedHashMap<>(overrides);
            environment = Map.copyOf(environment);
        }
    }

    /** @throws HotPlexException CONFIG_INVALID, naming the key or the file, and the line */
    public static Settings load(Sources sources) {
        Path file = file(sources);
        Map<String, YamlFile.Setting> read = file == null ? Map.of() : YamlFile.read(file);
        Map<String, Value> all = new LinkedHashMap<>();
        if (sources.serving()) { // who runs a server does not expect a restart to lose what was said
            all.put(EngineConfig.JOURNAL.name(), new Value("sqlite", ""));
        }
        read.forEach((key, setting) -> all.put(
                key, new Value(setting.text(), "configuration file " + file + ", line " + setting.line() + ": ")));
        if (sources.serving()) {
            Variables.of(sources.environment()).forEach((key, value) -> all.put(key, value));
        }
        sources.overrides().forEach((key, text) -> all.put(key, new Value(text, "")));
        return of(all, file);
    }

    /** What is not wrong, but will surprise; one line each. */
    public List<String> notices() {
        Path fallback =
                server.get(ServerConfig.DEFAULT_WORK_DIR).toAbsolutePath().normalize();
        List<Path> roots = engine.get(EngineConfig.WORK_DIR_ROOTS);
        boolean within = roots.isEmpty()
                || roots.stream()
                        .anyMatch(root ->
                                fallback.startsWith(root.toAbsolutePath().normalize()));
        return within
                ? List.of()
                : List.of("sessions whose client names no directory will be refused: server.default-work-dir, "
                        + fallback + ", is in none of work-dir-roots");
    }

    /** Where hooks keep their files. */
    public Path hooksDirectory() {
        return engine.get(EngineConfig.STATE_DIRECTORY).resolve("hooks");
    }

    /** Where to look for providers besides the installation. */
    public List<Path> providerDirectories() {
        return List.of(engine.get(EngineConfig.STATE_DIRECTORY).resolve("providers"));
    }

    /** @param origin begins the message about a value that cannot be read */
    record Value(String text, String origin) {}

    private static Settings of(Map<String, Value> all, @Nullable Path file) {
        EngineConfig.Builder engine = EngineConfig.builder();
        ServerConfig.Builder server = ServerConfig.builder();
        Map<String, Map<String, String>> providers = new LinkedHashMap<>();
        Map<String, Map<String, String>> hooks = new LinkedHashMap<>();
        all.forEach((key, value) -> {
            try {
                if (key.startsWith(PROVIDER_PREFIX)) {
                    named(providers, PROVIDER_PREFIX, key, value.text());
                } else if (key.startsWith(HookConfig.PREFIX)) {
                    named(hooks, HookConfig.PREFIX, key, value.text());
                } else if (key.startsWith(ServerConfig.KEY_PREFIX) || known(ServerConfig.keys(), key)) {
                    server.set(key, value.text());
                } else if (known(EngineConfig.keys(), key)) {
                    engine.set(key, value.text());
                } else {
                    throw ConfigTable.unknown(key, "HotPlex", names());
                }
            } catch (HotPlexException e) {
                throw new HotPlexException(e.code(), value.origin() + e.getMessage(), e);
            }
        });
        List<ProviderConfig> configs = new ArrayList<>();
        providers.forEach((name, settings) -> {
            String type = settings.remove("type");
            configs.add(ProviderConfig.of(name, type == null ? name : type.strip(), settings));
        });
        ServerConfig serverConfig = server.build();
        List<HookConfig> hookConfigs = new ArrayList<>();
        hooks.forEach((name, settings) -> {
            String type = settings.remove("type");
            hookConfigs.add(HookConfig.of(name, type == null ? name : type.strip(), settings));
        });
        return new Settings(withHidden(engine, serverConfig, file), serverConfig, configs, hookConfigs, file);
    }

    /** No agent in a sandbox is to see the keys that are in files: this one, those of clients, the certificate's. */
    private static EngineConfig withHidden(EngineConfig.Builder engine, ServerConfig server, @Nullable Path file) {
        List<Path> hidden = new ArrayList<>(engine.build().get(EngineConfig.CONFINEMENT_HIDDEN_PATHS));
        server.get(ServerConfig.TLS_KEY).ifPresent(hidden::add);
        server.clientKeys().forEach(key -> key.get(KeyConfig.FILE).ifPresent(hidden::add));
        if (file != null) {
            hidden.add(file.toAbsolutePath());
        }
        return engine.set(EngineConfig.CONFINEMENT_HIDDEN_PATHS, hidden).build();
    }

    private static boolean known(List<ConfigKey<?>> keys, String name) {
        return keys.stream().anyMatch(key -> key.name().equals(name));
    }

    private static List<String> names() {
        return Stream.concat(EngineConfig.keys().stream(), ServerConfig.keys().stream())
                .map(ConfigKey::name)
                .toList();
    }

    private static void named(Map<String, Map<String, String>> all, String prefix, String key, String text) {
        int dot = key.indexOf('.', prefix.length());
        if (dot < 0 || dot == key.length() - 1) {
            throw new HotPlexException(ErrorCode.CONFIG_INVALID, key + " (expected: " + prefix + "<name>.<setting>)");
        }
        all.computeIfAbsent(key.substring(prefix.length(), dot), n -> new LinkedHashMap<>())
                .put(key.substring(dot + 1), text);
    }

    private static @Nullable Path file(Sources sources) {
        String wanted = sources.wanted();
        String named = wanted == null ? sources.environment().getOrDefault(FILE_VARIABLE, "") : wanted;
        if (!named.isEmpty()) {
            try {
                return sources.directory().resolve(named).normalize();
            } catch (InvalidPathException e) {
                throw new HotPlexException(
                        ErrorCode.CONFIG_INVALID, "configuration file: not a path (" + e.getReason() + ")", e);
            }
        }
        String state = sources.overrides().get(EngineConfig.STATE_DIRECTORY.name());
        Path directory =
                state == null ? EngineConfig.STATE_DIRECTORY.defaultValue() : EngineConfig.STATE_DIRECTORY.parse(state);
        Path usual = directory.resolve(FILE_NAME);
        return Files.exists(usual) ? usual : null;
    }
}
