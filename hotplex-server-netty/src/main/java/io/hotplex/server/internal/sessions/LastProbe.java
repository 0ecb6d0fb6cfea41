package io.hotplex.server.internal.sessions;

import io.hotplex.api.ProviderStatus;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What was found of an agent last: looking runs its program, and every client may ask. Guarded by its monitor, in which
 * nothing is waited for; who asks while somebody looks gets what that one finds.
 */
public final class LastProbe {
    /** An agent is installed or replaced by people. */
    static final Duration FRESH = Duration.ofMinutes(1);

    private final Supplier<CompletionStage<ProviderStatus>> probe;
    private final LongSupplier ticker;
    private @Nullable CompletableFuture<ProviderStatus> last;
    private long askedAt;

    /** @param ticker gives nanoseconds of some clock that does not jump */
    public LastProbe(Supplier<CompletionStage<ProviderStatus>> probe, LongSupplier ticker) {
        this.probe = probe;
        this.ticker = ticker;
    }

    /** At most a minute old. */
    public CompletionStage<ProviderStatus> status() {
        CompletableFuture<ProviderStatus> mine = new CompletableFuture<>();
        synchronized (this) {
            long now = ticker.getAsLong();
            CompletableFuture<ProviderStatus> known = last;
            if (known != null && (!known.isDone() || now - askedAt < FRESH.toNanos())) {
                return known.minimalCompletionStage();
            }
            last = mine;
            askedAt = now;
        }
        look(mine);
        return mine.minimalCompletionStage();
    }

    @SuppressWarnings("IllegalCatch") // whatever it throws is the result
    private void look(CompletableFuture<ProviderStatus> mine) {
        try {
            var unused = probe.get().whenComplete((status, failure) -> {
                if (failure == null) {
                    mine.complete(status);
                } else {
                    mine.completeExceptionally(failure);
                }
            });
        } catch (RuntimeException e) {
            mine.completeExceptionally(e);
        }
    }
}
