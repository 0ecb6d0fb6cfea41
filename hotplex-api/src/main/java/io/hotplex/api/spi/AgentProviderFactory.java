package io.hotplex.api.spi;

/**
 * Makes providers of one type; found with {@link java.util.ServiceLoader}. Public, with a public no-argument
 * constructor, named in {@code module-info} and in {@code META-INF/services}. Thread-safe.
 */
public interface AgentProviderFactory {
    /** The type's name in configuration, for example {@code claude}: lower case letters, digits and dashes. */
    String type();

    /**
     * A provider with this configuration. Must not start processes or block.
     *
     * @throws io.hotplex.api.HotPlexException CONFIG_INVALID, naming the key
     */
    AgentProvider create(ProviderConfig config);
}
