package io.hotplex.api;

import org.jspecify.annotations.Nullable;

/**
 * What an engine found of a provider's agent on this machine.
 *
 * @param provider the provider's name
 * @param available whether sessions can be started
 * @param version the agent's version, or {@code null} when it did not tell
 * @param detail one line for people: what was found, or what to install
 */
public record ProviderStatus(
        String provider, boolean available, @Nullable String version, String detail) {}
