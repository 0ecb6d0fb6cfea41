package io.hotplex.server.internal.admin;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether sessions could run now. Guarded by its monitor: one caller checks, and what it found counts for a moment,
 * since everybody may ask and checks cost something.
 */
public final class Readiness {
    private static final Logger log = LoggerFactory.getLogger(Readiness.class);
    private static final long FRESH = Duration.ofSeconds(2).toNanos();

    private final Map<String, BooleanSupplier> checks;
    private final LongSupplier ticker;

    @GuardedBy("this")
    private Map<String, Boolean> found = Map.of();

    @GuardedBy("this")
    private long foundAt;

    /**
     * @param checks by name; each may block for a moment, and fails by {@code false} or a throw
     * @param ticker gives nanoseconds of some clock that does not jump
     */
    public Readiness(Map<String, BooleanSupplier> checks, LongSupplier ticker) {
        this.checks = new LinkedHashMap<>(checks);
        this.ticker = ticker;
    }

    /** The checks and whether each holds. */
    public synchronized Map<String, Boolean> checks() {
        long now = ticker.getAsLong();
        if (found.isEmpty() || now - foundAt > FRESH) {
            Map<String, Boolean> results = new LinkedHashMap<>();
            checks.forEach((name, check) -> results.put(name, holds(name, check)));
            found = results;
            foundAt = now;
        }
        return new LinkedHashMap<>(found);
    }

    /** The names of those that do not hold. */
    public List<String> failed() {
        List<String> failed = new ArrayList<>();
        checks().forEach((name, holds) -> {
            if (!holds) {
                failed.add(name);
            }
        });
        return failed;
    }

    @SuppressWarnings("IllegalCatch") // foreign code; a check that fails is a result
    private static boolean holds(String name, BooleanSupplier check) {
        try {
            return check.getAsBoolean();
        } catch (RuntimeException e) {
            log.debug("check {} failed", name, e);
            return false;
        }
    }
}
