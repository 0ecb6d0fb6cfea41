package io.hotplex.hooks;

import io.hotplex.api.spi.EventHookFactory;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.hooks.internal.delivery.HookOperations;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What operators do with a hook while a gateway may run it: look how it is doing, try it, and deliver again what was
 * put aside. Not thread-safe.
 */
public final class HookDesk {
    private final HookOperations operations;

    HookDesk(
            Path directory,
            HookConfig config,
            Map<String, EventHookFactory> factories,
            Map<String, String> environment,
            Clock clock) {
        operations = new HookOperations(directory, config, factories, environment, clock);
    }

    /** How the hook was doing when its gateway told last, as JSON has it; what is put aside is counted now. */
    public Map<String, @Nullable Object> status() throws Exception {
        return operations.status();
    }

    /**
     * Delivers an event that nothing caused.
     *
     * @return why it could not be delivered, or {@code null} when it was
     */
    public @Nullable String test() throws Exception {
        return HookOperations.reason(operations.test());
    }

    /** Delivers what was put aside, each event alone, and enables the hook for its gateway's next start. */
    public Redelivered redeliver() throws Exception {
        HookOperations.Redelivered done = operations.redeliver();
        return new Redelivered(done.delivered(), done.kept(), done.enabled());
    }

    /**
     * How a redelivery went.
     *
     * @param delivered events that the receiver has now
     * @param kept events that it still did not take, and that are still put aside
     * @param enabled whether the hook had been disabled, and is not any more
     */
    public record Redelivered(int delivered, int kept, boolean enabled) {}
}
