package io.hotplex.core.internal.session;

import io.hotplex.api.ProcessUsage;
import io.hotplex.core.EngineConfig;
import java.util.Optional;

/** How much an idle agent may use before it is closed. Immutable. */
public record UsageLimits(Optional<Integer> maxDescendants, Optional<Long> maxRss) {
    /** The configured ones. */
    public static UsageLimits of(EngineConfig config) {
        return new UsageLimits(config.get(EngineConfig.MAX_DESCENDANTS), config.get(EngineConfig.MAX_RSS));
    }

    /** Whether there is anything to look at. */
    public boolean any() {
        return maxDescendants.isPresent() || maxRss.isPresent();
    }

    /** What is too much, for people; empty when nothing is. */
    Optional<String> exceededBy(ProcessUsage usage) {
        int descendants = Math.max(0, usage.processes() - 1);
        if (maxDescendants.filter(max -> descendants > max).isPresent()) {
            return Optional.of(
                    descendants + " processes beside its own (max-descendants: " + maxDescendants.get() + ")");
        }
        return maxRss.filter(max -> usage.rssBytes() > max)
                .map(max -> mib(usage.rssBytes()) + " MiB of memory (max-rss: " + mib(max) + " MiB)");
    }

    private static long mib(long bytes) {
        return bytes >> 20;
    }
}
