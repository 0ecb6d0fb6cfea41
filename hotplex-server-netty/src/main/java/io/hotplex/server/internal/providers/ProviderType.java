package io.hotplex.server.internal.providers;

import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.AgentProviderFactory;
import io.hotplex.api.spi.ProviderConfig;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A type of provider that was found. Immutable.
 *
 * @param version what the manifest of its jar says, or {@code unknown version}
 * @param origin the jar or directory that was dropped in, or {@code null} for one of the installation
 * @param needsSettings whether it makes no provider without a configuration
 */
public record ProviderType(
        AgentProviderFactory factory,
        String version,
        @Nullable Path origin,
        boolean needsSettings) {
    /**
     * Tries the factory, too: what is missing shows there at the latest, and would otherwise stop the engine from
     * opening.
     */
    static ProviderType of(AgentProviderFactory factory, @Nullable Path origin) {
        String version = factory.getClass().getPackage().getImplementationVersion();
        boolean needsSettings = false;
        try {
            factory.create(ProviderConfig.of(factory.type()));
        } catch (HotPlexException e) {
            needsSettings = true;
        }
        return new ProviderType(factory, version == null ? "unknown version" : version, origin, needsSettings);
    }

    /** The type's name in configuration. */
    public String name() {
        return factory.type();
    }

    /** One line for people: version and origin. */
    public String describe() {
        return version + ", " + (origin == null ? "built in" : origin);
    }
}
