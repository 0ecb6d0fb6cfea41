package io.hotplex.hooks.internal.delivery;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.EventHook;
import io.hotplex.api.spi.EventHook.Delivery;
import io.hotplex.api.spi.EventHookFactory;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.api.spi.HookEvent;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What operators do with one hook, beside the gateway that may run it. Confined to its caller. */
public final class HookOperations {
    /** The session, and the turn, that the event of a test names. */
    private static final String TEST = "hotplex-test";

    private final Path directory;
    private final HookConfig config;
    private final Map<String, EventHookFactory> factories;
    private final Map<String, String> environment;
    private final Clock clock;
    private final HookFiles files;

    public HookOperations(
            Path directory,
            HookConfig configured,
            Map<String, EventHookFactory> factories,
            Map<String, String> environment,
            Clock clock) {
        this.directory = directory;
        this.config = RunningHooks.withDefaults(configured, factories);
        this.factories = factories;
        this.environment = environment;
        this.clock = clock;
        this.files = HookFiles.look(directory, config);
    }

    /** What the gateway wrote about the hook last, empty when it never ran one; and what is put aside now. */
    public Map<String, @Nullable Object> status() throws IOException {
        Map<String, @Nullable Object> status = new LinkedHashMap<>();
        status.put("hook", config.name());
        status.put("type", config.type());
        byte[] written = files.status();
        if (written != null) {
            status.putAll(HookJson.read(written));
        }
        status.put("put_aside", files.putAside());
        String disabled = files.disabled();
        if (disabled != null) {
            status.put("state", "disabled");
            status.put("disabled_because", disabled);
        }
        return status;
    }

    /** Delivers an event that nothing caused; tells how that went. */
    public Delivery test() throws Exception {
        AgentEvent failed = new AgentEvent.TurnFailed( // which nobody passes over
                ErrorCode.INTERNAL, "a test of the hook", false, TokenUsage.ZERO, null, Duration.ZERO);
        EventRecord record = new EventRecord(TEST, 1, 1, TEST, clock.instant(), failed);
        String id = "evt_" + UUID.randomUUID().toString().replace("-", "");
        try (EventHook hook = RunningHooks.make(directory, config, factories, environment)) {
            return hook.deliver(List.of(new HookEvent(id, record, "hotplex", "none", HookEvent.Severity.INFO, null)));
        }
    }

    /** Delivers what was put aside, and lets a hook that was disabled begin again with its gateway. */
    public Redelivered redeliver() throws Exception {
        boolean enabled = files.enable();
        int delivered = 0;
        int kept = 0;
        List<DeadLetters.Letter> letters = files.deadLetters().take();
        try (EventHook hook = RunningHooks.make(directory, config, factories, environment)) {
            for (DeadLetters.Letter letter : letters) {
                String failure = failure(hook, letter.event());
                if (failure == null) {
                    delivered++;
                } else {
                    files.deadLetters().put(List.of(letter.event()), failure, 1, clock.instant());
                    kept++;
                }
            }
        }
        files.deadLetters().dealtWith();
        return new Redelivered(delivered, kept, enabled);
    }

    /**
     * How a redelivery went.
     *
     * @param delivered events that the receiver has now
     * @param kept events that it still did not take
     * @param enabled whether the hook had been disabled, and is not any more
     */
    public record Redelivered(int delivered, int kept, boolean enabled) {}

    @SuppressWarnings("IllegalCatch") // foreign code
    private static @Nullable String failure(EventHook hook, HookEvent event) {
        try {
            return reason(hook.deliver(List.of(event)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "interrupted";
        } catch (Exception e) {
            return e.getClass().getName();
        }
    }

    /** Why a delivery failed, or {@code null} when it did not. */
    public static @Nullable String reason(Delivery outcome) {
        if (outcome instanceof EventHook.Retry retry) {
            return retry.reason();
        }
        if (outcome instanceof EventHook.Refused refused) {
            return refused.reason();
        }
        return outcome instanceof EventHook.Gone gone ? gone.reason() : null;
    }
}
