package io.hotplex.server.internal.cli;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.core.EngineConfig;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * What is configured: the settings of the engine, and the providers in the order of the file.
 *
 * <p>They come from a properties file in UTF-8 whose keys are those of {@link EngineConfig} and
 * {@code provider.<name>.<setting>}; {@code provider.<name>.type} is the provider's type, by default its name.
 *
 * @param file the file that was read, or {@code null}
 */
record Settings(
        EngineConfig engine,
        List<ProviderConfig> providers,
        @Nullable Path file) {
    static final String FILE_NAME = "hotplex.properties";
    private static final String FILE_VARIABLE = "HOTPLEX_CONFIG";
    private static final String PROVIDER_PREFIX = "provider.";

    Settings {
        providers = List.copyOf(providers);
    }

    /**
     * @param wanted the file that the user named, or {@code null} for {@code $HOTPLEX_CONFIG}, else the one in the
     *     state directory if it is there
     * @param overrides {@code key=value} pairs that count more than the file
     * @throws HotPlexException CONFIG_INVALID, naming the key or the file
     */
    static Settings load(@Nullable String wanted, List<String> overrides, Surroundings surroundings) {
        Map<String, String> over = new LinkedHashMap<>();
        for (String override : overrides) {
            int equals = override.indexOf('=');
            if (equals < 1) {
                throw new UsageException("--set " + override + " (expected: --set key=value)");
            }
            over.put(override.substring(0, equals).strip(), override.substring(equals + 1));
        }
        Path file = file(wanted, over, surroundings);
        Map<String, String> all = file == null ? new LinkedHashMap<>() : read(file);
        all.putAll(over);
        return of(all, file);
    }

    /** Where to look for providers besides the installation. */
    List<Path> providerDirectories() {
        return List.of(engine.get(EngineConfig.STATE_DIRECTORY).resolve("providers"));
    }

    private static Settings of(Map<String, String> all, @Nullable Path file) {
        Map<String, String> engine = new LinkedHashMap<>();
        Map<String, Map<String, String>> providers = new LinkedHashMap<>();
        all.forEach((key, value) -> {
            if (key.startsWith(PROVIDER_PREFIX)) {
                int dot = key.indexOf('.', PROVIDER_PREFIX.length());
                if (dot < 0 || dot == key.length() - 1) {
                    throw new HotPlexException(
                            ErrorCode.CONFIG_INVALID, key + " (expected: provider.<name>.<setting>)");
                }
                providers
                        .computeIfAbsent(key.substring(PROVIDER_PREFIX.length(), dot), n -> new LinkedHashMap<>())
                        .put(key.substring(dot + 1), value);
            } else {
                engine.put(key, value);
            }
        });
        List<ProviderConfig> configs = new ArrayList<>();
        providers.forEach((name, settings) -> {
            String type = settings.remove("type");
            configs.add(ProviderConfig.of(name, type == null ? name : type.strip(), settings));
        });
        return new Settings(EngineConfig.fromProperties(engine), configs, file);
    }

    private static @Nullable Path file(@Nullable String wanted, Map<String, String> over, Surroundings surroundings) {
        String named = wanted == null ? surroundings.environment().getOrDefault(FILE_VARIABLE, "") : wanted;
        if (!named.isEmpty()) {
            return Paths.resolve(surroundings.directory(), named, wanted == null ? FILE_VARIABLE : "--config");
        }
        String state = over.get(EngineConfig.STATE_DIRECTORY.name());
        Path directory =
                state == null ? EngineConfig.STATE_DIRECTORY.defaultValue() : EngineConfig.STATE_DIRECTORY.parse(state);
        Path usual = directory.resolve(FILE_NAME);
        return Files.exists(usual) ? usual : null;
    }

    private static Map<String, String> read(Path file) {
        Map<String, String> ordered = new LinkedHashMap<>();
        Properties properties = new InOrder(ordered);
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            String what = Files.isDirectory(file)
                    ? "is a directory"
                    : Files.exists(file) ? "cannot be read as properties (" + e.getMessage() + ")" : "does not exist";
            throw new HotPlexException(ErrorCode.CONFIG_INVALID, "configuration file " + file + " " + what, e);
        }
        return ordered;
    }

    /** Properties that tell their order, which the class itself forgets. */
    private static final class InOrder extends Properties {
        private static final long serialVersionUID = 1L;

        private final transient Map<String, String> ordered;

        InOrder(Map<String, String> ordered) {
            this.ordered = ordered;
        }

        @Override
        public synchronized @Nullable Object put(Object key, Object value) {
            ordered.put((String) key, (String) value);
            return super.put(key, value);
        }
    }
}
