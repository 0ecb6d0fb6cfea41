package io.hotplex.core.internal.spi;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.AgentProviderFactory;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessLauncherProvider;
import io.hotplex.api.spi.ProviderConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The configured providers by name; several may be of one type. Immutable after construction. */
public final class Providers implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Providers.class);

    private final Map<String, AgentProvider> byName = new LinkedHashMap<>();
    private final String defaultName;

    /**
     * @param more factories besides those found by ServiceLoader
     * @param configs providers to make with these factories; with neither configs nor instances, one of each type that
     *     is found
     * @param instances providers that the application made
     * @param wantedDefault name of the default provider, or empty for the first
     * @throws HotPlexException CONFIG_INVALID, or PROVIDER_UNKNOWN with what there is
     */
    public Providers(
            List<AgentProviderFactory> more,
            List<ProviderConfig> configs,
            List<AgentProvider> instances,
            String wantedDefault) {
        Map<String, AgentProviderFactory> factories = factories();
        more.forEach(factory -> factories.put(factory.type(), factory));
        List<ProviderConfig> all = configs.isEmpty() && instances.isEmpty()
                ? factories.keySet().stream().map(ProviderConfig::of).toList()
                : configs;
        for (ProviderConfig config : all) {
            if (config.flag("enabled", true)) {
                AgentProviderFactory factory = factories.get(config.type());
                if (factory == null) {
                    throw new HotPlexException(
                            ErrorCode.PROVIDER_UNKNOWN,
                            "no provider of type '" + config.type() + "' is on the class path; there are: "
                                    + factories.keySet());
                }
                add(factory.create(config));
            }
        }
        instances.forEach(this::add);
        if (byName.isEmpty()) {
            throw new HotPlexException(
                    ErrorCode.PROVIDER_UNKNOWN,
                    "no provider is configured and none is on the class path: add hotplex-provider-claude or another");
        }
        defaultName = wantedDefault.isEmpty() ? byName.keySet().iterator().next() : wantedDefault;
        get(defaultName);
    }

    private void add(AgentProvider provider) {
        if (byName.putIfAbsent(provider.name(), provider) != null) {
            throw new HotPlexException(
                    ErrorCode.CONFIG_INVALID, "two providers are named '" + provider.name() + "': rename one");
        }
    }

    /** The names, in order of configuration. */
    public List<String> names() {
        return List.copyOf(byName.keySet());
    }

    /** The provider that serves sessions which name none. */
    public String defaultName() {
        return defaultName;
    }

    /** @throws HotPlexException PROVIDER_UNKNOWN with what there is */
    public AgentProvider get(String name) {
        AgentProvider provider = byName.get(name);
        if (provider == null) {
            throw new HotPlexException(
                    ErrorCode.PROVIDER_UNKNOWN,
                    "no provider is named '" + name + "'; there are: " + new TreeSet<>(byName.keySet()));
        }
        return provider;
    }

    /** Closes every one; what one of them throws keeps no other from being closed. */
    @Override
    @SuppressWarnings("IllegalCatch") // providers are foreign code
    public void close() {
        for (AgentProvider provider : byName.values()) {
            try {
                provider.close();
            } catch (RuntimeException | LinkageError e) {
                log.error("provider '{}' failed to close", provider.name(), e);
            }
        }
    }

    /** One broken jar must not hide the others. */
    private static Map<String, AgentProviderFactory> factories() {
        Map<String, AgentProviderFactory> factories = new TreeMap<>();
        var found = ServiceLoader.load(AgentProviderFactory.class).iterator();
        while (true) {
            try {
                if (!found.hasNext()) {
                    return factories;
                }
                AgentProviderFactory factory = found.next();
                factories.put(factory.type(), factory);
            } catch (ServiceConfigurationError e) {
                log.error("a provider on the class path cannot be loaded", e);
            }
        }
    }

    /**
     * The launcher of this machine.
     *
     * @throws HotPlexException CONFIG_INVALID when there is none
     */
    public static ProcessLauncher launcher(LauncherConfig config) {
        return ServiceLoader.load(ProcessLauncherProvider.class)
                .findFirst()
                .orElseThrow(() -> new HotPlexException(
                        ErrorCode.CONFIG_INVALID,
                        "no process launcher is on the class path: add hotplex-os, or give one to the builder"))
                .open(config);
    }
}
