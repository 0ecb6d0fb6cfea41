package io.hotplex.api.spi;

/**
 * Makes a guard; found by {@link java.util.ServiceLoader}. Every one that is on the class path is used, unless the
 * setting {@code guard} is {@code off}; of what they say the strictest counts.
 */
public interface GuardProvider {
    /** Its name, for messages. */
    String name();

    /**
     * Makes the guard of one engine.
     *
     * @throws io.hotplex.api.HotPlexException CONFIG_INVALID when its rules cannot be read; then the engine is not
     *     built
     */
    Guard open(GuardConfig config);
}
