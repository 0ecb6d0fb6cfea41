package io.hotplex.server.internal.admin;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether sessions could run now. Everybody may ask, and checks cost something: one look serves all who ask while it
 * lasts and for a moment after, on a thread of its own, and who asks holds none. Guarded by its monitor, in which
 * nothing is waited for.
 */
public final class Readiness {
    /** Named in place of the checks when those do not come to an end. */
    static final String CHECKS = "checks";

    private static final Logger log = LoggerFactory.getLogger(Readiness.class);
    private static final long FRESH = Duration.ofSeconds(2).toNanos();
    /** More than a slow agent takes to tell its version, less than what asks usually waits. */
    private static final Duration LIMIT = Duration.ofSeconds(25);

    private final Map<String, BooleanSupplier> checks;
    private final LongSupplier ticker;
    private final Executor executor;
    private final Duration limit;

    @GuardedBy("this")
    private @Nullable CompletableFuture<Map<String, Boolean>> last;

    @GuardedBy("this")
    private long lookedAt;

    /**
     * @param checks by name; each may block for a moment, and fails by {@code false} or a throw
     * @param ticker gives nanoseconds of some clock that does not jump
     */
    public Readiness(Map<String, BooleanSupplier> checks, LongSupplier ticker) {
        this(checks, ticker, Readiness::onOwnThread, LIMIT);
    }

    Readiness(Map<String, BooleanSupplier> checks, LongSupplier ticker, Executor executor, Duration limit) {
        this.checks = new LinkedHashMap<>(checks);
        this.ticker = ticker;
        this.executor = executor;
        this.limit = limit;
    }

    /** The checks and whether each holds; completes within a bound, and never exceptionally. */
    public CompletionStage<Map<String, Boolean>> checks() {
        CompletableFuture<Map<String, Boolean>> mine = new CompletableFuture<>();
        synchronized (this) {
            CompletableFuture<Map<String, Boolean>> known = last;
            if (known != null && (!known.isDone() || ticker.getAsLong() - lookedAt < FRESH)) {
                return bounded(known);
            }
            last = mine;
            lookedAt = ticker.getAsLong();
        }
        begin(mine);
        return bounded(mine);
    }

    @SuppressWarnings("IllegalCatch") // out of threads, which is a result as well
    private void begin(CompletableFuture<Map<String, Boolean>> mine) {
        try {
            executor.execute(() -> mine.complete(look()));
        } catch (RuntimeException | Error e) {
            log.warn("checks cannot run", e);
            mine.complete(Map.of(CHECKS, false));
        }
    }

    private CompletionStage<Map<String, Boolean>> bounded(CompletableFuture<Map<String, Boolean>> look) {
        return look.copy()
                .completeOnTimeout(Map.of(CHECKS, false), limit.toNanos(), TimeUnit.NANOSECONDS)
                .minimalCompletionStage();
    }

    private Map<String, Boolean> look() {
        Map<String, Boolean> results = new LinkedHashMap<>();
        checks.forEach((name, check) -> results.put(name, holds(name, check)));
        return results;
    }

    @SuppressWarnings("IllegalCatch") // foreign code; a check that fails is a result
    private static boolean holds(String name, BooleanSupplier check) {
        try {
            return check.getAsBoolean();
        } catch (RuntimeException | LinkageError e) {
            log.debug("check {} failed", name, e);
            return false;
        }
    }

    private static void onOwnThread(Runnable task) {
        Thread thread = new Thread(task, "hotplex-readiness");
        thread.setDaemon(true);
        thread.start();
    }
}
