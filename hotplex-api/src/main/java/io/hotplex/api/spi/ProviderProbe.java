package io.hotplex.api.spi;

import org.jspecify.annotations.Nullable;

/**
 * What was found of an agent on this machine.
 *
 * @param available whether sessions can be started
 * @param program the program's path, or {@code null} when it was not found
 * @param version its version, or {@code null} when it did not tell
 * @param detail one line for people: what was found, or what to install
 */
public record ProviderProbe(
        boolean available,
        @Nullable String program,
        @Nullable String version,
        String detail) {}
