package io.hotplex.server.internal.providers;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.AgentProviderFactory;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The types of providers that there are. Immutable.
 *
 * @param types those of the installation first
 * @param broken what cannot be used, and why; it never keeps the others from working
 */
public record ProviderTypes(List<ProviderType> types, List<Broken> broken) {
    private static final Logger log = LoggerFactory.getLogger(ProviderTypes.class);
    private static final String DIRECTORY = "providers";

    public ProviderTypes {
        types = List.copyOf(types);
        broken = List.copyOf(broken);
    }

    /** Something that was dropped in and cannot be used. */
    public record Broken(Path origin, String reason) {
        /** One line for people. */
        public String describe() {
            return origin + " is not used: " + reason;
        }
    }

    /**
     * Looks for providers on the class path, in the directory {@code providers} of the installation, and in others.
     *
     * @param directories where to look besides; one that is missing has nothing
     */
    public static ProviderTypes find(List<Path> directories) {
        Map<String, ProviderType> byName = new LinkedHashMap<>();
        builtIn().forEach(type -> byName.put(type.name(), type));
        List<Broken> broken = new ArrayList<>();
        List<Path> all = new ArrayList<>();
        Path own = installation();
        if (own != null) {
            all.add(own.resolve(DIRECTORY));
        }
        directories.forEach(all::add);
        all.stream().map(path -> path.toAbsolutePath().normalize()).distinct().forEach(directory -> {
            try {
                DropIn.in(directory).forEach(dropIn -> add(dropIn, byName, broken));
            } catch (IOException e) {
                broken.add(new Broken(directory, "the directory cannot be read: " + e.getMessage()));
            }
        });
        return new ProviderTypes(new ArrayList<>(byName.values()), broken);
    }

    private static void add(DropIn dropIn, Map<String, ProviderType> byName, List<Broken> broken) {
        try {
            for (ProviderType type : dropIn.load(AgentProviderFactory.class, factory -> {
                var unused = DropIn.checkName(factory.type());
                return ProviderType.of(factory, dropIn.origin());
            })) {
                ProviderType other = byName.putIfAbsent(type.name(), type);
                if (other != null) {
                    throw new DropIn.BrokenException(
                            "its type '" + type.name() + "' is there already (" + other.describe() + ")", null);
                }
            }
        } catch (DropIn.BrokenException e) {
            log.debug("{} is broken", dropIn.origin(), e);
            broken.add(new Broken(dropIn.origin(), String.valueOf(e.getMessage())));
        }
    }

    private static List<ProviderType> builtIn() {
        List<ProviderType> types = new ArrayList<>();
        var found = ServiceLoader.load(AgentProviderFactory.class).iterator();
        while (true) {
            try {
                if (!found.hasNext()) {
                    return types;
                }
                types.add(ProviderType.of(found.next(), null));
            } catch (ServiceConfigurationError e) {
                log.error("a provider on the class path cannot be loaded", e);
            }
        }
    }

    /** The directory above {@code lib}, however this JVM was started; {@code null} when run from anywhere else. */
    static @Nullable Path installation() {
        CodeSource source = ProviderTypes.class.getProtectionDomain().getCodeSource();
        if (source == null || source.getLocation() == null) {
            return null;
        }
        try {
            Path lib = Path.of(source.getLocation().toURI()).getParent();
            return lib != null && lib.endsWith("lib") ? lib.getParent() : null;
        } catch (URISyntaxException | IllegalArgumentException e) {
            return null; // not a file
        }
    }

    /** The factories that were dropped in; the engine finds the others itself. */
    public List<AgentProviderFactory> droppedIn() {
        return types.stream()
                .filter(type -> type.origin() != null)
                .map(ProviderType::factory)
                .toList();
    }

    /** @throws HotPlexException PROVIDER_UNKNOWN with what there is */
    public AgentProviderFactory factory(String type) {
        return types.stream()
                .filter(found -> found.name().equals(type))
                .findFirst()
                .map(ProviderType::factory)
                .orElseThrow(() -> new HotPlexException(
                        ErrorCode.PROVIDER_UNKNOWN,
                        "there is no provider of type '" + type + "'; there are: "
                                + types.stream().map(ProviderType::name).toList()));
    }
}
